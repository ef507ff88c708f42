"""A push that lets nothing out: its phone fetches the words, nobody else does, nor when they are theirs no more."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import jwt
import pytest
import requests
from sqlalchemy import select, update

from base import ids
from people.sign_in.keys import CONTENT
from push.credentials import LASTS_S
from push.models import Delivery
from push.words.messages import build_message, payload_size
from tests.product import Product
from tests.push.outgoing import goes_out
from tests.stories.pushes import reachable, silent_at
from tests.stories.sessions import takes_over
from tests.world import Organisation, Phone, World

GONE = 404


class Told:
    """Bob, whose phone got a push of a place that lets nothing out."""

    def __init__(self, org: Organisation) -> None:
        self.org, self.site = org, org.site("Depot", admission="assigned")
        org.admin.patch(f"/v1/admin/scopes/{self.site}", {"push_content": "id"})
        self.bob = reachable(org, "Bob", self.site)
        goes_out(org)
        self.post = org.admin.posts(self.site, "The crane is free.")
        (self.push,) = goes_out(org)[0]

    def fetches(self, status: int = 200, **changed: str) -> Any:
        """What the extension of Bob's phone does, with the token that came."""
        asked = {
            "notification": self.push.data["notification_id"],
            "installation": self.bob.app["installation_id"],
            "token": self.push.data["credential"],
        } | changed
        extension = Phone(self.org, "Bob's extension")
        extension.tokens = {"access_token": asked["token"]}
        path = f"/v1/notifications/{asked['notification']}/content?installation_id={asked['installation']}"
        return extension.get(path, status)


@pytest.fixture
def told(org: Organisation) -> Told:
    return Told(org)


def test_the_phone_gets_its_words_although_its_token_is_over(told: Told) -> None:
    assert (told.push.title, told.push.body) == ("New message", "")
    told.bob.tokens = {}
    answer = told.fetches()
    assert answer == {
        "notification_id": told.push.data["notification_id"],
        "title": "Ada · Depot",
        "body": "The crane is free.",
    }
    assert told.fetches() == answer


def test_they_are_those_of_this_moment(told: Told) -> None:
    told.org.admin.patch(f"/v1/posts/{told.post['id']}", {"text": "The crane is taken."})
    assert told.fetches()["body"] == "The crane is taken."


def test_the_worker_gives_the_credential_and_the_web_takes_it(product: Product) -> None:
    org = product.world.organisation()
    site = org.site("Depot", admission="assigned")
    org.admin.patch(f"/v1/admin/scopes/{site}", {"push_content": "id"})
    bob, address = silent_at(org, "Bob", site)
    org.admin.posts(site, "The crane is free.")
    (message,) = product.pushed(address)
    came = message["data"]
    answer = requests.get(
        f"{product.address}/v1/notifications/{came['notification_id']}/content",
        params={"installation_id": bob.app["installation_id"]},
        headers={"Authorization": f"Bearer {came['credential']}"},
        timeout=30,
    )
    assert answer.json()["body"] == "The crane is free."
    assert "crane" not in str(message)


def test_what_lets_something_out_carries_no_credential(org: Organisation, told: Told) -> None:
    for content in ("place", "sender", "full"):
        org.admin.patch(f"/v1/admin/scopes/{told.site}", {"push_content": content})
        org.admin.posts(told.site, "more")
        pushes = goes_out(org)[0]
        assert pushes
        assert all("credential" not in push.data for push in pushes)


def test_an_alert_says_what_it_is_and_where_in_the_language_of_the_phone(
    org: Organisation, told: Told
) -> None:
    org.admin.post(f"/v1/admin/scopes/{told.site}/alerts", {"text": "Gas leak in hall 2"}, 201)
    (push,) = goes_out(org)[0]
    assert push.title == "Alert"
    answer = told.fetches(token=push.data["credential"], notification=push.data["notification_id"])
    assert (answer["title"], answer["body"]) == ("Alert · Depot", "Gas leak in hall 2")
    told.bob.patch("/v1/me", {"locale": "ko"})
    answer = told.fetches(token=push.data["credential"], notification=push.data["notification_id"])
    assert answer["title"] == "경보 · Depot"


def test_it_lasts_some_minutes_and_fits_into_a_push(told: Told) -> None:
    said = jwt.decode(told.push.data["credential"], options={"verify_signature": False})
    assert said["exp"] - said["iat"] == LASTS_S <= 300
    assert payload_size(told.push) < 2_048
    build_message(told.push)
    for secret in ("Bob", "Depot", "crane", told.bob.app["installation_id"]):
        assert secret not in str(said)


def test_a_credential_is_of_no_use_without_the_phone_that_it_went_to(told: Told) -> None:
    carol = reachable(told.org, "Carol", told.site)
    told.fetches(GONE, installation=carol.app["installation_id"])
    told.fetches(GONE, installation="the-cloud-that-carries-it")
    told.fetches(422, installation="")


def test_a_credential_is_for_one_notification(org: Organisation, told: Told) -> None:
    org.admin.posts(told.site, "Another")
    (other,) = goes_out(org)[0]
    told.fetches(GONE, notification=other.data["notification_id"])
    told.fetches(GONE, notification=str(ids.new_id()))
    told.fetches(notification=other.data["notification_id"], token=other.data["credential"])


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "hst_" + "A" * 43])
def test_without_a_credential_there_is_nothing(told: Told, token: str) -> None:
    assert told.fetches(401, token=token)["code"] == "unauthenticated"
    assert told.fetches(401, token=told.bob.tokens["access_token"])["code"] == "unauthenticated"
    assert told.fetches(401, token=told.bob.tokens["refresh_token"])["code"] == "unauthenticated"


def leaves(told: Told) -> None:
    told.org.admin.delete(f"/v1/admin/scopes/{told.site}/memberships/{told.bob.id}")


def is_closed(told: Told) -> None:
    told.org.admin.delete(f"/v1/admin/people/{told.bob.id}")


def signs_out(told: Told) -> None:
    told.bob.delete("/v1/sessions/current")


def post_goes(told: Told) -> None:
    told.org.admin.delete(f"/v1/posts/{told.post['id']}")


def phone_changes_hands(told: Told) -> None:
    told.org.person("Carol", scopes=[told.site])
    takes_over(told.org, told.bob, "Carol")


def site_is_archived(told: Told) -> None:
    told.org.admin.delete(f"/v1/admin/sites/{told.site}", If_Match="*")


@pytest.mark.parametrize(
    "change", [leaves, is_closed, signs_out, post_goes, phone_changes_hands, site_is_archived]
)
def test_what_is_not_theirs_any_more_is_not_there(told: Told, change: Callable[[Told], None]) -> None:
    told.fetches()
    change(told)
    refused = told.fetches(GONE)
    unknown = told.fetches(GONE, notification=str(ids.new_id()))
    assert {name: value for name, value in refused.items() if name != "request_id"} == {
        name: value for name, value in unknown.items() if name != "request_id"
    }


def test_what_was_read_elsewhere_may_still_be_shown(told: Told) -> None:
    told.bob.put(f"/v1/scopes/{told.site}/read", {"post_id": told.post["id"]})
    told.fetches()


def test_a_credential_of_another_organisation_finds_nothing(world: World, told: Told) -> None:
    other = world.organisation()
    bobs = jwt.decode(told.push.data["credential"], options={"verify_signature": False})
    name, key = world.keys.signing(CONTENT)
    head = {"kid": name, "typ": "notification+jwt"}
    told.fetches(GONE, token=jwt.encode(bobs | {"org": str(other.id)}, key, "HS256", headers=head))


def test_a_withdrawal_is_no_key_to_anything(told: Told) -> None:
    with told.org.world.worker.transaction() as session:
        mine = Delivery.id == UUID(told.push.data["delivery_id"])
        session.execute(update(Delivery).where(mine).values(action="withdraw"))
        assert session.scalar(select(Delivery.action).where(mine)) == "withdraw"
    told.fetches(GONE)
