"""Real processes under faults: what was accepted is there, once, in order, and nobody holds what is not theirs."""
