"""What people say: posts and replies."""
