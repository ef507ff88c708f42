"""The installation's signing keys: several are good at once, and a new one takes over without signing anybody out.

The table `signing_keys` has their names and times, and nothing secret: a key is derived from the installation's secret,
its purpose and its name. Processes look at the table as they start, then every `LOOK_S`, and when a token names a key
that they do not know, yet once a second at most: whoever makes names up does not make work of them.

    rotated ── every process has looked ── the new one signs ── the longest token of the former is over ── it ends
            └──────── LEARNED_WITHIN ────┘                    └────────────── LONGEST ───────────────┘
"""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from base import clock
from base.database import Database
from base.keys import derived, name
from base.logs import logger
from people.sign_in.models import SigningKey

log = logger(__name__)
LOOK_S = 30.0
LEARNED_WITHIN = timedelta(seconds=2 * LOOK_S)
# What a token may last, and what clocks may differ.
LONGEST = timedelta(seconds=900 + 60)
_LOOKS_APART_S = 1.0
ACCESS, CONTENT = b"access token", b"push credential"
_ALONE = text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")


class RotationUnderWay(Exception):
    """A key was made lately that not every process knows yet."""


class Known(NamedTuple):
    """A row of `signing_keys`: from when it signs, and until when what it signed is read (None: it goes on)."""

    kid: str
    signs_from: datetime
    ends_at: datetime | None


# The key of an installation whose keys were never changed, and whose table is empty.
FIRST = Known("first", datetime(2026, 1, 1, tzinfo=UTC), None)


class _Key(NamedTuple):
    """A key for a purpose. `signs`: it is of the present secret; those of the former one are only read."""

    secret: bytes
    row: Known
    signs: bool


class Keys:
    """The signing keys of one process. `look` reads the table; never inside of a transaction."""

    def __init__(
        self, secret: str, former: str | None = None, look: Callable[[], Sequence[Known]] = lambda: (FIRST,)
    ) -> None:
        self._secrets = (former, secret)
        self._look = look
        self._rows: Sequence[Known] = ()
        self._by_purpose: dict[bytes, dict[str, _Key]] = {}
        self._looked_s = float("-inf")
        self._turn = threading.Lock()

    @property
    def are_known(self) -> bool:
        """Whether this process has looked."""
        return bool(self._rows)

    def look(self) -> None:
        """Read the table."""
        with self._turn:
            self._learn()

    def follow(self, wait: Callable[[float], object]) -> None:
        """Look every `LOOK_S`, until `wait` says to stop; where the table cannot be had, what is known goes on."""
        while True:
            try:
                self.look()
            except SQLAlchemyError as error:
                log.warning("keys_not_read", error=type(error).__name__)
            if wait(LOOK_S):
                return

    def signing(self, purpose: bytes) -> tuple[str, bytes]:
        """The key to sign with at this moment, and what tokens call it: the newest whose time has come.

        Where the time of none has, by this process's clock, the first to come.
        """
        if not self._rows:
            self.look()
        now = clock.now()
        ours = [(key.row.signs_from, name) for name, key in self._of(purpose).items() if _may_sign(key, now)]
        come = [(signs_from, name) for signs_from, name in ours if signs_from <= now]
        _, name = max(come) if come else min(ours)
        return name, self._of(purpose)[name].secret

    def named(self, purpose: bytes, name: str) -> bytes | None:
        """The key that a token names; None where there is none, or no more."""
        if name not in self._of(purpose):
            self._look_once()
        key = self._of(purpose).get(name)
        return None if key is None or _is_over(key.row, clock.now()) else key.secret

    def _look_once(self) -> None:
        """Look, unless that was done in the last second: by whoever had the turn before, too."""
        with self._turn:
            if time.monotonic() - self._looked_s > _LOOKS_APART_S:
                self._learn()

    def _learn(self) -> None:
        self._rows, self._by_purpose = self._look(), {}
        self._looked_s = time.monotonic()

    def _of(self, purpose: bytes) -> dict[str, _Key]:
        """The keys for a purpose by what tokens call them: a name of the secret, the purpose and the row."""
        if purpose not in self._by_purpose:
            made = (
                _Key(derived(secret, b"%b %b" % (purpose, row.kid.encode())), row, present)
                for secret, present in zip(self._secrets, (False, True), strict=True)
                for row in self._rows
                if secret is not None
            )
            self._by_purpose[purpose] = {name(key.secret): key for key in made}
        return self._by_purpose[purpose]


def _may_sign(key: _Key, now: datetime) -> bool:
    return key.signs and not _is_over(key.row, now)


def _is_over(row: Known, now: datetime) -> bool:
    return row.ends_at is not None and row.ends_at <= now


def keys_of(secret: str, former: str | None, database: Database) -> Keys:
    """The keys of an installation, as its database has them."""
    return Keys(secret, former, partial(_rows_of, database))


def _rows_of(database: Database) -> Sequence[Known]:
    asked = select(SigningKey.kid, SigningKey.signs_from, SigningKey.ends_at).order_by(SigningKey.signs_from)
    with database.transaction() as session:
        rows = session.execute(
            asked.where(or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > func.now()))
        )
        return [Known(*row) for row in rows] or (FIRST,)


def rotate(session: Session, *, at_once: bool = False) -> Known:
    """Make another key, which signs as soon as every process knows it; what the former ones signed is read as long as
    it lasts. `at_once`: the former ones end now, and apps refresh. Raises `RotationUnderWay`.
    """
    session.execute(_ALONE)
    session.execute(insert(SigningKey).values(FIRST._asdict()).on_conflict_do_nothing())
    now = clock.now()
    if not at_once and session.scalar(select(SigningKey.kid).where(SigningKey.signs_from > now)):
        raise RotationUnderWay
    signs_from = now if at_once else now + LEARNED_WITHIN
    ends_at = now if at_once else signs_from + LONGEST
    former = update(SigningKey).where(or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > ends_at))
    session.execute(former.values(ends_at=ends_at))
    made = SigningKey(kid=secrets.token_hex(8), made_at=now, signs_from=signs_from)
    session.add(made)
    session.flush()
    return Known(made.kid, signs_from, None)
