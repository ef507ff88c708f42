"""Announcements and alerts: raised, read, and grown older."""

from datetime import timedelta
from typing import Any

from tests.world import Phone, World


def alerts(phone: Phone, scope: str, text: str = "Gas leak", status: int = 201, **members: Any) -> Any:
    """Raise an alert."""
    return phone.post(f"/v1/admin/scopes/{scope}/alerts", {"text": text, **members}, status)


def announces(phone: Phone, scope: str, text: str = "Water off", status: int = 201, **members: Any) -> Any:
    """Raise an announcement."""
    return phone.post(f"/v1/admin/scopes/{scope}/announcements", {"text": text, **members}, status)


def open_for(phone: Phone) -> list[str]:
    """The texts of the notices that are open for somebody, newest first."""
    return [notice["post"]["text"] for notice in phone.get("/v1/me/notices")["items"]]


def time_passes(world: World, post: dict[str, Any], **time: float) -> None:
    """Let a notice have been there for longer, and its end be nearer."""
    with world.owner() as connection:
        connection.exec_driver_sql(
            "UPDATE posts SET created_at = created_at - %(by)s, reminded_at = reminded_at - %(by)s,"
            " valid_until = valid_until - %(by)s WHERE id = %(id)s",
            {"by": timedelta(**time), "id": post["id"]},
        )
