"""The relay's and the worker's process, and the commands of operators."""
