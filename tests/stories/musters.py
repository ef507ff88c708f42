"""Roll calls, as those who oversee them see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import case, update

from base import clock
from geo.models.musters import Muster
from geo.musters.musters import remind_silent
from tests.world import Phone, World

NO_BURST = {"opened_in_burst": 0, "unaccounted_in_burst": 0, "set_aside": 0}


def calls(manager: Phone, place: str, **members: Any) -> str:
    """Call the roll of a place; returns the muster's id."""
    body = {"message": "Fire in hall 2", **members}
    return manager.post(f"/v1/admin/places/{place}/musters", body, 201)["id"]


def board(manager: Phone, muster: str) -> dict[str, dict[str, Any]]:
    """The lines of the roll by name."""
    return {entry["person"]["name"]: entry for entry in roll(manager, muster)}


def roll(manager: Phone, muster: str) -> list[dict[str, Any]]:
    """All lines of the roll."""
    lines, cursor = list[dict[str, Any]](), ""
    while True:
        page = manager.get(f"/v1/musters/{muster}/entries?limit=100{cursor}")
        lines += page["items"]
        if page["next"] is None:
            return lines
        cursor = f"&cursor={page['next']}"


def sets_aside(manager: Phone, muster: str, status: int = 200, **members: Any) -> Any:
    """Expect those no more whose accounts were opened in a burst and who have not answered."""
    return manager.post(
        f"/v1/musters/{muster}/set-aside", {"reason": "A flood at the gate", **members}, status
    )


def counts(manager: Phone, muster: str) -> dict[str, int]:
    """How many are expected, and how many said what."""
    return manager.get(f"/v1/musters/{muster}")["counts"]


def reminds(world: World, muster: str) -> int:
    """The time comes to call the silent of this roll again, and of no other test's; returns how many are called."""
    due = case((Muster.id == UUID(muster), clock.now()), else_=None)
    with world.worker.transaction() as session:
        session.execute(update(Muster).values(repeat_at=due))
    with world.worker.transaction() as session:
        return remind_silent(session)
