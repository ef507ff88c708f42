"""Those who ask too much, and a clock that a story turns to let time go by."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from api.pace import By, Pace
from api.pacing import paces_of
from base.counting.buckets import Buckets
from tests.world import Organisation, Phone, World


@dataclass
class Hours:
    """The clock by which a world counts."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at

    def go_by(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds


def hours_of(world: World, monkeypatch: pytest.MonkeyPatch) -> Hours:
    """The clock of a world, which stands still from now on."""
    hours = Hours()
    monkeypatch.setattr(paces_of(world.app), "buckets", Buckets(hours))
    return hours


def asks_until_refused(phone: Phone, path: str, most: int) -> tuple[int, TestResponse]:
    """GET again and again; how many were answered before the first that was told to wait, and what that was told."""
    for count in range(most + 1):
        answer = phone.request("GET", path)
        if answer.status_code == 429:
            return count, answer
    raise AssertionError(f"{most} times {path}, and nobody minded")


def has_asked(phone: Phone, times: int, pace: Pace = Pace.READ) -> None:
    """Somebody has asked so often already, by this phone."""
    paces = paces_of(phone.organisation.world.app)
    for by, who in ((By.DEVICE, UUID(phone.session_id).int), (By.PERSON, UUID(phone.id).int)):
        paces.buckets.take(paces.limits[pace][by], who, times)


def another_phone(org: Organisation, phone: Phone) -> Phone:
    """A further device of somebody."""
    return org.signs_in(f"{phone.name.lower()}@example.com", phone.name)


def others_took(world: World, pace: Pace, by: By, who: int | str) -> None:
    """All that there is was taken, by whatever ways."""
    paces = paces_of(world.app)
    limit = paces.limits[pace][by]
    paces.buckets.hear((limit, who), limit.window_s)


def refusal(phone: Phone, method: str, path: str, body: Any = None) -> str:
    """The name of the limit by which a request is refused."""
    answer = phone.request(method, path, body)
    assert answer.status_code == 429, answer.get_data(as_text=True)
    assert int(answer.headers["Retry-After"]) >= 1
    return answer.get_json()["limit"]
