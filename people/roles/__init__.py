"""Roles: what there is to give, giving and taking it, who has what, and why somebody may do what they may."""
