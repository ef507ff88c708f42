"""docs/privacy.md on numbers: who makes a group, when a number is told, and what does not move it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from base import clock
from tests.privacy.told import heard, is_said_to_be_there, is_said_to_have_left, looks, over_time
from tests.privacy.town import Town
from tests.stories.charters import promises
from tests.stories.checkins import code, marker
from tests.stories.visitors import comes_as_visitor
from tests.stories.visits import places_of
from tests.world import Phone, square


def journal_grows_by(town: Town, act: Callable[[Town, Phone], None], phone: Phone) -> int:
    """By how many events the journal is longer after something was done about somebody, as a manager sees it."""
    town.world.relays()
    before = town.mo.get("/v1/me")["position"]
    act(town, phone)
    town.world.relays()
    return town.mo.get("/v1/me")["position"] - before


def test_a_managers_word_lifts_nobodys_group(village: Town) -> None:
    (tom, *puppets) = village.knows("Tom", "Pia", "Pim", "Pol", "Pat", "Pet")
    village.come(tom)
    is_said_to_be_there(village, *puppets)
    village.passes(hours=1)
    assert village.counts() == {"site": None, "zone": None}
    assert set(over_time(village)) <= {None}


def test_a_managers_word_is_a_number_from_the_next_window_on(village: Town) -> None:
    village.come(*village.knows("Ann", "Ben", "Cem", "Dea", "Eli"))
    (tom,) = village.knows("Tom")
    is_said_to_be_there(village, tom)
    assert village.counts() == {"site": 5, "zone": 5}
    village.passes(minutes=15)
    assert village.counts() == {"site": 6, "zone": 6}


def test_where_numbers_alone_are_shown_a_managers_word_moves_none(town: Town) -> None:
    people = town.knows("Ann", "Ben", "Cem", "Dea", "Eli", "Tom")
    (kim,) = town.knows("Kim")
    town.come(*people)
    town.passes(hours=1)
    assert town.counts()["site"] == 6
    is_said_to_be_there(town, kim, people[-1])
    town.passes(minutes=15)
    assert town.counts()["site"] == 6
    is_said_to_have_left(town, kim, people[-1])
    town.passes(minutes=15)
    assert town.counts()["site"] == 6
    assert (places_of(kim), len(places_of(people[-1]))) == ([town.site], 2)  # of the site nothing was said


def test_a_managers_word_moves_the_journal_as_far_whoever_is_there(town: Town) -> None:
    tom, kim = town.knows("Tom", "Kim")
    town.come(tom)
    grows_by = partial(journal_grows_by, town)
    for act in (is_said_to_have_left, is_said_to_be_there, is_said_to_be_there, is_said_to_have_left):
        assert grows_by(act, tom) == grows_by(act, kim)


def test_the_end_of_an_assignment_moves_the_journal_as_far_whoever_is_there(town: Town) -> None:
    tom, kim = town.knows("Tom", "Kim")
    town.come(tom)
    path = f"/v1/admin/scopes/{town.site}/memberships"

    def is_unassigned(town: Town, phone: Phone) -> None:
        town.mo.delete(f"{path}/{phone.id}")

    def runs_out(town: Town, phone: Phone) -> None:
        in_an_hour = clock.wire(clock.now() + timedelta(hours=1))
        town.mo.put(f"{path}/{phone.id}", {"role": "member", "ends_at": in_an_hour})
        town.passes(hours=2)

    for phone in (tom, kim):
        town.mo.put(f"{path}/{phone.id}", {})
    assert journal_grows_by(town, is_unassigned, tom) == journal_grows_by(town, is_unassigned, kim)
    assert journal_grows_by(town, runs_out, tom) == journal_grows_by(town, runs_out, kim)
    assert town.site in [one["scope_id"] for one in tom.get("/v1/me")["memberships"]]
    assert town.site not in [one["scope_id"] for one in kim.get("/v1/me")["memberships"]]


def test_numbers_are_of_the_window_and_told_once(town: Town) -> None:
    people = town.knows("Ann", "Ben", "Cem", "Dea", "Eli")
    town.come(*people)
    assert town.counts()["site"] is None
    town.passes(minutes=15)
    town.passes(minutes=15)
    assert town.counts()["site"] == 5
    town.org.admin.delete(f"/v1/admin/people/{people[0].id}")
    assert town.counts()["site"] == 5
    town.passes(hours=1)
    assert town.counts()["site"] is None
    assert set(over_time(town)) == {5}


def test_visitors_who_cost_a_scan_lift_nobodys_group(town: Town) -> None:
    gate = marker(town.org, town.zone, admits_visitors_hours=8)
    shown = code(town.org, gate)
    for _ in range(5):
        comes_as_visitor(town.org, shown)
    town.passes(hours=1)
    assert town.counts()["site"] is None
    town.come(*town.knows("Ann", "Ben", "Cem", "Dea", "Eli"))
    town.passes(hours=1)
    assert town.counts()["site"] == 10


def test_an_outline_around_one_desk_is_told_a_day_later(town: Town) -> None:
    town.come(*town.knows("Ann", "Ben", "Cem", "Dea", "Eli"))
    town.passes(hours=1)
    assert town.counts()["site"] == 5
    body = {"type": "Feature", "geometry": square(127.0, 37.5, 0.0009), "properties": {}}
    town.mo.patch(f"/v1/admin/sites/{town.site}", body, If_Match="*")
    town.passes(hours=1)
    assert town.counts()["site"] is None
    town.passes(hours=24)
    assert town.counts()["site"] == 5


def test_a_limit_is_held_against_what_is_told(town: Town) -> None:
    body = {"type": "Feature", "properties": {"occupancy_limit": 5}}
    town.mo.patch(f"/v1/admin/sites/{town.site}", body, If_Match="*")
    people = town.knows("Ann", "Ben", "Cem", "Dea", "Eli", "Tom")
    town.come(*people[:5])
    town.passes(hours=1)
    is_said_to_be_there(town, people[5])
    town.come(people[5])
    assert heard(town.carol, "occupancy.exceeded") == []
    town.passes(hours=1)
    assert town.counts()["site"] == 6
    (told,) = heard(town.carol, "occupancy.exceeded")
    assert (told["count"], told["limit"]) == (6, 5)


def test_a_charter_that_promises_less_does_so_a_day_later(town: Town) -> None:
    (tom,) = town.knows("Tom")
    town.come(tom)
    present = f"/v1/admin/sites/{town.site}/present?reason=curious"
    promises(town.org, town.site, aggregate_only=False)
    assert town.mo.get(present, 403)["code"] == "aggregate_only"
    promises(town.org, town.site, aggregate_only=True)
    promises(town.org, town.site, aggregate_only=False)
    town.passes(hours=23)
    town.mo.get(present, 403)
    town.passes(hours=2)
    assert [item["person"]["name"] for item in town.mo.get(present)["items"]] == ["Tom"]
    assert looks(tom) == ["curious"]
    assert over_time(town) == []  # what was before is not told by what is promised now


def test_a_smaller_group_is_one_a_day_later(village: Town) -> None:
    promises(village.org, village.site, smallest_group=8)
    village.come(*village.knows("Ann", "Ben", "Cem", "Dea", "Eli"))
    promises(village.org, village.site, smallest_group=5)
    assert village.counts() == {"site": None, "zone": None}
    village.passes(hours=25)
    assert village.counts() == {"site": 5, "zone": 5}
