"""What a push lets out: the words and names of the moment of sending, as the place it is about allows."""

import json

import pytest
import requests
from firebase_admin import exceptions

from push.fcm.outcomes import Refused, outcome_of
from push.models import Notification
from tests.push.outgoing import goes_out, shown
from tests.stories.acknowledgements import acknowledges
from tests.stories.musters import calls
from tests.stories.notices import alerts
from tests.stories.pushes import followed, gets_address, notifications, plans, reachable
from tests.stories.reminding import round_of
from tests.stories.scopes import lets_out, manager
from tests.stories.visits import is_seen
from tests.world import Organisation, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return followed(fresh_world)


def organisation_lets_out(org: Organisation, content: str) -> None:
    org.admin.put("/v1/admin/privacy", {"push_content": content})


def test_a_roll_call_lets_out_what_its_place_allows(org: Organisation) -> None:
    organisation_lets_out(org, "full")
    site = org.site("Gate 9", admission="assigned")
    lets_out(org, site, "id")
    bob = reachable(org, "Bob", site)
    is_seen(org, bob, site)
    calls(org.admin, site, message="Gas in hall 3")
    assert shown(org) == [("Roll call", "")]


def test_managers_of_a_closed_place_hear_of_the_silent_without_its_name(org: Organisation) -> None:
    organisation_lets_out(org, "full")
    site = org.site("Gate 9", admission="assigned")
    lets_out(org, site, "id")
    hanna = gets_address(manager(org, "Hanna", site))
    org.person("Mina", scopes=[site])
    alert = alerts(hanna, site, "Gas in hall 3")
    acknowledges(hanna, alert)
    for _ in range(7):
        round_of(org.world, alert)
        plans(org.world)
    last = notifications(org, alert)[-1]
    assert last.kind == "unanswered"
    titles = [title for title, body in shown(org) if "answered" in title and not body]
    assert titles == ["Alert: some have not answered"]


def test_who_manages_no_longer_does_not_hear_of_the_silent(org: Organisation) -> None:
    site = org.site("Gate 9", admission="assigned")
    hanna, ivo = (gets_address(manager(org, name, site)) for name in ("Hanna", "Ivo"))
    org.person("Mina", scopes=[site])
    alert = alerts(org.admin, site)
    for one in (hanna, ivo):
        acknowledges(one, alert)
    for _ in range(7):
        round_of(org.world, alert)
        plans(org.world)
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{ivo.id}", {"role": "member"})
    pushes, dropped = goes_out(org)
    assert [push.data["type"] for push in pushes if "unanswered" in push.data["type"]] == ["alert.unanswered"]
    assert "no_longer_a_manager" in dropped


@pytest.mark.parametrize("content", ["sender", "full"])
def test_the_words_and_names_are_those_of_the_moment_of_sending(org: Organisation, content: str) -> None:
    organisation_lets_out(org, content)
    site = org.site("Gate 9", admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "the code is 4711")
    plans(org.world)
    org.admin.patch(f"/v1/posts/{post['id']}", {"text": "ask me"})
    assert shown(org) == [("Ada · Gate 9", "ask me" if content == "full" else "New message")]


def test_no_words_and_no_names_are_kept_of_a_post_or_a_roll_call(org: Organisation) -> None:
    site = org.site("Gate 9", admission="assigned")
    bob = reachable(org, "Bob", site)
    alice = reachable(org, "Alice", site)
    alice.posts(site, "the code is 4711", mentions=[bob.id])
    alerts(org.admin, site, "Gas in hall 3")
    plans(org.world)
    with org.world.worker.transaction() as session:
        kept = json.dumps([note.facts for note in session.query(Notification)])
    assert not any(secret in kept for secret in ("4711", "Gas", "Alice", "Gate 9"))


def test_what_fcm_says_of_a_bad_message_keeps_the_field_and_not_the_words() -> None:
    violations = [
        {"field": "message.data", "description": "Invalid value: the code is 4711"},
        {"field": "4711"},
    ]
    text = json.dumps(
        {"error": {"message": "bad: the code is 4711", "details": [{"fieldViolations": violations}]}}
    )
    response = requests.Response()
    response.status_code, response._content = 400, text.encode()
    refused = exceptions.InvalidArgumentError("bad: the code is 4711", http_response=response)
    assert outcome_of(refused) == Refused("invalid_argument: message.data")
    assert outcome_of(ValueError("the code is 4711")) == Refused("invalid_argument")
