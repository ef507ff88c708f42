"""What was emptied in time still tells a phone what to do: which thing is over, and when to ask what is its own."""

import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from base import clock
from geo.privacy.retention import forget_old_presence
from journal.catalogue import CATALOGUE
from tests.reference.accidents import Network
from tests.reference.client import ReferenceClient
from tests.reference.store import Store
from tests.stories.events import head
from tests.stories.journal import fault
from tests.world import Organisation, Phone, World


def yard(org: Organisation) -> str:
    """A site that one is in by being there."""
    return org.site("Yard", admission="present", grace_seconds=0)


def comes(org: Organisation, phone: Phone, site: str) -> None:
    org.admin.post(f"/v1/admin/places/{site}/visits", {"person_id": phone.id}, 201)


def goes(org: Organisation, phone: Phone, site: str) -> None:
    org.admin.delete(f"/v1/admin/places/{site}/visits/{phone.id}")


def years_pass(world: World) -> None:
    """Everything is in the journal, and what may not be kept any longer is emptied."""
    world.relays()
    with world.worker.transaction() as session:
        forget_old_presence(session, clock.now() + timedelta(days=4_000))


class App:
    """The reference client of somebody, on a store of its own."""

    def __init__(self, phone: Phone, folder: str, page: int = 2) -> None:
        self.store = Store(Path(folder) / "app.sqlite")
        self.client = ReferenceClient(self.store, Network(phone).send, page)
        phone.organisation.world.relays()
        self.client.catch_up()

    def shows(self, scope: str) -> list[str]:
        """The words of a scope that are on the phone."""
        return sorted(post["text"] for post in self.store.posts().values() if post["scope_id"] == scope)


def test_a_scope_that_ended_long_ago_goes_from_the_phone(world: World) -> None:
    org = world.organisation()
    site, bob = yard(org), org.person("Bob")
    comes(org, bob, site)
    org.admin.posts(site, "The crane is free.")
    with tempfile.TemporaryDirectory() as folder:
        app = App(bob, folder)
        assert app.shows(site) == ["The crane is free."]
        goes(org, bob, site)
        years_pass(world)
        app.client.catch_up()
        assert app.shows(site) == []
        assert app.store.scopes() == {str(org.id)}


def test_a_scope_that_began_long_ago_comes_to_the_phone(world: World) -> None:
    org = world.organisation()
    site, bob = yard(org), org.person("Bob")
    with tempfile.TemporaryDirectory() as folder:
        app = App(bob, folder)
        comes(org, bob, site)
        for words in ("one", "two", "three"):
            org.admin.posts(site, words)
        years_pass(world)
        app.client.catch_up()
        assert app.shows(site) == ["one", "three", "two"]
        org.admin.posts(site, "four")
        world.relays()
        app.client.catch_up()
        assert app.shows(site) == ["four", "one", "three", "two"]


@pytest.mark.parametrize("comings", [1, 2])
def test_who_came_and_went_and_perhaps_came_again_holds_what_is_theirs_now(
    world: World, comings: int
) -> None:
    org = world.organisation()
    site, bob = yard(org), org.person("Bob")
    with tempfile.TemporaryDirectory() as folder:
        app = App(bob, folder)
        for coming in range(comings):
            comes(org, bob, site)
            org.admin.posts(site, str(coming))
            goes(org, bob, site)
        years_pass(world)
        app.client.catch_up()
        assert app.store.scopes() == {str(org.id)}
        comes(org, bob, site)
        years_pass(world)
        app.client.catch_up()
        assert app.store.scopes() == {str(org.id), site}
        assert app.shows(site) == [str(coming) for coming in range(comings)]


def test_an_end_that_was_emptied_ends_no_membership_that_came_after_it(world: World) -> None:
    org = world.organisation()
    site, bob = yard(org), org.person("Bob")
    comes(org, bob, site)
    with tempfile.TemporaryDirectory() as folder:
        app = App(bob, folder)
        goes(org, bob, site)
        org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "member"})
        org.admin.posts(site, "You belong here now.")
        years_pass(world)
        app.client.catch_up()
        assert app.shows(site) == ["You belong here now."]


def test_an_emptied_event_tells_which_thing_it_was_about_and_nothing_of_it(world: World) -> None:
    org = world.organisation()
    site, bob = yard(org), org.person("Bob")
    after = head(bob)
    comes(org, bob, site)
    goes(org, bob, site)
    world.relays()
    whole = bob.syncs(after)
    years_pass(world)
    emptied = bob.syncs(after)
    assert {event["type"] for event in emptied} >= {"visit.started", "visit.ended", "membership.ended"}
    for before, event in zip(whole, emptied, strict=True):
        assert "subject_id" not in before
        assert event == {**before, "data": None, "subject_id": before["data"]["id"]}
    assert site not in str(emptied)
    assert fault(world, org.id) is None


def test_what_was_emptied_before_is_told_in_the_same_way(world: World) -> None:
    """Every column of the row but the payload is as it was written: there is nothing that an earlier rule took away."""
    org = world.organisation()
    site, bob = yard(org), org.person("Bob")
    comes(org, bob, site)
    with tempfile.TemporaryDirectory() as folder:
        app = App(bob, folder)
        goes(org, bob, site)
        world.relays()
        with world.worker.transaction() as session:
            session.execute(
                text(
                    "UPDATE journal SET payload = NULL, salt = '' WHERE organisation_id = :mine"
                    " AND person_id = :bob AND type LIKE 'membership.%'"
                ),
                {"mine": org.id, "bob": UUID(bob.id)},
            )
        app.client.catch_up()
        assert app.store.scopes() == {str(org.id)}


def test_of_all_that_may_be_emptied_the_subject_is_what_data_names() -> None:
    emptied = {declared.payload for declared in CATALOGUE.values() if declared.about is not None}
    assert emptied == {
        "StartedMembership",
        "Membership",
        "EndedMembership",
        "Visit",
        "Muster",
        "MusterUpdate",
    }
