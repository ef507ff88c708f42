"""Judges outlines that people draw: what is taken, set right, refused, and advised. Pure."""
