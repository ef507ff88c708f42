"""The tables of places, stays, roll calls and privacy."""
