"""Where an invitation's code goes: into the inviter's hands, or by mail or short message to whom it is for.

A code that was sent is told to nobody else. So who redeems it has shown that the address, or the number, is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict
from base.sealing import Sealer
from base.settings import Settings
from people.actor import Actor
from people.invitations.wanted import Made
from people.messages.channels import channel_of, check_on
from people.messages.queue import Outgoing, queue_all
from people.models import Invitation, Organisation
from people.sign_in.forms import Form

MOST_SENT = 3
_WITHIN = timedelta(days=1)


class InvitedLately(Conflict):
    """Whoever is there has several invitations already; more would be a nuisance to them."""

    code, title = "invited_lately", "Several invitations were sent there within a day"


@dataclass(frozen=True)
class Outside:
    """What sending takes of the installation: what seals messages, which of them go out, and where links begin."""

    sealer: Sealer
    settings: Settings

    def link(self, code: str) -> str | None:
        """The link that opens the app with a code, None where links begin nowhere.

        The code stands in the fragment, which browsers send to no server.
        """
        begins = self.settings.public_url
        return None if begins is None else f"{begins.rstrip('/')}/invitation#{code}"


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


def send_all(session: Session, outside: Outside, all_made: Sequence[Made], locale: str) -> None:
    """Have codes of one organisation's invitations sent to where they are to go, but those that are handed over.

    Raises `ChannelOff` where the installation has no way there.
    """
    sent = [(made, made.send_to.value) for made in all_made if made.send_to is not None]
    if not sent:
        return
    organisation = session.get_one(Organisation, sent[0][0].invitation.organisation_id)
    for channel in {channel_of(to) for _, to in sent}:
        check_on(outside.settings, channel)
    outgoings = [_outgoing(outside, organisation.name, made, to, locale) for made, to in sent]
    queue_all(session, outside.sealer, organisation.id, outgoings)


def _outgoing(outside: Outside, organisation: str, made: Made, to: str, locale: str) -> Outgoing:
    link, until = outside.link(made.code), made.invitation.expires_at
    template, told = (
        ("invitation_code", {"code": made.code}) if link is None else ("invitation", {"link": link})
    )
    values = {"organisation": organisation, "until": until.date().isoformat()} | told
    return Outgoing(channel_of(to), to, template, locale, values, until)
