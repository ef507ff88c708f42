"""Boundaries as they are sent: taken from where they were put when they were drawn, and never made for an answer.

A boundary of before there were forms, or one that a process of the release before drew, has none yet: they are made
when it is first asked for, in another process where it has many corners, and kept.

An answer has so many corners and no more (`fitting`). Who reads on gets the rest with the next page.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
import shapely
from shapely import MultiPolygon
from sqlalchemy import LargeBinary, Select, Text, bindparam, func, null, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from base.database import AnyRow, table_of
from base.work.apart import apart, busy
from geo.engine.circles import Circle
from geo.lookup.forms import Forms, forms_of
from geo.models.places import BoundaryVersion, Place
from geo.shapes.simple import MOST_CORNERS

# Of an answer. Two whole outlines are a megabyte and a half; as many simple ones as a large site has zones, two.
MOST_WHOLE, MOST_SIMPLE = 60_000, 100_000
# Fewer corners are sooner made into forms than sent to another process; so many are read at once for it.
FEW, _AT_ONCE = 1_000, 60_000
Item = TypeVar("Item")
_Rows = Select[*tuple[Any, ...]]
_versions = table_of(BoundaryVersion)
_TURN = text(
    "SELECT pg_try_advisory_xact_lock("
    "hashtextextended('forms:' || coalesce(current_setting('app.organisation_id', true), ''), 0))"
)
_KEEP = (
    update(_versions)
    .where(_versions.c.place_id == bindparam("of_place"), _versions.c.number == bindparam("of_number"))
    .values({name: bindparam(name) for name in ("whole", "simple", "simplified_m", "corners", "circle")})
)


class Form(Enum):
    """How an outline is wanted."""

    WHOLE = "whole"
    SIMPLE = "simple"
    MEASURED = "measured"  # without its text


@dataclass(frozen=True)
class Outline:
    """What is kept of a boundary. `text` is GeoJSON; the circle is that of the whole."""

    corners: int
    simplified_m: float
    circle: Circle
    text: str | None = None

    @property
    def wire(self) -> orjson.Fragment:
        """The GeoJSON, which goes into an answer as it is."""
        return orjson.Fragment(self.text or "null")

    @property
    def few_corners(self) -> int:
        """How many the simple form has, at most."""
        return min(self.corners, MOST_CORNERS)


def present_outlines(session: Session, place_ids: Collection[UUID], form: Form) -> dict[UUID, Outline]:
    """The present outlines of places, by their ids; the caller bounds how many corners that may be."""
    newest = _columns(form).where(BoundaryVersion.place_id.in_(place_ids))
    newest = newest.ext(distinct_on(BoundaryVersion.place_id))
    rows = session.execute(newest.order_by(BoundaryVersion.place_id, BoundaryVersion.number.desc())).all()
    found = {row.place_id: _outline(row) for row in rows if row.corners is not None}
    lacking = [(row.place_id, row.number) for row in rows if row.corners is None]
    found |= {place_id: outline for (place_id, _), outline in _completed(session, lacking, form)}
    # Without a history there is nothing to keep the forms beside.
    if without := [place_id for place_id in place_ids if place_id not in found]:
        found |= {place_id: _of(forms, form) for (place_id, _), forms in _made(session, _places(without))}
    return found


def outlines_of_versions(
    session: Session, place_id: UUID, numbers: Collection[int], form: Form
) -> dict[int, Outline]:
    """The outlines that a place had in some of its versions."""
    wanted = _columns(form).where(BoundaryVersion.place_id == place_id, BoundaryVersion.number.in_(numbers))
    rows = session.execute(wanted).all()
    found = {row.number: _outline(row) for row in rows if row.corners is not None}
    lacking = [(row.place_id, row.number) for row in rows if row.corners is None]
    return found | {number: outline for (_, number), outline in _completed(session, lacking, form)}


def fitting(items: Sequence[Item], corners: Sequence[int], most: int) -> list[Item]:
    """The first items that have `most` corners together, and the very first in any case."""
    chosen: list[Item] = []
    for item, count in zip(items, corners, strict=True):
        most -= count
        if chosen and most < 0:
            break
        chosen.append(item)
    return chosen


def _columns(form: Form) -> _Rows:
    texts: dict[Form, Any] = {
        Form.WHOLE: BoundaryVersion.whole,
        Form.SIMPLE: func.coalesce(BoundaryVersion.simple, BoundaryVersion.whole),
        Form.MEASURED: null().cast(Text),
    }
    columns: tuple[Any, ...] = (
        BoundaryVersion.place_id,
        BoundaryVersion.number,
        BoundaryVersion.corners,
        BoundaryVersion.simplified_m,
        BoundaryVersion.circle,
        texts[form].label("text_of_form"),
    )
    return select(*columns)


def _outline(row: AnyRow) -> Outline:
    return Outline(row.corners, row.simplified_m, Circle(*row.circle), row.text_of_form)


def _of(forms: Forms, form: Form) -> Outline:
    texts = {Form.WHOLE: forms.whole, Form.SIMPLE: forms.simple or forms.whole, Form.MEASURED: None}
    return Outline(forms.corners, forms.simplified_m, forms.circle, texts[form])


def _completed(
    session: Session, lacking: Sequence[tuple[UUID, int]], form: Form
) -> Iterator[tuple[tuple[UUID, int], Outline]]:
    """The outlines of versions without forms, which have them from now on."""
    wanted = {number: [one for one, its in lacking if its == number] for _, number in lacking}
    rows = _drawn(BoundaryVersion.place_id, BoundaryVersion.number, BoundaryVersion.boundary)
    for number, place_ids in sorted(wanted.items()):
        of_number = (BoundaryVersion.number == number, BoundaryVersion.place_id.in_(place_ids))
        for key, forms in _made(session, rows.where(*of_number)):
            session.execute(_KEEP, forms.columns() | {"of_place": key[0], "of_number": key[1]})
            yield key, _of(forms, form)


def _places(place_ids: Sequence[UUID]) -> _Rows:
    return _drawn(Place.id, Place.version, Place.boundary).where(Place.id.in_(place_ids))


def _drawn(place_id: Any, number: Any, boundary: Any) -> _Rows:
    columns: tuple[Any, ...] = (place_id.label("id"), number.label("number"), boundary.label("boundary"))
    return select(*columns)


def _made(session: Session, wanted: _Rows) -> Iterator[tuple[tuple[UUID, int], Forms]]:
    """The forms of the boundaries that a statement selects with `id` and `number`; read in bounded pieces.

    Many corners are made into forms by one transaction of an organisation at a time; raises `Busy` for the others,
    which would do the same work.
    """
    rows = wanted.subquery()
    count = func.ST_NPoints(rows.c.boundary)
    sizes = session.execute(select(rows.c.id, count.label("corners")).order_by(rows.c.id)).all()
    if sum(row.corners for row in sizes) > FEW and not session.scalar(_TURN):
        raise busy()
    while sizes:
        piece = fitting(sizes, [row.corners for row in sizes], _AT_ONCE)
        sizes = sizes[len(piece) :]
        shape = func.ST_AsBinary(rows.c.boundary, type_=LargeBinary).label("shape")
        ids = [row.id for row in piece]
        some = select(rows.c.id, rows.c.number, shape).where(rows.c.id.in_(ids)).order_by(rows.c.id)
        found = session.execute(some).all()
        shapes = [bytes(row.shape) for row in found]
        make = forms_of_all if sum(row.corners for row in piece) <= FEW else _apart
        yield from zip(((row.id, row.number) for row in found), make(shapes), strict=True)


def _apart(shapes: list[bytes]) -> list[Forms]:
    return apart(forms_of_all, shapes)


def forms_of_all(shapes: Iterable[bytes]) -> list[Forms]:
    """The forms of shapes in WKB."""
    return [forms_of(cast("MultiPolygon", shapely.from_wkb(shape))) for shape in shapes]
