"""Tablets that many people use: who may be named on them, and the PINs that let people in."""
