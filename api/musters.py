"""Roll calls: my answer, and the board for those who oversee one."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.kept import Keep
from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from geo.musters import answers as muster_answers
from geo.musters import musters
from geo.musters.board import wire_board
from geo.musters.report import report_csv
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
    MusterSetAside,
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
    return muster_answers.answer(call.session, call.actor, muster_id, body)


@routes.route("GET", _MUSTER, permission=Permission.ACCOUNT_USE, answer=MusterBoard, audit=Keep.LOOK)
def read_muster(call: Call, muster_id: UUID) -> dict[str, Any]:
    """The board's head: how many are accounted for. For those who oversee the roll call."""
    return musters.read_board(call.session, call.actor, muster_id)


@routes.route(
    "GET",
    f"{_MUSTER}/entries",
    permission=Permission.ACCOUNT_USE,
    query=Cursor,
    answer=MusterEntryPage,
    audit=Keep.LOOK,
)
def list_muster_entries(call: Call, muster_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The roll, a line a person. For those who oversee the roll call."""
    after = decode_cursor(query["cursor"], by_id)
    items = musters.read_entries(call.session, call.actor, muster_id, after, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["person"]["id"],))


@routes.route(
    "PUT",
    f"{_MUSTER}/entries/<uuid:person_id>",
    permission=Permission.ACCOUNT_USE,
    body=MusterMark,
    answer=MusterEntry,
    audit=Keep.EACH,
)
def mark_muster_entry(call: Call, muster_id: UUID, person_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """A warden says how somebody is, also somebody whom nobody expected."""
    return muster_answers.mark(call.session, call.actor, muster_id, person_id, body)


@routes.route(
    "POST",
    f"{_MUSTER}/set-aside",
    permission=Permission.ACCOUNT_USE,
    body=MusterSetAside,
    answer=MusterBoard,
    audit=Keep.EACH,
)
def set_burst_aside(call: Call, muster_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """A warden expects those no more who have not answered and whose accounts a gate opened in a burst.

    They stay on the roll, with the reason, and are counted again as soon as they answer.
    """
    return muster_answers.set_aside(call.session, call.actor, muster_id, body["reason"], body["person_ids"])


@routes.route(
    "POST", f"{_MUSTER}/end", permission=Permission.ACCOUNT_USE, answer=MusterBoard, audit=Keep.EACH
)
def end_muster(call: Call, muster_id: UUID) -> dict[str, Any]:
    """End the roll call; its report stays."""
    return wire_board(call.session, musters.end(call.session, call.actor, muster_id))


@routes.route(
    "GET", f"{_MUSTER}/report", permission=Permission.ACCOUNT_USE, answer=MusterReport, audit=Keep.LOOK
)
def read_muster_report(call: Call, muster_id: UUID) -> dict[str, Any]:
    """The report of an ended roll call."""
    return musters.read_report(call.session, call.actor, muster_id)


@routes.route(
    "GET",
    f"{_MUSTER}/report.csv",
    permission=Permission.ACCOUNT_USE,
    media="text/csv; charset=utf-8",
    audit=Keep.EACH,
)
def download_muster_report(call: Call, muster_id: UUID) -> Answer:
    """The report of an ended roll call as a table."""
    report = musters.read_report(call.session, call.actor, muster_id)
    named = {"Content-Disposition": f'attachment; filename="muster-{muster_id}.csv"'}
    return Answer(headers=named, content=("\ufeff" + report_csv(report)).encode())
