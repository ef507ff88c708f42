"""Imports of whole files, and of many places with the results coming in while it runs.

An import that streams answers NDJSON and commits after every chunk: a line that has been sent is kept, and an import
that was cut off is simply sent again, since what is there already is recognised. The request's own
transaction only checks that there is something to import and somebody who may; it has ended before the first line.
A file is read before that transaction opens, by somebody who could import something of it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
from flask import request
from sqlalchemy.exc import SQLAlchemyError

from api import bounds
from api.admin.outlined import imported, taken
from api.answers import Answer
from api.making import check_manages_anything
from api.parsing import query_of
from api.route import Call, Routes
from base.errors import Invalid, Problem
from base.logs import logger
from geo.files.formats import read_file
from geo.files.imports import OUTCOMES, Import, import_chunk, import_places, open_import
from people.actor import Actor
from people.permissions import Permission
from people.runtime import Runtime
from people.services.tokens import actor_now
from schemas.imports import ImportFile, ImportLine
from schemas.places import ImportReport, PlaceImport

log = logger(__name__)
routes = Routes("admin-imports", "Administration: imports of many places", "/v1/admin")
NDJSON = "application/x-ndjson"


@routes.route(
    "POST",
    "/places/import/stream",
    permission=Permission.PLACES_EDIT,
    body=PlaceImport,
    max_body=bounds.IMPORT,
    work=imported,
    answer=ImportLine,
    media=NDJSON,
)
def import_streaming(call: Call, body: Any) -> Answer:
    """Import a FeatureCollection; the answer is NDJSON, a line for each feature as it is done.

    Sites come before zones. Every 200 features are committed, then their lines are sent and a `progress` line; the
    last line is the `summary`. Cut off? Send it again. Takes no Idempotency-Key.
    """
    check_manages_anything(call.session, call.actor)
    return _streamed(call, taken(body))


def _read(_runtime: Runtime, _body: None) -> Import:
    """The import of the file that is the body."""
    filename = query_of(ImportFile)["filename"]
    return read_file(request.get_data(cache=True), filename, open_import)


@routes.route(
    "POST",
    "/places/import/file",
    permission=Permission.PLACES_EDIT,
    query=ImportFile,
    max_body=bounds.IMPORT,
    prepare=_read,
    answer=ImportReport,
)
def import_file(call: Call, query: dict[str, Any], body: Import) -> dict[str, Any] | Answer:
    """Import a KML, KMZ, GeoPackage, zipped Shapefile, zipped indoor map or GeoJSON file: the body as it is.

    Content-Type: application/octet-stream. The file has to say what its coordinates are in; KML needs not. With
    `Accept: application/x-ndjson` the results stream.
    """
    if request.accept_mimetypes.best_match(("application/json", NDJSON)) == NDJSON:
        return _streamed(call, body)
    return {"items": list(import_places(call.session, call.actor, body))}


def _streamed(call: Call, wanted: Import) -> Answer:
    if "Idempotency-Key" in request.headers:
        detail = "An import that streams can be repeated as it is; send no Idempotency-Key."
        raise Invalid(detail, code="idempotency_key_invalid")
    return Answer(content=_lines(call.runtime, call.actor, wanted, request.remote_addr), media=NDJSON)


def _lines(runtime: Runtime, actor: Actor, wanted: Import, address: str | None) -> Iterator[bytes]:
    """The lines of an import, each chunk in a transaction of its own."""
    counts: Counter[str] = Counter()
    for chunk in wanted.chunks():
        try:
            results = _import_chunk(runtime, actor, chunk, address)
        except Problem as problem:
            yield _line("problem", {"code": problem.code, "detail": problem.detail})
            return
        except SQLAlchemyError as error:
            log.error("import_stopped", error=type(error).__name__)
            detail = "The service is not available for a moment; send the import again."
            yield _line("problem", {"code": "unavailable", "detail": detail})
            return
        counts.update(result["outcome"] for result in results)
        yield b"".join(_line("result", result) for result in results)
        yield _line("progress", {"done": counts.total(), "of": wanted.count})
    yield _line("summary", {outcome: counts[outcome] for outcome in OUTCOMES})


def _import_chunk(runtime: Runtime, actor: Actor, chunk: Import, address: str | None) -> list[dict[str, Any]]:
    """Who has signed out or lost a role meanwhile imports no further chunk."""
    with runtime.database.transaction(actor.organisation_id) as session:
        return import_chunk(session, actor_now(session, actor, address), chunk)


def _line(member: str, value: dict[str, Any]) -> bytes:
    return orjson.dumps({member: value}, option=orjson.OPT_APPEND_NEWLINE)
