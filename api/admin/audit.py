"""The audit log, for who may read all of it: searched, and handed on to other systems."""

from typing import Any

from api.answers import Answer
from api.kept import Keep
from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from people.audit.export import Form, check_position, lines
from people.audit.search import Wanted, search, wire_entry
from people.permissions import Permission
from schemas.audit import AuditExport, AuditPage, AuditQuery

routes = Routes("admin-audit", "Administration: the audit log", "/v1/admin")
_MEDIA = {Form.JSON_LINES: "application/x-ndjson", Form.CEF: "text/plain; charset=utf-8"}


@routes.route(
    "GET", "/audit", permission=Permission.AUDIT_READ, query=AuditQuery, answer=AuditPage, audit=Keep.LOOK
)
def search_audit(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Who did what, newest first. To read this is an entry, too."""
    before, limit = decode_cursor(query.pop("cursor"), by_moment), query.pop("limit")
    wanted = Wanted(**query)
    found = search(call.session, call.actor.organisation_id, wanted, before, limit)
    call.notes(None, wanted.wire())
    items = [wire_entry(row) for row in found]
    return page(items, limit, lambda: (found[-1]["at"].isoformat(), str(found[-1]["id"])))


@routes.route(
    "GET",
    "/audit/export",
    permission=Permission.AUDIT_EXPORT,
    fresh=True,
    query=AuditExport,
    media=_MEDIA[Form.JSON_LINES],
    headers={
        "Audit-Epoch": "Which life of the log the positions are of: keep it, and send it as `epoch`",
        "Audit-Position": "The position of the last line: send it as `after`",
    },
    audit=Keep.LOOK,
)
def export_audit(call: Call, query: dict[str, Any]) -> Answer:
    """The log from a position on, oldest first, an entry a line: JSON Lines, or CEF with `format=cef`.

    Ask again with the last line's `position` as `after`, and miss nothing; no line, nothing new.
    """
    after, form = query["after"], Form(query["form"])
    head = check_position(call.session, call.actor, after, query["epoch"])
    content, last = lines(call.session, call.actor, after, query["limit"], form)
    call.notes(None, {"format": form.value})
    headers = {"Audit-Epoch": str(head.epoch), "Audit-Position": str(after if last is None else last)}
    return Answer(content=content, media=_MEDIA[form], headers=headers)
