"""Imports of files, and the lines of an import that streams."""

from marshmallow import fields

from schemas.base import Text, Wire
from schemas.places import ImportResult


class ImportFile(Wire):
    """The name of the file that is the body; it only helps to tell KMZ from other archives."""

    filename = Text(1, 255, required=True, metadata={"example": "places.geojson"})


class Progress(Wire):
    """How far an import has come: features done, of how many."""

    done = fields.Integer(required=True)
    of = fields.Integer(required=True)


class ImportSummary(Wire):
    """How many features came to what."""

    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)


class ImportStop(Wire):
    """Why an import that streams could not go on."""

    code = fields.String(required=True)
    detail = fields.String(required=True)


class ImportLine(Wire):
    """One line of an import that streams; exactly one member is there.

    The last line is `summary`, or `problem` when the import had to stop: what was reported before is kept.
    """

    result = fields.Nested(ImportResult)
    progress = fields.Nested(Progress)
    summary = fields.Nested(ImportSummary)
    problem = fields.Nested(ImportStop)
