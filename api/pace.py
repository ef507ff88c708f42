"""How often what may be done: the table alone. `api/pacing.py` holds requests to it, docs/limits.md tells it.

A route names its pace where the default of its method does not fit (`api/route.py`). Each pace has a limit for some of
those who may ask too much; the name of a limit, `write-device`, is what a refused one is told. Numbers are for bursts:
so many at once, and as many again, evenly, in each window. What an organisation may do grows with the devices that it
has: a few of them cannot take the time of everybody, and 45,000 are not held up by what is enough for fifty. What one
person may do at once is less than that, or they took the turn of all others.

What has to fit in, and does: a phone that comes back after a day (a thousand queued acts, a day's fixes, every page of
sync), a collection of requests that is run three times at once, ten thousand phones behind one address, and an
organisation of 45,000 people in which an alert wakes every phone.
"""

from enum import StrEnum

from base.counting.buckets import Limit


class Pace(StrEnum):
    """What is done, as far as its pace goes."""

    READ = "read"
    WRITE = "write"
    BATCH = "batch"
    """Much in one request, of what a phone gathered: fixes, region events, reports."""
    QUEUE = "queue"
    """What was done without a network, up to a hundred acts a request."""
    DRAW = "draw"
    """Outlines and files of them, which are dear to take."""
    INVITE = "invite"
    REGISTER = "register"
    """Asking for an account; each may be a mail to somebody."""
    INVITE_MANY = "invite-many"
    """Invitations from a file, a thousand at once."""
    CODE = "code"
    """Codes that are scanned by somebody who is signed in."""
    LOOK_UP = "look-up"
    """Asking after somebody by an id; whatever route answers that there is no such thing counts here as well."""
    SIGN_IN = "sign-in"
    REFRESH = "refresh"
    CONTENT = "content"
    """The words of pushes that came without them."""
    GATE = "gate"
    SERVICE = "service"
    """Everything that a program asks for, beside the pace of each."""
    TOKEN = "token"  # noqa: S105 - the name of a limit
    """Access tokens that are none."""


class By(StrEnum):
    """Whose acts are counted together. A device is a session: one app of one person, or one service."""

    DEVICE = "device"
    PERSON = "person"
    ORGANISATION = "organisation"
    ADDRESS = "address"


_TEN_SECONDS, _TWENTY_SECONDS, _MINUTE, _TEN_MINUTES, _HOUR = 10.0, 20.0, 60.0, 600.0, 3_600.0
# (how many, in how many seconds), and for an organisation: how many more for each device of it that was seen lately.
_NUMBERS: dict[Pace, dict[By, tuple[int, float] | tuple[int, float, int]]] = {
    Pace.READ: {
        By.DEVICE: (600, _MINUTE),
        By.PERSON: (1_200, _MINUTE),
        By.ORGANISATION: (1_200, _TWENTY_SECONDS, 20),
    },
    Pace.WRITE: {
        By.DEVICE: (240, _MINUTE),
        By.PERSON: (480, _MINUTE),
        By.ORGANISATION: (600, _TWENTY_SECONDS, 10),
    },
    Pace.BATCH: {
        By.DEVICE: (240, _TEN_MINUTES),
        By.PERSON: (480, _TEN_MINUTES),
        By.ORGANISATION: (600, _TWENTY_SECONDS, 6),
    },
    Pace.QUEUE: {
        By.DEVICE: (60, _MINUTE),
        By.PERSON: (120, _MINUTE),
        By.ORGANISATION: (150, _TEN_SECONDS, 3),
    },
    Pace.DRAW: {
        By.DEVICE: (120, _MINUTE),
        By.PERSON: (240, _MINUTE),
        By.ORGANISATION: (1_200, _MINUTE),
    },
    Pace.INVITE_MANY: {By.PERSON: (20, _HOUR), By.ORGANISATION: (60, _HOUR)},
    Pace.INVITE: {By.PERSON: (600, _HOUR), By.ORGANISATION: (20_000, _HOUR)},
    Pace.CODE: {
        By.DEVICE: (60, _TEN_MINUTES),
        By.PERSON: (120, _TEN_MINUTES),
        By.ORGANISATION: (600, _TEN_MINUTES, 10),
    },
    Pace.LOOK_UP: {By.DEVICE: (300, _TEN_MINUTES), By.PERSON: (600, _TEN_MINUTES)},
    Pace.SIGN_IN: {By.ADDRESS: (1_200, _TEN_MINUTES)},
    Pace.REFRESH: {By.ADDRESS: (12_000, _TEN_MINUTES)},
    Pace.CONTENT: {By.ADDRESS: (12_000, _TEN_MINUTES)},
    Pace.REGISTER: {By.ADDRESS: (300, _TEN_MINUTES)},
    Pace.GATE: {By.ADDRESS: (60, _TEN_MINUTES)},
    Pace.SERVICE: {By.DEVICE: (600, _MINUTE)},
    Pace.TOKEN: {By.ADDRESS: (1_200, _TEN_MINUTES)},
}

Table = dict[Pace, dict[By, Limit]]


def table(times: int = 1) -> Table:
    """The limits, with so many times the numbers that are written here."""
    return {
        pace: {
            by: Limit(f"{pace}-{by}", most * times, window_s, sum(for_each) * times)
            for by, (most, window_s, *for_each) in limits.items()
        }
        for pace, limits in _NUMBERS.items()
    }


def policy(limits: dict[By, Limit]) -> str:
    """A pace's limits as `RateLimit-Policy` tells them (draft-ietf-httpapi-ratelimit-headers-10).

    That of an organisation is nobody's own, and grows with it: it is told only to whom it holds up.
    """
    return ", ".join(told(limit, limit.most) for by, limit in limits.items() if by is not By.ORGANISATION)


def told(limit: Limit, most: int) -> str:
    """One of them."""
    return f'"{limit.name}";q={most};w={int(limit.window_s)}'
