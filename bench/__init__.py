"""Speeds, each measured beside what it is compared with. One JSON object a line."""
