"""Who is in a place, how well that is known, how it may be told, and who looked."""
