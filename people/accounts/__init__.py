"""Organisations and persons: invited, made, visiting, let in again, ended, returning."""
