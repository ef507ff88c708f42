"""Passwords, devices, sessions and their tokens."""
