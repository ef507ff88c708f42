"""Transactions that last, on machines whose clocks are wrong: what others see, and when, is not what ids say."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from social.publishing import publish
from tests.stories.actors import actor_of
from tests.world import Phone


@contextmanager
def machine_ahead(ahead_s: float) -> Iterator[None]:
    """On a machine whose clock is wrong, and that nobody holds to the database's."""
    true = clock.seconds
    with mock.patch.object(clock, "seconds", side_effect=lambda: true() + ahead_s):
        yield


@dataclass
class Open:
    """A transaction in which somebody writes posts, one after another, and which nobody else sees yet."""

    phone: Phone
    ahead_s: float = 0.0
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._actor = actor_of(self.phone)
        self._stack = ExitStack()
        database = self.phone.organisation.world.web
        self._session: Session = self._stack.enter_context(database.transaction(self._actor.organisation_id))

    def writes(self, scope: str, count: int = 1, *mentions: Phone) -> "Open":
        """So many posts, all of which name these people."""
        draft: dict[str, Any] = {
            "text": "written meanwhile",
            "mentions": [UUID(phone.id) for phone in mentions],
        }
        with machine_ahead(self.ahead_s):
            for _ in range(count):
                post, _ = publish(self._session, self._actor, UUID(scope), draft)
                self.written.append(post["id"])
        return self

    def commits(self) -> list[str]:
        """From now on others see them."""
        self._stack.close()
        return self.written


def counted_as_read(phone: Phone, scope: str) -> set[str]:
    """The posts of a scope that the journal has told of and that count as read for somebody, by their ids."""
    read = text(
        "SELECT s.subject_id FROM subject_positions s JOIN reads r ON r.scope_id = s.scope_id"
        " WHERE s.scope_id = :scope AND r.person_id = :person AND s.position <= r.read_to"
    )
    with phone.organisation.world.worker.transaction() as session:
        return {str(id_) for id_ in session.scalars(read, {"scope": scope, "person": phone.id})}


def shown(phone: Phone, scope: str) -> dict[str, Any]:
    """A scope's feed as somebody has it before them: `ids`, newest first, and the `position`."""
    page = phone.get(f"/v1/scopes/{scope}/posts?limit=100")
    return {"ids": [post["id"] for post in page["items"]], "position": page["position"]}
