"""A curious manager, who asks all that may be asked, and what of the answers is left when ids and times are gone.

Two worlds in which the same is done, but for who is there, have to answer the same to the letter.
"""

import re
from datetime import timedelta
from typing import Any

from base import clock
from tests.api.operations import OPERATIONS, least_query
from tests.stories.things import filled
from tests.world import Phone

READABLE = [
    (path, operation)
    for method, path, operation in OPERATIONS
    if method == "GET" and operation["x-permission"] != "public"
]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# Where one is in the journal says how much happened in the organisation, to whomever (docs/privacy.md).
_SCREEN = (
    "/v1/admin/sites/{site_id}/occupancy",
    "/v1/admin/sites/{site_id}/present?reason=curious",
    "/v1/admin/scopes/{scope_id}/memberships",
    "/v1/me/notices",
    "/v1/me/unread",
    "/v1/posts/{post_id}/readers",
    "/v1/admin/posts/{post_id}/funnel",
    "/v1/admin/posts/{post_id}/acknowledgements",
    "/v1/admin/posts/{post_id}/acknowledgements?status=acknowledged",
    "/v1/admin/posts/{post_id}/acknowledgements/summary",
)
_JOURNAL = {"position", "epoch", "next"}
_PHONES = {"installation_id"}
_HEADERS = {"Content-Type", "Retry-After", "Allow", "Location"}


def differences(seen: list[str], otherwise: list[str]) -> list[tuple[str, str]]:
    """Where two notebooks differ: what was asked, and both answers from shortly before they part."""
    found: list[tuple[str, str]] = []
    for one, other in zip(seen, otherwise, strict=True):
        if one != other:
            parts = next((at for at, both in enumerate(zip(one, other, strict=False)) if len({*both}) > 1), 0)
            asked = " ".join(one.split(" ", 6)[:6])
            found.append((f"{asked} … {one[parts - 60 : parts + 100]}", other[parts - 60 : parts + 100]))
    return found


class Notebook:
    """What somebody who looks at everything has seen so far, line by line."""

    def __init__(self, known: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._names = {value: f"<{name}>" for name, value in known.items()}
        self._slug = known["slug"]

    def looks(self, phone: Phone, at: str, ids: dict[str, str]) -> None:
        """Ask for everything that can be read, of these things and people."""
        for path, operation in READABLE:
            query = least_query(operation)
            if operation["operationId"] == "read_occupancy":
                query = f"?from={clock.wire(clock.now() - timedelta(days=2))}&step_minutes=15"
            self.asks(phone, "GET", filled(path, ids) + query, at)

    def glances(self, phone: Phone, at: str, ids: dict[str, str]) -> None:
        """Ask for what a manager has on the screen all day."""
        for path in _SCREEN:
            self.asks(phone, "GET", filled(path, ids), at)

    def looks_at_post(self, phone: Phone, at: str, post: dict[str, Any]) -> None:
        """Ask for everything that can be read of a post."""
        for path, operation in READABLE:
            if "{post_id}" in path:
                asked = path.format(post_id=post["id"])
                self.asks(phone, "GET", asked + least_query(operation), at)
                if operation["operationId"] == "list_acknowledgements":
                    self.asks(phone, "GET", f"{asked}?status=acknowledged", at)

    def asks(self, phone: Phone, method: str, path: str, at: str, body: Any = None, **headers: str) -> Any:
        """Any request, and what came of it."""
        phone.organisation.world.rests()  # a refusal for haste would tell nothing
        answer = phone.request(method, path, body, **headers)
        told = answer.get_json(silent=True) if answer.is_json else len(answer.get_data())
        seen = [f"{name}: {value}" for name, value in answer.headers if name in _HEADERS]
        self._writes(f"{at}: {phone.name} {method} {path} {body} {answer.status_code} {seen}", told)
        return told

    def hears(self, phone: Phone, at: str) -> None:
        """All that came to somebody, live or by sync, in its order."""
        for event in phone.syncs(0):
            self._writes(f"{at}: {phone.name} hears {event['type']}", event)

    def _writes(self, of: str, told: Any) -> None:
        line = f"{of} {self._plain(told)}".replace(self._slug, "<slug>")
        self.lines.append(_TIME.sub("<time>", _ID.sub(self._name, line)))

    def _plain(self, told: Any) -> Any:
        if isinstance(told, dict):
            return {
                key: bool(one) if key in _JOURNAL | _PHONES else self._plain(one) for key, one in told.items()
            }
        return [self._plain(one) for one in told] if isinstance(told, list) else told

    def _name(self, found: re.Match[str]) -> str:
        """Ids by the names of what they are of, others by the order in which they were met."""
        return self._names.setdefault(found.group(), f"<{len(self._names)}>")
