"""What phones would get of all that is queued: planned, checked and composed for real, and sent nowhere."""

from collections.abc import Iterator, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from people.sign_in.keys import Keys
from push.credentials import credential_for
from push.outgoing import Outgoing
from push.sending.checks import Drop, Send, verdict
from push.sending.claims import claim
from push.sending.facts import gather, outgoing_of
from push.sending.results import Result, record
from push.words.compose import compose
from push.words.messages import Push
from tests.stories.pushes import plans
from tests.world import Organisation

Words = tuple[str, str]


def goes_out(org: Organisation) -> tuple[list[Push], list[str]]:
    """The pushes that are shown now, and why others are not; what is sent and dropped is written down."""
    plans(org.world)
    pushes, dropped = list[Push](), list[str]()
    with org.world.worker.transaction() as session:
        session.execute(text("UPDATE deliveries SET due_at = now() - interval '1 s' WHERE status = 'queued'"))
        while claimed := claim(session, 200).deliveries:
            outgoing = outgoing_of(session, claimed)
            record(session, list(_looked_at(session, org.world.keys, outgoing, pushes, dropped)))
    return pushes, dropped


def _looked_at(
    session: Session,
    keys: Keys,
    outgoing: Sequence[Outgoing],
    pushes: list[Push],
    dropped: list[str],
) -> Iterator[Result]:
    for one, known in zip(outgoing, gather(session, outgoing), strict=True):
        what = verdict(known, clock.now())
        if isinstance(what, Drop):
            dropped.append(what.reason)
            yield Result.of(one.delivery, "dropped", what.reason)
            continue
        if isinstance(what, Send) and one.delivery.action == "show":
            pushes.append(compose(one, None, clock.now(), credential_for(keys, one, clock.now())))
        yield Result.of(one.delivery, "sent")


def shown(org: Organisation) -> list[Words]:
    """Titles and bodies of what is shown now."""
    return [(push.title, push.body) for push in goes_out(org)[0]]
