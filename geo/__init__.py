"""Where people are: sites, zones, boundaries, fixes and visits."""
