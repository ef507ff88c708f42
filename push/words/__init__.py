"""What a phone gets to read: catalogue, composing, and the message as FCM takes it."""
