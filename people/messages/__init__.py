"""Mails and short messages to people: queued with what they are about, and sent by the worker."""
