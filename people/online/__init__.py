"""Who has a socket open, and who may know."""
