"""Invitations: of anybody for administrators, of visitors for managers too."""

from typing import Any
from uuid import UUID

from flask import request

from api import bounds
from api.answers import Answer
from api.codes import code_svg
from api.making import check_manages_anything
from api.pace import Pace
from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from base.work.apart import apart
from people.actor import Actor
from people.invitations import inviting, listing, many, sending
from people.invitations.addressing import country_in_organisation
from people.invitations.files import Row, read_rows
from people.invitations.wanted import Wanted
from people.permissions import ADMINISTRATOR, Permission
from people.runtime import Runtime
from people.sign_in.fresh import check_fresh
from schemas.base import Cursor
from schemas.invitations import Invitation, InvitationFile, InvitationPage, NewInvitation

routes = Routes("admin-invitations", "Administration: invitations", "/v1/admin")
_INVITE = Permission.MEMBERS_MANAGE
CSV = "text/csv"


@routes.route(
    "POST",
    "/invitations",
    permission=_INVITE,
    pace=Pace.INVITE,
    body=NewInvitation,
    answer=Invitation,
    status=201,
)
def create_invitation(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Make a code that lets people open accounts, assigned to the named scopes. Managers invite visitors only.

    Inviting an administrator, or with roles, takes a fresh proof.
    """
    if body["role"] == ADMINISTRATOR or body["roles"]:
        check_fresh(call.actor)
    locale, draws = body.pop("locale"), body.pop("qr")
    made = inviting.invite(call.session, call.actor, Wanted(**body))
    outside = _outside(call.runtime)
    sending.send_all(call.session, outside, [made], locale)
    call.notes(None, listing.noted(made.invitation))
    link = outside.link(made.code)
    drawn = code_svg(link or made.code, made.invitation.name or "").decode() if draws else None
    return listing.wire_made(made, link, drawn)


@routes.route("GET", "/invitations", permission=_INVITE, query=Cursor, answer=InvitationPage)
def list_invitations(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Invitations, the newest first: all for administrators, one's own for managers."""
    check_manages_anything(call.session, call.actor)
    before = decode_cursor(query["cursor"], by_moment)
    found = listing.list_invitations(call.session, call.actor, before, query["limit"])
    items = [listing.wire_invitation(invitation) for invitation in found]
    return page(items, query["limit"], lambda: (found[-1].created_at.isoformat(), str(found[-1].id)))


@routes.route("GET", "/invitations/<uuid:invitation_id>", permission=_INVITE, answer=Invitation)
def read_invitation(call: Call, invitation_id: UUID) -> dict[str, Any]:
    """An invitation, without its code."""
    check_manages_anything(call.session, call.actor)
    return listing.wire_invitation(listing.invitation_for(call.session, call.actor, invitation_id))


@routes.route("DELETE", "/invitations/<uuid:invitation_id>", permission=_INVITE, status=204)
def revoke_invitation(call: Call, invitation_id: UUID) -> None:
    """Take an invitation back: its code lets nobody in any more. Who came in by it stays."""
    check_manages_anything(call.session, call.actor)
    invitation = listing.invitation_for(call.session, call.actor, invitation_id, held=True)
    before = listing.noted(invitation)
    listing.revoke(call.session, invitation)
    call.notes(before, listing.noted(invitation))


def _read(runtime: Runtime, actor: Actor, _body: None) -> list[Row]:
    """The people of the file that is the body, judged as far as that takes no look at the database."""
    with runtime.database.transaction(actor.organisation_id) as session:
        country = country_in_organisation(session, actor.organisation_id)
    raw = request.get_data(cache=True)
    return apart(read_rows, raw, country) if len(raw) > bounds.APART else read_rows(raw, country)


@routes.route(
    "POST",
    "/invitations/csv",
    permission=Permission.PEOPLE_MANAGE,
    secret=True,
    fresh=True,
    pace=Pace.INVITE_MANY,
    query=InvitationFile,
    max_body=bounds.INVITATIONS,
    prepare_for=_read,
    media=CSV,
    status=201,
)
def invite_from_file(call: Call, query: dict[str, Any], body: list[Row]) -> Answer:
    """Invite the people of a table, up to 1,000 rows: all, or none where anything is wrong.

    The body is CSV in UTF-8 with the columns name, identifier, scopes and roles; Content-Type: text/csv. So is the
    answer, with the codes.
    """
    outside = _outside(call.runtime)
    made = many.invite_all(
        call.session,
        call.actor,
        outside,
        body,
        days=query["days"],
        sends=query["send"],
        locale=query["locale"],
    )
    call.notes(None, {"invitations": [listing.noted(each.invitation) for _, each in made]})
    headers = {"Content-Disposition": 'attachment; filename="invitations.csv"'}
    return Answer(content=many.told(made, outside), headers=headers)


def _outside(runtime: Runtime) -> sending.Outside:
    return sending.Outside(runtime.sealer, runtime.settings)
