"""`make audit`: what programs find in the code and in what it stands on; docs/security.md tells what it is good for."""
