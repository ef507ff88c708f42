"""What people say: posts, replies, notices with their acknowledgements, and how far people have read."""
