"""Coming in by oneself, with an e-mail address of a domain whose people an organisation lets in."""
