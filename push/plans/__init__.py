"""What each kind of event calls for."""
