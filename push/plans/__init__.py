"""Who is to be told of what: each event of the journal becomes notifications and queued deliveries."""
