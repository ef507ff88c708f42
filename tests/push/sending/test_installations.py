"""A phone that goes from one organisation to another: the former person's pushes never show on it."""

from typing import Any

import pytest

from tests.push.outgoing import goes_out
from tests.push.planning import plans, reachable
from tests.world import PASSWORD, Organisation, Phone


@pytest.fixture
def org(fresh_world: Any) -> Organisation:
    made = fresh_world.organisation()
    plans(fresh_world)
    return made


def signs_in_on(former: Phone, org: Organisation, name: str) -> None:
    account = {"organisation": org.slug, "email": f"{name.lower()}@example.com", "password": PASSWORD}
    Phone(org, name).post("/v1/sessions", {**account, "device": former.app}, 201)


def test_whoever_signs_in_elsewhere_on_a_phone_gets_nothing_of_its_former_person(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, carol = reachable(org, "Alice", site), reachable(org, "Carol", site)
    other = org.world.organisation("Other")
    other.person("Bob")
    org.admin.posts(site, "queued before")
    plans(org.world)
    signs_in_on(alice, other, "Bob")
    org.admin.posts(site, "said after")
    pushes, dropped = goes_out(org)
    assert {push.address.split("-")[0] for push in pushes} == {"Carol"}
    assert (len(pushes), dropped) == (2, ["no_address"])
    assert carol.get("/v1/me")["device"]["push"]["registered"] is True


def test_the_own_phone_keeps_its_address_when_one_signs_in_again(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice = reachable(org, "Alice", site)
    signs_in_on(alice, org, "Alice")
    org.admin.posts(site, "hello")
    assert len(goes_out(org)[0]) == 1
