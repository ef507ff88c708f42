"""People's stays in places: fixes and other evidence are taken, visits open and end, scopes let in."""
