"""Roll calls: who is called, what they answer, what the board shows, what report stays."""
