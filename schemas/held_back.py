"""On the wire: whose account nobody gets into for a while, because somebody guessed at it."""

from marshmallow import fields, validate

from schemas.base import ID, Moment, Some, Wire

DOORS = (
    "too_many_requests",
    "too_many_sign_ins",
    "too_many_resets",
    "too_many_second_factors",
    "too_many_one_time_codes",
    "too_many_messages",
)
REACHES = ("person", "device", "address", "block", "everywhere")
MOST = 300


class HeldBack(Wire):
    """One account, and from where tries at it are not looked at until then."""

    person_id = ID(required=True)
    name = fields.String(required=True)
    door = fields.String(
        required=True,
        metadata={"description": "The code of the answer that is given there", "examples": DOORS},
    )
    reach = fields.String(
        required=True,
        validate=validate.OneOf(REACHES),
        metadata={
            "description": "The person, one of their devices, one address, one provider's block, or everywhere"
        },
    )
    limit = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Which pace was exceeded; null where somebody guessed",
            "examples": ["write-device"],
        },
    )
    tries = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null where a pace was exceeded"}
    )
    until = Moment(required=True)


class HeldBackList(Wire):
    """Those who are held back now, by a pace and by guesses at their account, the newest of each first; at most 300."""

    items = Some(fields.Nested(HeldBack), most=MOST, required=True)
