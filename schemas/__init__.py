"""The wire format: one file per resource, used by every edge."""
