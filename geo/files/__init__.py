"""Places that come in files: foreign formats read, references looked up, many places drawn at once."""
