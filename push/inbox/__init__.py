"""The list in the app, and the digest of it."""
