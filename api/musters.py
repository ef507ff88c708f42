"""Roll calls: my answer, and the board for those who oversee one."""

from typing import Any
from uuid import UUID

from api.paging import by_id, decode_cursor, page
from api.route import Answer, Call, Routes
from base.errors import Conflict
from geo import musters
from geo.muster_models import Muster
from geo.muster_report import list_entries, report_csv
from people.permissions import Permission
from schemas.base import Cursor
from schemas.musters import (
    MusterAnswer,
    MusterBoard,
    MusterCard,
    MusterCards,
    MusterEntry,
    MusterEntryPage,
    MusterMark,
    MusterReport,
)

routes = Routes("musters", "Musters: roll calls")
_MUSTER = "/musters/<uuid:muster_id>"


@routes.route("GET", "/me/musters", permission=Permission.ACCOUNT_USE, answer=MusterCards)
def list_my_musters(call: Call) -> dict[str, Any]:
    """The running roll calls that expect me."""
    return {"items": musters.my_cards(call.session, call.actor)}


@routes.route(
    "PUT", f"{_MUSTER}/answer", permission=Permission.ACCOUNT_USE, body=MusterAnswer, answer=MusterCard
)
def answer_muster(call: Call, muster_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Say that I am safe, or need help. The last answer counts."""
    return musters.answer(call.session, call.actor, muster_id, body)


@routes.route("GET", _MUSTER, permission=Permission.ACCOUNT_USE, answer=MusterBoard)
def read_muster(call: Call, muster_id: UUID) -> dict[str, Any]:
    """The board's head: how many are accounted for. For those who oversee the roll call."""
    muster = musters.muster_for(call.session, call.actor, muster_id)
    return musters.wire_board(call.session, muster)


@routes.route(
    "GET", f"{_MUSTER}/entries", permission=Permission.ACCOUNT_USE, query=Cursor, answer=MusterEntryPage
)
def list_muster_entries(call: Call, muster_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The roll, a line a person. For those who oversee the roll call."""
    musters.muster_for(call.session, call.actor, muster_id)
    after = decode_cursor(query["cursor"], by_id)
    items = list_entries(call.session, muster_id, after, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["person"]["id"],))


@routes.route(
    "PUT",
    f"{_MUSTER}/entries/<uuid:person_id>",
    permission=Permission.ACCOUNT_USE,
    body=MusterMark,
    answer=MusterEntry,
)
def mark_muster_entry(call: Call, muster_id: UUID, person_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """A warden says how somebody is, also somebody whom nobody expected."""
    return musters.mark(call.session, call.actor, muster_id, person_id, body)


@routes.route("POST", f"{_MUSTER}/end", permission=Permission.ACCOUNT_USE, answer=MusterBoard)
def end_muster(call: Call, muster_id: UUID) -> dict[str, Any]:
    """End the roll call; its report stays."""
    return musters.wire_board(call.session, musters.end(call.session, call.actor, muster_id))


@routes.route("GET", f"{_MUSTER}/report", permission=Permission.ACCOUNT_USE, answer=MusterReport)
def read_muster_report(call: Call, muster_id: UUID) -> dict[str, Any]:
    """The report of an ended roll call."""
    return _report(musters.muster_for(call.session, call.actor, muster_id))


@routes.route(
    "GET", f"{_MUSTER}/report.csv", permission=Permission.ACCOUNT_USE, media="text/csv; charset=utf-8"
)
def download_muster_report(call: Call, muster_id: UUID) -> Answer:
    """The report of an ended roll call as a table."""
    report = _report(musters.muster_for(call.session, call.actor, muster_id))
    named = {"Content-Disposition": f'attachment; filename="muster-{muster_id}.csv"'}
    return Answer(None, headers=named, content=("\ufeff" + report_csv(report)).encode())


def _report(muster: Muster) -> dict[str, Any]:
    if muster.report is None:
        raise Conflict("The roll call is running; its report is made when it ends.", code="muster_running")
    return muster.report
