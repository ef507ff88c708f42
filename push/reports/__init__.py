"""What became of pushes: what apps report, what managers and operators see, when it is forgotten."""
