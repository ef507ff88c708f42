"""One write, one journal, many readers: the outbox, the relay, the tail and the hash chain."""
