"""The audit log on the wire."""

from marshmallow import fields, validate

from schemas.base import ID, MOST_PAGE, Cursor, Moment, Name, Wire, page_of

RESULTS = ("done", "refused")
FORMS = ("jsonl", "cef")
MOST_LINES = 5_000


class AuditRecord(Wire):
    """Who did what, to whom, on what, from where, and what came of it; with ids alone."""

    id = ID(required=True)
    at = Moment(required=True)
    action = fields.String(
        required=True, metadata={"description": "The operation, by its `operationId` in the API document"}
    )
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    code = fields.String(required=True, allow_none=True, metadata={"description": "That of the refusal"})
    actor_id = ID(
        required=True,
        allow_none=True,
        metadata={"description": "Who did it; null: an operator, or somebody whom nobody knows yet"},
    )
    person_id = ID(required=True, allow_none=True, metadata={"description": "Whom it concerns"})
    subject_kind = fields.String(required=True, allow_none=True)
    subject_id = ID(required=True, allow_none=True, metadata={"description": "On what it was done"})
    address = fields.String(required=True, allow_none=True, metadata={"description": "The network address"})
    device_id = ID(required=True, allow_none=True)
    session_id = ID(required=True, allow_none=True)
    agent = fields.String(
        required=True, allow_none=True, metadata={"description": "What the program calls itself"}
    )
    before = fields.Dict(required=True, allow_none=True, metadata={"description": "How what was changed was"})
    after = fields.Dict(
        required=True, allow_none=True, metadata={"description": "How it is, or what was asked for"}
    )


class AuditEntry(AuditRecord):
    """An entry with the present names of those whom it names."""

    actor_name = fields.String(required=True, allow_none=True)
    person_name = fields.String(required=True, allow_none=True)


AuditPage = page_of(AuditEntry, "AuditPage")


class AuditQuery(Cursor):
    """Which entries: all that is named has to be so."""

    person_id = ID(load_default=None, metadata={"description": "Whom it concerns"})
    actor_id = ID(load_default=None, metadata={"description": "Who did it"})
    subject_id = ID(load_default=None, metadata={"description": "On what"})
    action = Name(1, 80, load_default=None)
    result = fields.String(load_default=None, validate=validate.OneOf(RESULTS))
    start = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None)


class AuditExport(Wire):
    """From where in the log on, and how it is written."""

    after = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 2**53),
        metadata={"description": "The `position` of the last line that you have"},
    )
    epoch = fields.String(
        load_default=None,
        validate=validate.Length(1, 64),
        metadata={
            "description": "`Audit-Epoch` as it came with that line; 410 when it is not the present one"
        },
    )
    limit = fields.Integer(load_default=10 * MOST_PAGE, validate=validate.Range(1, MOST_LINES))
    form = fields.String(load_default="jsonl", data_key="format", validate=validate.OneOf(FORMS))
