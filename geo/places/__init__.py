"""Sites and zones as managers draw, rehearse, edit and archive them."""
