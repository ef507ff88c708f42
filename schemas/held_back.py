"""On the wire: whose account nobody gets into for a while, because somebody guessed at it."""

from marshmallow import fields, validate

from schemas.base import ID, Moment, Some, Wire

DOORS = (
    "too_many_sign_ins",
    "too_many_resets",
    "too_many_second_factors",
    "too_many_one_time_codes",
    "too_many_messages",
)
REACHES = ("device", "address", "block", "everywhere")
MOST = 200


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
            "description": "One of the person's devices, one address, one provider's block, or everywhere"
        },
    )
    tries = fields.Integer(required=True)
    until = Moment(required=True)


class HeldBackList(Wire):
    """Those who are held back now, the newest first; at most 200."""

    items = Some(fields.Nested(HeldBack), most=MOST, required=True)
