"""How somebody who is not signed in names an account, on the wire."""

from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from schemas.base import Address, Name, Wire

_ONE = "Either `identifier` or `email`, and not both."


class Identified(Wire):
    """An organisation, and what the person signs in with there. Loaded, it is `organisation` and `identifier`."""

    organisation = Address(1, 63, required=True, metadata={"description": "The organisation's short name"})
    identifier = Name(
        1,
        254,
        metadata={"description": "An e-mail address, telephone number, employee number or user name"},
    )
    email = Address(
        1, 254, metadata={"description": "The same as `identifier`, as apps say it that know no other"}
    )

    @validates_schema
    def _named_once(self, data: dict[str, Any], **_options: Any) -> None:
        if ("identifier" in data) == ("email" in data):
            raise ValidationError({"email": [_ONE], "identifier": [_ONE]})

    @post_load
    def _as_identifier(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        if "email" in data:
            data["identifier"] = data.pop("email")
        return data
