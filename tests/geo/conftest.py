"""An organisation of one's own, and an index of places that is built when a test says so."""

from collections.abc import Iterator

import pytest

from geo.lookup.indexes import PlaceIndexes
from tests.world import Organisation, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


@pytest.fixture
def indexes(world: World) -> Iterator[PlaceIndexes]:
    """The indexes that the application asks, without a background: a test says when one is built."""
    made = PlaceIndexes(world.web)
    world.app.extensions["hereabouts_place_indexes"] = made
    yield made
    del world.app.extensions["hereabouts_place_indexes"]
