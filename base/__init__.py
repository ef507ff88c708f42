"""The floor everyone stands on: settings, database transactions, clock, ids, errors, logging."""
