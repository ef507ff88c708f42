"""What people say: posts, replies and notices, and how far people have read."""
