"""For site managers and administrators."""
