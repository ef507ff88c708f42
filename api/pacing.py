"""Holds every request to the table of paces (`api/pace.py`), before anything dear is done for it.

    public       address ─▶ body …
    otherwise    token ─▶ good: device, person, organisation ─▶ body …
                       └▶ none of ours: address ─▶ 401

A good token is never refused for what others do at the same address: a whole hospital has one. Whose session it is, the
token does not say. A process learns it as the session's first request loads its person, who is counted then; from the
second on they are counted before the body is read.

An answer that there is no such thing counts as a look-up. Who has had too many is held up where a path names an id;
sync, the outbox and everything of one's own go on.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from ipaddress import IPv6Address, ip_address

from flask import Flask, Response, current_app, g, request

from api.held import HeldByPace
from api.pace import By, Pace, Table, policy, table, told
from api.route import Declaration
from base.counting.buckets import Buckets, Limit, Who
from base.counting.crowds import Crowds
from base.doing import ASKER
from base.errors import TooManyRequests, Unauthenticated
from base.settings import Settings
from people.actor import Actor
from people.sign_in.statements import TokenExpired
from people.sign_in.tokens import AccessClaims

_NAME = "hereabouts_paces"
_MOST_SESSIONS = 50_000


Asker = tuple[By, Who]


class Paces:
    """The limits of one process, and who is known to have which session."""

    def __init__(self, settings: Settings, buckets: Buckets | None = None) -> None:
        self.buckets = buckets or Buckets()
        self.limits: Table = table(settings.pace) if settings.pace else {pace: {} for pace in Pace}
        self.policies = {pace: policy(limits) for pace, limits in self.limits.items() if limits}
        self.persons: dict[int, int] = {}
        self.devices = Crowds()
        self.held = HeldByPace()
        if settings.redis_url is not None:  # its library is dear, and one process has no use for it
            shared = import_module("base.counting.shared_buckets")
            shared.SharedBuckets(self.buckets, settings.redis_url, settings.secret_key)

    def count(self, pace: Pace, *askers: Asker, cost: int = 1, devices: int = 0) -> None:
        """Count a request; `devices` are those of the organisation.

        Raises `TooManyRequests` with the limit's name where there were too many; then it counts for nobody.
        """
        limits = self.limits[pace]
        for place, (by, who) in enumerate(askers):
            if (limit := limits.get(by)) is None:
                continue
            room_s = self.buckets.take(limit, who, cost, devices)
            if room_s < 0:
                self._put_back(pace, askers[:place], cost)
                if by is By.ORGANISATION:
                    g.policy = told(limit, limit.most_of(devices))
                raise _refusal(pace, limit, room_s)
            if by is not By.ORGANISATION:
                _note(pace, limit, room_s)

    def _put_back(self, pace: Pace, askers: Sequence[Asker], cost: int) -> None:
        """What was taken for a request that is refused after all."""
        for by, who in askers:
            if (limit := self.limits[pace].get(by)) is not None:
                self.buckets.put_back(limit, who, cost)

    def check(self, pace: Pace, *askers: Asker) -> None:
        """As `count`, and nothing is counted."""
        limits = self.limits[pace]
        for by, who in askers:
            if (limit := limits.get(by)) is not None and (room_s := self.buckets.look(limit, who)) < 0:
                raise _refusal(pace, limit, room_s)

    def count_miss(self, *askers: Asker) -> None:
        """One more that was looked up in vain; the next one may be refused."""
        limits = self.limits[Pace.LOOK_UP]
        for by, who in askers:
            if (limit := limits.get(by)) is not None:
                self.buckets.take(limit, who)

    def let_go(self, organisation: int, person: int) -> None:
        """Give a person, and all of their sessions that are known here, back what they have taken."""
        sessions = [session for session, theirs in self.persons.items() if theirs == person]
        for limits in self.limits.values():
            for by, limit in limits.items():
                for who in {By.PERSON: [person], By.DEVICE: sessions}.get(by, ()):
                    self.buckets.fill(limit, who)
        self.held.forget(organisation, person)

    def learn(self, session: int, person: int) -> bool:
        """Whose session it is; returns whether that is news."""
        if session in self.persons:
            return False
        if len(self.persons) >= _MOST_SESSIONS:
            self.persons.clear()
        self.persons[session] = person
        return True


def register_pacing(app: Flask, settings: Settings) -> Paces:
    """Count with this application's own buckets, and tell in every answer what is left."""
    paces = app.extensions[_NAME] = Paces(settings)
    app.after_request(_told)
    return paces


def paces_of(app: Flask) -> Paces:
    """An application's own."""
    return app.extensions[_NAME]


def admitted(declared: Declaration, read_token: Callable[[], AccessClaims]) -> AccessClaims | None:
    """What the request's token says, None where it needs none. Raises `TooManyRequests`, and what `read_token` does."""
    paces = paces_of(current_app)
    if declared.public:
        paces.count(declared.paced, (By.ADDRESS, _address()))
        return None
    try:
        claims = read_token()
    except TokenExpired:  # no guess: it was one of ours
        raise
    except Unauthenticated:
        paces.count(Pace.TOKEN, (By.ADDRESS, _address()))
        raise
    session = claims.session_id.int
    person = paces.persons.get(session)
    one: tuple[Asker, ...] = ((By.DEVICE, session),)
    if person is not None:
        one = (*one, (By.PERSON, person))
    g.asker = one
    organisation = claims.organisation_id.int
    g.whose = None if person is None else (organisation, person)
    if "<" in declared.path:
        paces.check(Pace.LOOK_UP, *one)
    devices = paces.devices.saw(organisation, session)
    paces.count(declared.paced, *one, (By.ORGANISATION, organisation), devices=devices)
    if claims.token_digest is not None:
        paces.count(Pace.SERVICE, (By.DEVICE, session))
    return claims


def check_guesses() -> None:
    """Raise `TooManyRequests` where the request's address has tried too many tokens; nothing is counted."""
    paces_of(current_app).check(Pace.TOKEN, (By.ADDRESS, _address()))


def known(declared: Declaration, actor: Actor) -> None:
    """The request's person is loaded: count a session's first request, which could not be counted for them before."""
    ASKER.set(str(actor.person_id))
    paces = paces_of(current_app)
    if paces.learn(actor.session_id.int, actor.person_id.int):
        paces.count(declared.paced, (By.PERSON, actor.person_id.int))


def count_within(actor: Actor, pace: Pace, times: int) -> None:
    """A request does, so many times, what has a pace of its own; raises `TooManyRequests` for all of it."""
    if times:
        session, organisation = actor.session_id.int, actor.organisation_id.int
        paces = paces_of(current_app)
        askers = (By.DEVICE, session), (By.PERSON, actor.person_id.int), (By.ORGANISATION, organisation)
        paces.count(pace, *askers, cost=times, devices=paces.devices.saw(organisation, session))


def _note(pace: Pace, limit: Limit, room_s: float) -> None:
    """Remember the limit of which least is left."""
    share = room_s / limit.window_s
    least = g.get("least_room")
    if least is None or share < least[0]:
        g.least_room = (share, pace, limit, room_s)


def _refusal(pace: Pace, limit: Limit, room_s: float) -> TooManyRequests:
    g.least_room = (room_s, pace, limit, room_s)
    whose: tuple[int, int] | None = g.get("whose")
    if whose is not None and not limit.name.endswith(By.ORGANISATION):
        paces_of(current_app).held.note(whose[0], whose[1], limit.name, -room_s)
    return TooManyRequests(headers={"Retry-After": str(math.ceil(-room_s))}, limit=limit.name)


def _told(response: Response) -> Response:
    """Tell the limits of the request's pace, and what is left of the one that will be reached first."""
    if (least := g.get("least_room")) is None:
        return response
    _, pace, limit, room_s = least
    paces = paces_of(current_app)
    full_in_s = math.ceil(limit.window_s - max(room_s, 0.0))
    response.headers["RateLimit-Policy"] = g.get("policy") or paces.policies[pace]
    response.headers["RateLimit"] = f'"{limit.name}";r={limit.left(room_s)};t={full_in_s}'
    if response.status_code == 404 and (asker := g.get("asker")) is not None:
        paces.count_miss(*asker)
    return response


@lru_cache(4096)
def _network(address: str) -> str:
    """An address as it is counted: of IPv6 the first half, which one line has to itself."""
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> 64:x}"


def _address() -> str:
    given = request.remote_addr or ""
    try:
        return _network(given)
    except (
        ValueError
    ):  # a socket without a name, or a proxy that lets callers say what they like: all are one
        return "none"
