"""What an organisation asks of those who sign in, on the wire."""

import ipaddress
import re
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate

from base.text import normalised
from schemas.base import Some, Wire

FACTORS = ("password", "one_time_code", "passkey", "pin")
MOST_NETWORKS, MOST_DOMAINS = 50, 50
_YEAR_S, _DOMAIN_LENGTH = 31_536_000, 253
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")


class Network(fields.String):
    """A network address, or many of them in CIDR notation; kept as CIDR."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Length(1, 50), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = super()._deserialize(value, attr, data, **options)
        try:
            return str(ipaddress.ip_network(given.strip(), strict=False))
        except ValueError:
            raise ValidationError("A network like 198.51.100.0/24 or 2001:db8::/32.") from None


class Domain(fields.String):
    """A domain of e-mail addresses, kept as the network writes it (IDNA): `xn--bcher-kva.example`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Length(4, _DOMAIN_LENGTH), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = normalised(super()._deserialize(value, attr, data, **options)).strip().rstrip(".").lower()
        try:
            written = given.encode("idna").decode() if len(given) <= _DOMAIN_LENGTH else ""
        except UnicodeError:
            written = ""
        if not _DOMAIN.fullmatch(written):
            raise ValidationError("A domain like example.com.")
        return written


class SignInRule(Wire):
    """What holds for somebody. Whoever has several roles is held to all of their rules together."""

    factors = Some(
        fields.String(validate=validate.OneOf(FACTORS)),
        most=len(FACTORS),
        least=1,
        load_default=None,
        allow_none=True,
        metadata={"description": "What signing in may begin with; null: any"},
    )
    second_factor = fields.Boolean(
        load_default=False, metadata={"description": "Whether an authenticator app or a passkey is asked for"}
    )
    session_seconds = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(300, _YEAR_S),
        metadata={"description": "How long a session lasts at most; null: as long as the installation says"},
    )
    networks = Some(
        Network(),
        most=MOST_NETWORKS,
        least=1,
        load_default=None,
        allow_none=True,
        metadata={"description": "From where alone somebody is let in (CIDR); null: from everywhere"},
    )


class RulesByRole(Wire):
    """Rules for some; a manager is who manages any scope."""

    organisation_administrator = fields.Nested(SignInRule, load_default=None, allow_none=True)
    manager = fields.Nested(SignInRule, load_default=None, allow_none=True)
    compliance_officer = fields.Nested(SignInRule, load_default=None, allow_none=True)
    moderator = fields.Nested(SignInRule, load_default=None, allow_none=True)
    warden = fields.Nested(SignInRule, load_default=None, allow_none=True)
    member = fields.Nested(SignInRule, load_default=None, allow_none=True)
    visitor = fields.Nested(SignInRule, load_default=None, allow_none=True)


class RegistrationRules(Wire):
    """Who may open an account with an e-mail address alone: of which domains, and whether somebody has to approve."""

    domains = Some(Domain(), most=MOST_DOMAINS, least=1, required=True)
    approval = fields.Boolean(load_default=True)


class SignInPolicy(Wire):
    """The whole policy; what is not named is not asked for."""

    example: ClassVar = {
        "everyone": {"factors": None, "second_factor": False, "session_seconds": None, "networks": None},
        "roles": {"organisation_administrator": {"session_seconds": 86_400}},
        "registration": {"domains": ["example.com"], "approval": True},
    }
    everyone = fields.Nested(SignInRule, required=True)
    roles = fields.Nested(RulesByRole, required=True)
    registration = fields.Nested(
        RegistrationRules,
        load_default=None,
        allow_none=True,
        metadata={"description": "Null: accounts are opened by invitation alone"},
    )
