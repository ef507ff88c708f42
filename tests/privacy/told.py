"""What managers are told of a site, asked for in the words of stories."""

from datetime import timedelta
from typing import Any

from base import clock
from tests.privacy.town import Town
from tests.world import Phone


def funnel(phone: Phone, post: dict[str, Any]) -> Any:
    """How far the pushes of a post got."""
    return phone.get(f"/v1/admin/posts/{post['id']}/funnel")


def readers(phone: Phone, post: dict[str, Any]) -> list[str]:
    """Who has read a post, by name."""
    return [item["person"]["name"] for item in phone.get(f"/v1/posts/{post['id']}/readers")["items"]]


def account(phone: Phone, post: dict[str, Any], status: str) -> list[str]:
    """Who has acknowledged a notice, or is silent."""
    path = f"/v1/admin/posts/{post['id']}/acknowledgements?status={status}"
    return [item["person"]["name"] for item in phone.get(path)["items"]]


def looks(phone: Phone) -> list[str]:
    """Why somebody was looked at."""
    return [look["reason"] for look in phone.get("/v1/me/presence-views")["items"]]


def over_time(town: Town) -> list[int | None]:
    """What was told of the last days."""
    start = clock.wire(clock.now() - timedelta(days=3))
    path = f"/v1/admin/sites/{town.site}/occupancy?from={start}&step_minutes=60"
    return [step["count"] for step in town.mo.get(path)["over_time"]]


def heard(phone: Phone, event_type: str) -> list[Any]:
    """What somebody hears of a type of events."""
    return [event["data"] for event in phone.syncs(0) if event["type"] == event_type]


def is_said_to_be_there(town: Town, *phones: Phone) -> None:
    """A manager checks them in."""
    for phone in phones:
        town.mo.post(f"/v1/admin/places/{town.zone}/visits", {"person_id": phone.id}, 201)


def is_said_to_have_left(town: Town, *phones: Phone) -> None:
    """A manager checks them out."""
    for phone in phones:
        town.mo.delete(f"/v1/admin/places/{town.zone}/visits/{phone.id}")
