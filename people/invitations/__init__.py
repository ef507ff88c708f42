"""Invitations: codes that open accounts. Made and sent, listed and taken back, redeemed."""
