"""HTTP in: one file per resource; parses, asks a domain package, answers."""
