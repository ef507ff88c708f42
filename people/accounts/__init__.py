"""Organisations and persons: invited, made, visiting, ended."""
