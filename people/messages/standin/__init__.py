"""A stand-in for a mail server and a gateway for short messages, and a mailbox to look into; not for production."""
