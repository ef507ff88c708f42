"""An index of places that is built when a test says so."""

from geo.lookup.indexes import PlaceIndexes
from tests.world import Organisation


def ready(indexes: PlaceIndexes, org: Organisation) -> None:
    """Relay what is there, build, and hold that the next request will ask the index."""
    org.world.relays()
    indexes.build(org.id)
    assert asks_the_index(indexes, org)


def asks_the_index(indexes: PlaceIndexes, org: Organisation) -> bool:
    """Whether the next request will ask the index, and not the database."""
    with org.world.web.transaction(org.id) as session:
        return indexes.current(session, org.id) is not None
