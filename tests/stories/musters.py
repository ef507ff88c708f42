"""Roll calls, as those who oversee them see them."""

from typing import Any

from tests.world import Phone


def calls(manager: Phone, place: str, **members: Any) -> str:
    """Call the roll of a place; returns the muster's id."""
    body = {"message": "Fire in hall 2", **members}
    return manager.post(f"/v1/admin/places/{place}/musters", body, 201)["id"]


def board(manager: Phone, muster: str) -> dict[str, dict[str, Any]]:
    """The lines of the roll by name."""
    entries = manager.get(f"/v1/musters/{muster}/entries")["items"]
    return {entry["person"]["name"]: entry for entry in entries}


def counts(manager: Phone, muster: str) -> dict[str, int]:
    """How many are expected, and how many said what."""
    return manager.get(f"/v1/musters/{muster}")["counts"]
