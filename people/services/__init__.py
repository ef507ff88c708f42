"""Services: programs that ask with a token of their own."""
