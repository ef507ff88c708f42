"""A reference client for those who build apps: an offline store, a queue, sync, live. docs/sync.md explains it."""
