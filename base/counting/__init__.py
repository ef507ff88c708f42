"""How often, and how many, lately: in one process, and shared by several through Redis."""
