"""The world of `bench.place`: zones in a grid, in memory or in the database, and devices that are signed in."""

import json
import random
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from psycopg2.extras import execute_values
from shapely import MultiPolygon
from sqlalchemy import insert

from base import clock, ids
from bench.stage import TOKENS_LAST_S
from geo.models.privacy import Consent
from people.models import Person
from people.sign_in.sessions import start_session
from people.sign_in.tokens import TokenMaker
from people.sign_in.ways import Factor, Way
from tests.world import Organisation, World

LON, LAT = 7.0, 46.0
LON_STEP, LAT_STEP = 0.0020, 0.0014  # about 155 m each way
_LON_RADIUS, _LAT_RADIUS = 0.00095, 0.00066
STEP_S = 2.0
_WAY = Way((Factor.PASSWORD,))


@dataclass(frozen=True)
class Zones:
    """Irregular polygons of 8 to 40 corners, `side` a row, that nearly touch; some overlap a little."""

    polygons: list[MultiPolygon]
    side: int

    def centre(self, number: int) -> tuple[float, float]:
        """The middle of a zone, in degrees."""
        return LON + number % self.side * LON_STEP, LAT + number // self.side * LAT_STEP

    def points(self, count: int, seed: int = 1) -> np.ndarray:
        """Random points all over the grid."""
        far = self.centre(len(self.polygons) - 1)[1] + LAT_STEP / 2
        low = (LON - LON_STEP / 2, LAT - LAT_STEP / 2)
        return np.random.default_rng(seed).uniform(low, (LON + self.side * LON_STEP, far), (count, 2))


def make_zones(count: int) -> Zones:
    """The same zones each time."""
    rng, side = np.random.default_rng(0), int(count**0.5) + 1
    zones = Zones([], side)
    for number in range(count):
        lon, lat = zones.centre(number)
        corners = int(rng.integers(8, 41))
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 0.5 / corners, corners)
        radius = rng.uniform(0.85, 1.1, corners)
        ring = np.column_stack(
            (lon + _LON_RADIUS * radius * np.cos(angle), lat + _LAT_RADIUS * radius * np.sin(angle))
        )
        zones.polygons.append(MultiPolygon([shapely.Polygon(ring)]))
    return zones


def store_zones(world: World, organisation: Organisation, zones: Zones) -> None:
    """Put the zones into one site, as an import would have long ago: without events."""
    site = organisation.site(at=(LON, LAT + 1))
    world.relays()
    numbered = [
        (str(ids.new_id()), f"Zone {n}", shapely.to_wkb(zone, hex=True))
        for n, zone in enumerate(zones.polygons)
    ]
    scope = f"(%s, '{organisation.id}', 'zone', '{site}', %s, 'present')"
    place = f"(%s, '{organisation.id}', 'zone', '{site}', %s, ST_GeomFromWKB(decode(%s, 'hex'), 4326))"
    connection = world.worker.engine.raw_connection()
    with closing(connection.cursor()) as cursor:
        names = [(zone_id, name) for zone_id, name, _ in numbered]
        into = "INSERT INTO scopes (id, organisation_id, kind, parent_id, name, admission) VALUES %s"
        execute_values(cursor, into, names, scope, page_size=1000)
        into = "INSERT INTO places (id, organisation_id, kind, site_id, name, boundary) VALUES %s"
        execute_values(cursor, into, numbered, place, page_size=1000)
    connection.commit()
    connection.close()


def sign_in_devices(world: World, organisation: Organisation, count: int) -> list[str]:
    """Access tokens of as many persons, each with a device and having consented to presence."""
    maker = TokenMaker(world.settings.secret_key, TOKENS_LAST_S)
    tokens = []
    with world.worker.transaction(organisation.id) as session:
        for number in range(count):
            person: UUID = ids.new_id()
            session.execute(
                insert(Person).values(
                    id=person,
                    organisation_id=organisation.id,
                    email=f"p{number}@example.com",
                    name=f"Person {number}",
                )
            )
            session.execute(
                insert(Consent).values(
                    id=ids.new_id(),
                    organisation_id=organisation.id,
                    person_id=person,
                    kind="presence",
                    text_version="1",
                    given_at=clock.now(),
                )
            )
            app: dict[str, Any] = {"installation_id": f"bench-{number:04}", "platform": "android"}
            signed_in, _ = start_session(session, maker, 3600, organisation.id, person, app, _WAY)
            tokens.append(signed_in.access_token)
    return tokens


class Walker:
    """A device that stays in a zone, with a few metres of noise, and now and then walks over to the next one."""

    def __init__(self, zones: Zones, number: int, began: float) -> None:
        self._zones, self._random, self._at = zones, random.Random(number), began
        self._zone = number * 37 % len(zones.polygons)

    def batch(self, size: int, crosses: bool) -> bytes:
        """The next fixes, `STEP_S` seconds apart, as a request's body."""
        before = self._zones.centre(self._zone)
        if crosses:
            self._zone += 1 if (self._zone + 1) % self._zones.side else 1 - self._zones.side
            self._zone %= len(self._zones.polygons)
        after = self._zones.centre(self._zone)
        fixes = []
        for number in range(size):
            share = min(1.0, number / 5)
            lon, lat = (old + (new - old) * share for old, new in zip(before, after, strict=True))
            self._at += STEP_S
            fixes.append(
                {
                    "at": _moment(self._at),
                    "lon": round(lon + self._random.gauss(0, 0.00006), 7),
                    "lat": round(lat + self._random.gauss(0, 0.00004), 7),
                    "accuracy": round(self._random.uniform(4, 16), 1),
                    "speed": 0.2,
                }
            )
        return json.dumps({"fixes": fixes}).encode()


def _moment(at: float) -> str:
    return np.datetime64(round(at * 1000), "ms").item().isoformat(timespec="milliseconds") + "Z"
