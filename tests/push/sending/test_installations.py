"""A phone that goes from one organisation to another: the former person's pushes never show on it."""

import pytest

from tests.push.outgoing import goes_out
from tests.stories.pushes import followed, plans, reachable
from tests.stories.sessions import takes_over
from tests.world import Organisation, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return followed(fresh_world)


def test_whoever_signs_in_elsewhere_on_a_phone_gets_nothing_of_its_former_person(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, carol = reachable(org, "Alice", site), reachable(org, "Carol", site)
    other = org.world.organisation("Other")
    other.person("Bob")
    org.admin.posts(site, "queued before")
    plans(org.world)
    takes_over(other, alice, "Bob")
    org.admin.posts(site, "said after")
    pushes, dropped = goes_out(org)
    assert {push.address.split("-")[0] for push in pushes} == {"Carol"}
    assert (len(pushes), dropped) == (2, ["no_address"])
    assert carol.get("/v1/me")["device"]["push"]["registered"] is True


def test_the_own_phone_keeps_its_address_when_one_signs_in_again(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice = reachable(org, "Alice", site)
    takes_over(org, alice, "Alice")
    org.admin.posts(site, "hello")
    assert len(goes_out(org)[0]) == 1
