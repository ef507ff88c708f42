"""Which places cover a point or are near it: from memory, and as PostGIS says it."""
