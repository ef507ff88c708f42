"""What the tests of roll calls stand on; a file may have its own."""

import pytest

from tests.stories.checkins import marker
from tests.world import Organisation, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site()


@pytest.fixture
def gate(org: Organisation, site: str) -> str:
    """A printed code that lets visitors in."""
    return marker(org, site, admits_visitors_hours=8)
