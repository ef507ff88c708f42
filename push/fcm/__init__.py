"""The way to FCM: the SDK's seam, the transports, and what may come of a message."""
