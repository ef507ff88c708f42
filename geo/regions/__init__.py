"""The circles that a phone watches by itself, and what it reports of them."""
