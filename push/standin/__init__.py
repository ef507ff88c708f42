"""A stand-in for Google: OAuth 2 and FCM HTTP v1 over HTTP, strict, and able to fail on demand. Not for production."""
