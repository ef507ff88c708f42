"""Stays that a phone tells of when they are over: it had no network all the while."""

import time

from tests.stories.fixes import FAR, GATE, stands
from tests.stories.regions import tells_later, word
from tests.stories.times import ago
from tests.world import Phone


def was_there(
    phone: Phone, *places: str, came: float = 3, left: float = 1, judged_by: str = "region"
) -> None:
    """Tell at last of a stay in each of the places, from and until so many hours ago, by the phone's own geofences."""
    for place in places:
        went_in = word("enter", place, ago(hours=came), judged_by)
        tells_later(phone, went_in, word("exit", place, ago(hours=left), judged_by))


def stood_there(phone: Phone, came: float = 3, left: float = 1, **members: object) -> None:
    """Send at last the fixes of a stay at the gate, and of the way from it, from and until so many hours ago."""
    now = time.time()
    stands(phone, GATE, now - 3600 * came, **members)
    stands(phone, GATE, now - 3600 * left, **members)
    stands(phone, FAR, now - 3600 * left + 120, **members)
