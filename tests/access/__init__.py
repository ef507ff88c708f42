"""Who may do what: every operation as everybody who could ask, beside what is written down in `table.tsv`."""
