"""Where an invitation's code goes: into the inviter's hands, or by mail or short message to whom it is for.

A code that was sent is told to nobody else. So who redeems it has shown that the address, or the number, is theirs.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict
from base.sealing import Sealer
from people.actor import Actor
from people.invitations.wanted import Made
from people.messages.queue import Channel, Outgoing, queue
from people.models import Invitation, Organisation, Person
from people.sign_in.forms import EMAIL, Form

MOST_SENT = 3
_WITHIN = timedelta(days=1)


class InvitedLately(Conflict):
    """Whoever is there has several invitations already; more would be a nuisance to them."""

    code, title = "invited_lately", "Several invitations were sent there within a day"


@dataclass(frozen=True)
class Outside:
    """What sending takes of the installation: what seals messages, and where its links begin (None: it has none)."""

    sealer: Sealer
    public_url: str | None

    def link(self, code: str) -> str | None:
        """The link that opens the app with a code. It stands in the fragment, which browsers send to no server."""
        return None if self.public_url is None else f"{self.public_url.rstrip('/')}/invitation#{code}"


def channel_of(form: Form) -> Channel:
    """The way to an address or a number."""
    return Channel.MAIL if form.kind == EMAIL else Channel.SMS


def check_not_flooded(session: Session, actor: Actor, form: Form) -> None:
    """Raise `InvitedLately` where so many invitations were sent within a day; to be asked before one more is made."""
    if form.value in flooded(session, actor, [form.value]):
        raise InvitedLately


def flooded(session: Session, actor: Actor, values: list[str]) -> set[str]:
    """Those of the addresses and numbers to which several invitations were sent within a day."""
    lately = (
        Invitation.organisation_id == actor.organisation_id,
        Invitation.sent_to.in_(values),
        Invitation.created_at > clock.now() - _WITHIN,
    )
    counted = select(Invitation.sent_to).where(*lately).group_by(Invitation.sent_to)
    return {value for value in session.scalars(counted.having(func.count() >= MOST_SENT)) if value}


def send(session: Session, outside: Outside, made: Made, locale: str) -> None:
    """Have the code of an invitation sent to where it is to go; nothing where the inviter hands it over."""
    if made.send_to is None:
        return
    invitation = made.invitation
    organisation = session.get_one(Organisation, invitation.organisation_id)
    inviter = None if invitation.created_by is None else session.get(Person, invitation.created_by)
    values = {
        "organisation": organisation.name,
        "inviter": "" if inviter is None else inviter.name,
        "name": invitation.name or "",
        "code": made.code,
        "link": outside.link(made.code) or "",
        "expires_at": clock.wire(invitation.expires_at),
    }
    outgoing = Outgoing(
        channel_of(made.send_to), made.send_to.value, "invitation", locale, values, invitation.expires_at
    )
    queue(session, outside.sealer, organisation.id, outgoing)
