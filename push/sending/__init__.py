"""Brings what is queued to phones: claimed, checked again, sent, recorded."""
