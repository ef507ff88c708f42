"""Decides from phones' fixes who is in and out: pure functions, without clock and database."""
