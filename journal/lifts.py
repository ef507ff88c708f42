"""How payloads of an earlier version become those of the next, where that is more than a new member (`lifts`)."""

from journal.early import Payload


def before_bursts(payload: Payload) -> Payload:
    """Roll calls of before knew nothing of bursts at a gate, and set nobody aside."""
    counts = dict.fromkeys(("opened_in_burst", "unaccounted_in_burst", "set_aside"), 0) | payload["counts"]
    mark = {"opened_in_burst": False, "replaced_by": None, "set_aside": None}
    return payload | {"counts": counts, "entry": payload["entry"] and mark | payload["entry"]}
