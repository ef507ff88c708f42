"""What an organisation asks of those who sign in: by which factors, how many, for how long, from which networks.

A policy has a rule for everyone and rules by role. Somebody is held to all that are of them together: whoever has one
more role is never held to less. It is judged as a session opens and whenever its tokens are refreshed; the networks
also with every request, which learns them from the statement that loads its actor (`people/sign_in/asking.py`).
"""

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden
from people.audience import live_grant
from people.models import Membership, Person, RoleGrant
from people.permissions import ADMINISTRATOR, COMPLIANCE_OFFICER, MODERATOR, VISITOR, WARDEN
from people.sign_in.models import SignInPolicy
from people.sign_in.ways import FIRST, Factor, Way, is_two_factors, known_address, opens_account

EVERYONE, MANAGER = "everyone", "manager"
GRANTED = (COMPLIANCE_OFFICER, MODERATOR, WARDEN)
ROLES = (ADMINISTRATOR, MANAGER, *GRANTED, "member", VISITOR)


class FactorRefused(Forbidden):
    """The organisation lets nobody with this role sign in by this; `factors` are those that it does."""

    code, title = "factor_refused", "Your organisation does not let you sign in this way"


class NetworkRefused(Forbidden):
    """The request comes from a network from which the organisation lets nobody with this role in."""

    code, title = "network_refused", "Your organisation lets nobody in from this network"


@dataclass(frozen=True)
class Rule:
    """What holds for somebody. None: any factor; as long as the installation says. `networks`: one of each list."""

    factors: frozenset[str] | None = None
    second_factor: bool = False
    session_seconds: int | None = None
    networks: tuple[tuple[str, ...], ...] = ()

    def allows(self, factors: Collection[str]) -> bool:
        """Whether a session of these factors may be."""
        if Factor.PIN in factors and self.second_factor:  # on a tablet nobody is asked for more
            return False
        if opens_account(factors) or self.factors is None:
            return True
        return not self.factors.isdisjoint(factors)

    @property
    def lets_in_by(self) -> list[str]:
        """The factors that signing in may begin with."""
        return [factor for factor in FIRST if self.allows((factor,))]

    def lacks_second(self, factors: Collection[str]) -> bool:
        """Whether a second factor has to be proven beside these. A visitor from the gate has none, and one device."""
        return self.second_factor and not is_two_factors(factors) and Factor.GATE not in factors


FREE = Rule()


def rule_for(session: Session, organisation_id: UUID, person_id: UUID) -> Rule:
    """What the organisation asks of a person."""
    policy = session.get(SignInPolicy, organisation_id)
    if policy is None:
        return FREE
    return combined(policy.rules, roles_of(session, person_id))


def roles_of(session: Session, person_id: UUID) -> list[str]:
    """The roles of a person that a policy may name."""
    given = select(func.array_agg(RoleGrant.role)).where(RoleGrant.person_id == person_id, *live_grant())
    now = clock.now()
    role = case((Person.role_ends_at <= now, "member"), else_=Person.role)
    held = select(role, manages_something(Person.id, now), given.scalar_subquery())
    role, manages, grants = session.execute(held.where(Person.id == person_id)).one()
    return names_of(role, manages, grants or ())


def names_of(role: str, manages: bool, grants: Iterable[str | None]) -> list[str]:
    """The roles that a policy may name, of somebody with this role who manages a scope or not, and was given others."""
    named = [each for each in grants if each in GRANTED]
    return [role, *named, MANAGER] if manages else [role, *named]


def manages_something(person_id: Any, now: Any) -> Any:
    """The condition that a person manages any scope at a moment."""
    return exists().where(
        Membership.person_id == person_id,
        Membership.role == "manager",
        Membership.ended_at.is_(None),
        or_(Membership.ends_at.is_(None), Membership.ends_at > now),
        or_(Membership.role_ends_at.is_(None), Membership.role_ends_at > now),
    )


def combined(rules: Mapping[str, Any], roles: Iterable[str]) -> Rule:
    """All that is asked of somebody with these roles."""
    held = [rules[role] for role in (EVERYONE, *roles) if rules.get(role) is not None]
    allowed = [frozenset(rule["factors"]) for rule in held if rule["factors"] is not None]
    lasts = [rule["session_seconds"] for rule in held if rule["session_seconds"] is not None]
    return Rule(
        factors=frozenset.intersection(*allowed) if allowed else None,
        second_factor=any(rule["second_factor"] for rule in held),
        session_seconds=min(lasts, default=None),
        networks=tuple(tuple(rule["networks"]) for rule in held if rule["networks"] is not None),
    )


def check_way(rule: Rule, way: Way) -> None:
    """Raise `NetworkRefused` or `FactorRefused` where nobody of them comes in this way."""
    check_networks(rule.networks, way.address)
    if not rule.allows(way.factors):
        raise FactorRefused(factors=rule.lets_in_by)


def check_networks_of(
    networks: Mapping[str, Sequence[str]] | None, roles: Iterable[str], address: str | None
) -> None:
    """The same for the networks of a policy by role, of which these roles are somebody's."""
    if networks is not None:
        check_networks([networks[role] for role in (EVERYONE, *roles) if role in networks], address)


def check_networks(networks: Sequence[Sequence[str]], address: str | None) -> None:
    """Raise `NetworkRefused` unless the address is in a network of each list; one that is not known is in none."""
    if any(not _is_within(tuple(listed), address) for listed in networks):
        raise NetworkRefused


@lru_cache(4_096)
def _is_within(networks: tuple[str, ...], address: str | None) -> bool:
    known = known_address(address)
    if known is None:
        return False
    return any(ipaddress.ip_address(known) in ipaddress.ip_network(network) for network in networks)
