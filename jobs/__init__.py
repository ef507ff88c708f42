"""The worker process and the commands of operators."""
