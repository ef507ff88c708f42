"""What mails and short messages say, by template and language."""
