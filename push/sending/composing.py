"""The messages of a checked batch, put into the words of each phone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.database import Database
from base.logs import logger
from people.sign_in.keys import Keys
from push.credentials import credential_for
from push.outgoing import Outgoing
from push.sending.answers import Ready
from push.sending.results import Result
from push.sending.tokens import Address
from push.words.compose import compose
from push.words.messages import UnsendablePush, build_message
from social.unread import badges

log = logger(__name__)


def composed(database: Database, keys: Keys, outgoing: Sequence[Outgoing]) -> Iterator[Ready | Result]:
    """Each with its message; one that has none is dead, which is a mistake of ours and stops no other."""
    if not keys.are_known:
        keys.look()
    counted = {one.person_id for one, _ in outgoing if one.action != "wake"}
    unread = _unread(database, counted)
    now = clock.now()
    for one in outgoing:
        yield _with_message(keys, one, unread.get(one.delivery.person_id), now)


def _with_message(keys: Keys, one: Outgoing, badge: int | None, now: datetime) -> Ready | Result:
    delivery = one.delivery
    try:
        push = compose(one, badge, now, credential_for(keys, one, now))
        return Ready(delivery, Address(delivery.device_id, push.address), build_message(push))
    except UnsendablePush as mistake:
        return Result.of(delivery, "dead", str(mistake))
    except Exception as error:
        log.error("push_not_composed", delivery=str(delivery.id), error=type(error).__name__)
        return Result.of(delivery, "dead", "not_composed")


def _unread(database: Database, persons: Collection[UUID]) -> Mapping[UUID, int]:
    """Unread counts, outside of the claim, so that its locks last no longer; a push can do without."""
    if not persons:
        return {}
    try:
        with database.transaction() as session:
            return badges(session, persons)
    except SQLAlchemyError as error:
        log.warning("push_badges_not_counted", error=type(error).__name__)
        return {}
