"""What I share of where I am, what was promised, who looked."""

from typing import Any
from uuid import UUID

from api.paging import by_id, by_moment, decode_cursor, page
from api.route import Call, Routes
from base import clock
from base.errors import Invalid
from geo.presence.views import views_of
from geo.privacy import sharing as privacy
from geo.privacy.charters import charter_of, check_may_read
from geo.stays.trails import my_trail
from people.audit.search import Wanted, search, wire_own
from people.permissions import Permission
from schemas.audit import AuditPage
from schemas.base import Cursor
from schemas.privacy import (
    Charter,
    Consent,
    NewConsent,
    PresenceViewPage,
    Sharing,
    SharingEdit,
    Trail,
    TrailQuery,
)

routes = Routes("privacy", "Privacy: consent, sharing, charters, who looked")


@routes.route("GET", "/me/sharing", permission=Permission.ACCOUNT_USE, answer=Sharing)
def read_my_sharing(call: Call) -> dict[str, Any]:
    """How I share where I am, what I agreed to, and the organisation's rules."""
    return privacy.read_sharing(call.session, call.actor)


@routes.route("PATCH", "/me/sharing", permission=Permission.ACCOUNT_USE, body=SharingEdit, answer=Sharing)
def set_my_sharing(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Pause, go on, set my hours, or let the phone judge by itself. What is withdrawn is forgotten at once."""
    if body.get("paused_until") is not None and body["paused_until"] <= clock.now():
        raise Invalid.at("/paused_until", "This is over already; null goes on sharing.")
    privacy.set_sharing(call.session, call.actor, body)
    return privacy.read_sharing(call.session, call.actor)


@routes.route(
    "POST", "/me/consents", permission=Permission.ACCOUNT_USE, body=NewConsent, answer=Consent, status=201
)
def give_consent(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Agree to presence being worked out from my phone, or to a trail being kept."""
    return privacy.wire_consent(privacy.give_consent(call.session, call.actor, **body))


@routes.route("DELETE", "/me/consents/<string:kind>", permission=Permission.ACCOUNT_USE, status=204)
def withdraw_consent(call: Call, kind: str) -> None:
    """Take a consent back; what stood on it is deleted at once."""
    privacy.withdraw_consent(call.session, call.actor, kind)


@routes.route("GET", "/me/trail", permission=Permission.ACCOUNT_USE, query=TrailQuery, answer=Trail)
def read_my_trail(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """What is kept of my trail. Nobody else can read it."""
    return {"items": my_trail(call.session, call.actor, query["after"], query["limit"])}


@routes.route(
    "GET", "/me/presence-views", permission=Permission.ACCOUNT_USE, query=Cursor, answer=PresenceViewPage
)
def list_presence_views(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Who looked at where I am, and why, newest first."""
    items = views_of(call.session, call.actor, decode_cursor(query["cursor"], by_id), query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],))


@routes.route("GET", "/me/audit", permission=Permission.ACCOUNT_USE, query=Cursor, answer=AuditPage)
def list_my_audit(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """What was done about me and my account, by me and by others, and who looked me up in the log; newest first."""
    before, limit = decode_cursor(query["cursor"], by_moment), query["limit"]
    mine = Wanted(person_id=call.actor.person_id)
    found = search(call.session, call.actor.organisation_id, mine, before, limit)
    items = [wire_own(row) for row in found]
    return page(items, limit, lambda: (found[-1]["at"].isoformat(), str(found[-1]["id"])))


@routes.route("GET", "/sites/<uuid:site_id>/charter", permission=Permission.POSTS_READ, answer=Charter)
def read_charter(call: Call, site_id: UUID) -> dict[str, Any]:
    """What the site promises the people in it and in its zones."""
    check_may_read(call.session, call.actor, site_id)
    return charter_of(call.session, site_id)
