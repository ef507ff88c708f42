"""Organisations, persons, devices, sessions, scopes, memberships and permissions: who may what."""
