"""Scopes and memberships: who belongs where, and how loud it is for them."""
