"""Many invitations at once, from a table as spreadsheets write it (CSV): one row a person.

    name,identifier,scopes,roles
    Mina Kim,mina@example.com,01a2… 01a3…,warden@01a2…

The whole file is judged first, and every fault told with its column and its row, as a spreadsheet counts rows (the
header is row 1). Then all invitations are made, or none. What comes back is a table, too, with the codes, in which no
cell begins a formula.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from base.errors import Invalid
from base.text import for_spreadsheet, is_piled, one_line, shows_something, steering
from people.invitations.addressing import form_of
from people.sign_in.forms import Form

MOST_ROWS = 1_000
MOST_BYTES = 1024 * 1024
COLUMNS = ("name", "identifier", "scopes", "roles")
_MOST_FAULTS, _MOST_CELL, _MOST_NAME, _MOST_GIVEN = 50, 4_000, 100, 20
_DELIMITERS = (",", ";", "\t")
_BETWEEN = re.compile(r"[\s;,]+")


class FileRefused(Invalid):
    """It is no table of this kind, or too long; nothing of it was looked at further."""

    code, title = "csv_malformed", "This file is not a table of people to invite"


@dataclass(frozen=True)
class Given:
    """A role that a row gives, in a scope; without one in the whole organisation."""

    role: str
    scope_id: UUID | None


@dataclass(frozen=True)
class Row:
    """One person of the file; `number` as a spreadsheet counts rows."""

    number: int
    name: str | None
    form: Form
    scope_ids: tuple[UUID, ...]
    roles: tuple[Given, ...]


@dataclass
class Faults:
    """What is wrong with a file, by row and column."""

    told: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def at(self, number: int, column: str, message: str) -> None:
        """One more."""
        self.told.append({"pointer": f"/rows/{number}/{column}", "message": f"Row {number}: {message}"})

    def check(self) -> None:
        """Raise `Invalid` with all of them, or with one more than is told."""
        if self.told:
            raise Invalid(errors=self.told[: _MOST_FAULTS + 1])

    @property
    def are_enough(self) -> bool:
        """Whether more of them would not be told."""
        return len(self.told) > _MOST_FAULTS


def read_rows(raw: bytes, country: str) -> list[Row]:
    """The people of a file; raises `FileRefused`, or `Invalid` with every fault. `country`: of telephone numbers."""
    faults = Faults()
    rows = list(_rows(_table(raw), country, faults))
    for number in _repeated(rows):
        faults.at(number, "identifier", "This stands in the file twice.")
    faults.check()
    if not rows:
        raise FileRefused("There is nobody in this file.")
    return rows


def written(lines: Iterable[Sequence[str]]) -> bytes:
    """A table for spreadsheets: UTF-8 with the mark by which they know it, no cell a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([for_spreadsheet(cell) for cell in line] for line in lines)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _table(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that say something, with their numbers, by the header's names."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("The file is not UTF-8; save it as 'CSV UTF-8'.") from None
    if "\0" in text:
        raise FileRefused("There are NUL characters in the file.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header)
        yield from _numbered(reader, header)
    except csv.Error:
        raise FileRefused(f"Line {reader.line_num} is no line of a table.") from None


def _numbered(reader: Iterable[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    filled = ((number, cells) for number, cells in enumerate(reader, 2) if any(map(str.strip, cells)))
    for count, (number, cells) in enumerate(filled, 1):
        if count > MOST_ROWS:
            raise FileRefused(f"A file has {MOST_ROWS} rows at most.")
        if len(cells) > len(header) or any(len(cell) > _MOST_CELL for cell in cells):
            raise FileRefused(f"Row {number} has more cells than the header, or too long ones.")
        yield number, dict(zip(header, (*cells, *[""] * len(header)), strict=False))


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0][:_MOST_CELL]
    return max(_DELIMITERS, key=first.count)


def _check_header(header: list[str]) -> None:
    if "identifier" not in header or len(set(header)) < len(header) or not set(header) <= set(COLUMNS):
        raise FileRefused(
            f"The first row names the columns: {', '.join(COLUMNS)}. Only identifier has to be there."
        )


def _rows(table: Iterator[tuple[int, dict[str, str]]], country: str, faults: Faults) -> Iterator[Row]:
    for number, cells in table:
        row = _Cells(number, cells, faults)
        read = (row.name(), row.form(country), row.scope_ids(), row.roles())
        if read[1] is not None:
            yield Row(number, read[0], read[1], read[2], read[3])
        if faults.are_enough:
            return


@dataclass(frozen=True)
class _Cells:
    """One row as it was written."""

    number: int
    cells: dict[str, str]
    faults: Faults

    def name(self) -> str | None:
        cell = self.cells.get("name", "")
        if not cell.strip():
            return None
        name = "" if is_piled(cell) else one_line(cell)
        if not 1 <= len(name) <= _MOST_NAME or not shows_something(name) or steering(name) is not None:
            self._fault("name", f"From 1 to {_MOST_NAME} characters, all of them to be seen.")
        return name

    def form(self, country: str) -> Form | None:
        try:
            return form_of(self.cells["identifier"], country, "")
        except Invalid as refusal:
            self._fault("identifier", refusal.detail)
            return None

    def scope_ids(self) -> tuple[UUID, ...]:
        read = (self._id("scopes", part) for part in self._parts("scopes"))
        return tuple(scope_id for scope_id in read if scope_id is not None)

    def roles(self) -> tuple[Given, ...]:
        return tuple(given for part in self._parts("roles") if (given := self._given(part)) is not None)

    def _given(self, part: str) -> Given | None:
        role, at, place = part.partition("@")
        scope_id = self._id("roles", place) if at else None
        return None if at and scope_id is None else Given(role, scope_id)

    def _parts(self, column: str) -> list[str]:
        parts = [part for part in _BETWEEN.split(self.cells.get(column, "")) if part]
        if len(parts) > _MOST_GIVEN:
            self._fault(column, f"At most {_MOST_GIVEN}.")
        return list(dict.fromkeys(parts[:_MOST_GIVEN]))

    def _id(self, column: str, text: str) -> UUID | None:
        try:
            return UUID(text)
        except ValueError:
            self._fault(column, "Ids of scopes, with spaces between them.")
            return None

    def _fault(self, column: str, message: str) -> None:
        self.faults.at(self.number, column, message)


def _repeated(rows: Sequence[Row]) -> Iterator[int]:
    """The numbers of the rows whose address or number another row had before."""
    known = set[str]()
    for row in rows:
        if row.form.value in known:
            yield row.number
        known.add(row.form.value)
