"""What goes out: deliveries as they are claimed, each with its phone and person, and notifications as they are now.

`push/sending` reads and checks them, `push/words` puts them into words. Names and texts are those of this moment: what
was edited out or renamed since the planning is not told any more.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class OutgoingDelivery(NamedTuple):
    """A claimed delivery (`push/models.py`), the device as it is now, and what the person wants of push.

    `holder_id` is whose device it is by now; hours are as `base/hours.py` reads them.
    """

    id: UUID
    notification_id: UUID
    person_id: UUID
    device_id: UUID
    why: str
    action: str
    priority: int
    attempts: int
    expires_at: datetime
    holder_id: UUID
    signed_in: bool
    push_address: str | None
    push_address_kind: str
    last_seen_at: datetime
    locale: str
    timezone: str
    quiet_hours: dict[str, Any] | None
    working_hours: dict[str, Any] | None
    do_not_disturb_until: datetime | None
    on_call_until: datetime | None
    off_site: str


class OutgoingNotification(NamedTuple):
    """A notification (`push/models.py`), its words, and what the scope that it is about lets out of them (`content`).

    `scope_id` is the scope that it was said in, if any; `about_id`, `scope_kind` and `scope_name` are of the one that
    it is about, also where it is for a person alone. `over`: deleted or ended, and how it is called; None where it goes
    on.
    """

    id: UUID
    organisation_id: UUID
    kind: str
    scope_id: UUID | None
    subject_id: UUID
    actor_id: UUID | None
    position: int | None
    epoch: UUID  # which the position is of
    facts: dict[str, Any]
    subject_position: int | None
    about_id: UUID | None
    scope_kind: str | None
    scope_name: str | None
    author_name: str | None
    text: str | None
    content: str  # place, sender, full, id
    asks_acknowledgement: bool
    valid_until: datetime | None
    over: str | None


class Outgoing(NamedTuple):
    """A delivery and what it delivers."""

    delivery: OutgoingDelivery
    notification: OutgoingNotification
