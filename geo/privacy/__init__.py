"""What people and managers decide about privacy: sharing, consent, charters, and how long anything is kept."""
