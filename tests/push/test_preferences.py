"""What people want of push: their own alone, kept as they said it, and nonsense refused."""

from typing import Any

import pytest

from tests.world import Organisation, World

PATH = "/v1/me/push-preferences"
NIGHT = {"timezone": None, "weekly": [{"days": ["mon", "sun"], "from": "22:00", "to": "06:00"}]}


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def test_who_never_chose_has_the_defaults(org: Organisation) -> None:
    assert org.person("Bob").get(PATH) == {
        "quiet_hours": None,
        "working_hours": None,
        "do_not_disturb_until": None,
        "on_call_until": None,
        "off_site": "quiet",
        "digest": "off",
        "digest_at": "07:30",
    }


def test_what_is_not_named_stays(org: Organisation) -> None:
    bob = org.person("Bob")
    bob.patch(PATH, {"quiet_hours": NIGHT, "off_site": "loud"})
    changed = bob.patch(
        PATH, {"on_call_until": "2030-01-01T00:00:00Z", "digest": "push", "digest_at": "18:05"}
    )
    assert changed == bob.get(PATH)
    assert (changed["quiet_hours"], changed["off_site"]) == (NIGHT, "loud")
    assert (changed["on_call_until"], changed["digest_at"]) == ("2030-01-01T00:00:00.000Z", "18:05")
    assert bob.patch(PATH, {"quiet_hours": None})["quiet_hours"] is None


def test_they_hold_on_all_devices_of_the_person_and_for_nobody_else(org: Organisation) -> None:
    bob, amy = org.person("Bob"), org.person("Amy")
    bob.patch(PATH, {"do_not_disturb_until": "2030-01-01T00:00:00Z"})
    other = org.signs_in("bob@example.com", "Bob")
    assert other.get(PATH)["do_not_disturb_until"] == "2030-01-01T00:00:00.000Z"
    assert amy.get(PATH)["do_not_disturb_until"] is None


@pytest.mark.parametrize(
    "nonsense",
    [
        {"quiet_hours": {"weekly": []}},
        {"quiet_hours": {"weekly": [{"days": ["mon"], "from": "25:00", "to": "06:00"}]}},
        {"working_hours": {"timezone": "Mars/Olympus", **{"weekly": NIGHT["weekly"]}}},
        {"digest": "always"},
        {"digest_at": "7:30"},
        {"digest_at": None},
        {"off_site": None},
        {"on_call_until": "tomorrow"},
        {"digested_on": "2026-01-01"},
    ],
)
def test_nonsense_is_refused(org: Organisation, nonsense: dict[str, Any]) -> None:
    org.person("Bob").patch(PATH, nonsense, 422)
