"""Where phones say they are."""

from typing import Any

from flask import current_app

from api.pace import Pace
from api.route import Call, Routes
from geo.lookup.indexes import PlaceIndexes
from geo.stays.fixes import take_fixes
from people.permissions import Permission
from schemas.visits import FixBatch, FixReport

routes = Routes("fixes", "Fixes: where phones say they are")


@routes.route(
    "POST",
    "/me/fixes",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    pace=Pace.BATCH,
    body=FixBatch,
    answer=FixReport,
)
def report_fixes(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Report up to 100 fixes, in any order; repeats do no harm. Only the last one is kept."""
    indexes: PlaceIndexes | None = current_app.extensions.get("hereabouts_place_indexes")
    return take_fixes(call.session, call.actor, body["fixes"], body["sent_at"], indexes)
