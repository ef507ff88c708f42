"""Days around a building of 60 m: a smoker at the door, the car park, a train that stops, a phone without a network.

Positions err as GPS does: the error lasts for a minute, so that fixes one after the other repeat it.
"""

import math
import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from shapely import MultiPolygon, box

from geo.engine.transitions import Fence, Fix
from tests.geo.engine.fences import IN, OUT, PLACE, Fences, told

METRE = 1 / 111_320
LON = METRE / math.cos(math.radians(37.5))
HALF = 30.0
BUILDING: Fences = {
    PLACE: Fence(
        MultiPolygon([box(127 - HALF * LON, 37.5 - HALF * METRE, 127 + HALF * LON, 37.5 + HALF * METRE)])
    )
}
WALKS, CREEPS, DRIVES, RIDES = 1.3, 4.0, 9.0, 22.0


class Day:
    """A phone that goes about, and a fix every five seconds."""

    def __init__(self, seed: int, accuracy: float, east: float, north: float = 0.0) -> None:
        self._random, self._accuracy = random.Random(seed), accuracy
        self._where, self._error = (east, north), (0.0, 0.0)
        self._now = 0.0
        self.fixes: list[Fix] = []

    def goes(self, speed: float, east: float, north: float = 0.0) -> "Day":
        """To a place in a straight line."""
        began, (west, south) = self._now, self._where
        seconds = math.hypot(east - west, north - south) / speed
        for after in self._every_5_s(seconds):
            share = (after - began) / seconds
            self._reports(west + (east - west) * share, south + (north - south) * share, speed)
        self._where = (east, north)
        return self

    def stays(self, seconds: float) -> "Day":
        """Where it is."""
        for _ in self._every_5_s(seconds):
            self._reports(*self._where, 0.0)
        return self

    def is_silent(self, seconds: float, east: float) -> "Day":
        """Without a word, and then somewhere else, or not."""
        self._now += seconds
        self._where = (east, 0.0)
        return self

    def _every_5_s(self, seconds: float) -> Iterator[float]:
        end = self._now + seconds
        while self._now + 5 <= end:
            self._now += 5
            yield self._now

    def _reports(self, east: float, north: float, speed: float) -> None:
        lasting, fresh = math.exp(-5 / 60), math.sqrt(1 - math.exp(-10 / 60)) * self._accuracy / 1.5
        drift_east, drift_north = (
            lasting * error + fresh * self._random.gauss(0, 1) for error in self._error
        )
        self._error = (drift_east, drift_north)
        lon, lat = 127 + (east + drift_east) * LON, 37.5 + (north + drift_north) * METRE
        self.fixes.append(Fix(self._now, lon, lat, self._accuracy, speed))


def heard(day: Day) -> list[bool]:
    """Whether in or out, one after the other; never within a minute."""
    events = told(*day.fixes, fences=BUILDING)
    moments = [moment for _, moment in events]
    assert all(later - earlier > 60 for earlier, later in pairwise(moments))
    return [entered for entered, _ in events]


noisy = pytest.mark.parametrize(
    ("seed", "accuracy"), [(n, accuracy) for n in range(5) for accuracy in (5, 12)]
)


@noisy
def test_who_smokes_at_the_door_has_not_left(seed: int, accuracy: float) -> None:
    day = Day(seed, accuracy, -400).goes(WALKS, 0).stays(900)
    day.goes(WALKS, HALF + 15).stays(480).goes(WALKS, 0).stays(900)
    assert heard(day) == [IN]
    assert heard(day.goes(WALKS, -400).stays(120)) == [IN, OUT]


@noisy
def test_who_parks_in_front_is_in_when_they_walk_in_and_out_when_they_sit_in_the_car(
    seed: int, accuracy: float
) -> None:
    day = Day(seed, accuracy, 1_500).goes(DRIVES, HALF + 80).stays(90)
    assert heard(day) == []
    assert heard(day.goes(WALKS, 0).stays(1_500)) == [IN]
    assert heard(day.goes(WALKS, HALF + 90).stays(120)) == [IN, OUT]
    assert heard(day.goes(DRIVES, 1_500)) == [IN, OUT]


@noisy
def test_a_train_that_stops_beside_the_building_does_not_visit_it(seed: int, accuracy: float) -> None:
    track = HALF + 30
    day = Day(seed, accuracy, -3_000, track).goes(RIDES, -300, track).goes(CREEPS, 0, track).stays(120)
    assert heard(day.goes(CREEPS, 300, track).goes(RIDES, 3_000, track)) == []


@noisy
@pytest.mark.parametrize("seconds", [700, 3 * 3_600])
def test_who_is_elsewhere_after_a_silence_has_left_once(seed: int, accuracy: float, seconds: float) -> None:
    day = Day(seed, accuracy, -400).goes(WALKS, 0).stays(900).is_silent(seconds, 600).stays(300)
    assert heard(day) == [IN, OUT]


@noisy
def test_who_is_there_after_a_silence_was_there_all_the_time(seed: int, accuracy: float) -> None:
    day = Day(seed, accuracy, -400).goes(WALKS, 0).stays(900).is_silent(3 * 3_600, 0).stays(300)
    assert heard(day) == [IN]
