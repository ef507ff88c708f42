"""Phones that do what docs/push.md says, beside the real product: what is over goes from their screens."""

from typing import Any

import pytest

from tests.product import Product
from tests.reference.screen import LockScreen
from tests.stories.checkins import comes
from tests.stories.notices import alerts, announces
from tests.stories.pushes import falls_silent, set_all, silent_at
from tests.stories.times import ahead
from tests.world import Organisation

pytestmark = pytest.mark.parametrize("platform", ["android", "ios"])


@pytest.fixture
def org(product: Product) -> Organisation:
    return product.world.organisation()


def after(product: Product, address: str, platform: str, count: int) -> list[dict[str, Any]]:
    """What is shown once `count` messages have come, each of them twice."""
    screen = LockScreen(platform)
    messages = product.pushed(address, count)
    assert len(messages) == count, [message["data"] for message in messages]
    for message in messages:
        screen.gets(message)
        screen.gets(message)
    return list(screen.shown.values())


def test_an_alert_that_is_over_goes_down_and_another_stays(
    product: Product, org: Organisation, platform: str
) -> None:
    site = org.site(admission="assigned")
    _, bobs = silent_at(org, "Bob", site)
    gas, fire = alerts(org.admin, site), alerts(org.admin, site)
    assert len(after(product, bobs, platform, 2)) == 2
    org.admin.delete(f"/v1/posts/{gas['id']}")
    assert [data["post_id"] for data in after(product, bobs, platform, 3)] == [fire["id"]]


def test_a_deleted_message_takes_no_later_one_of_its_scope_down(
    product: Product, org: Organisation, platform: str
) -> None:
    site = org.site(admission="assigned")
    _, bobs = silent_at(org, "Bob", site)
    first = org.admin.posts(site, "first")
    product.pushed(bobs, 1)
    org.admin.posts(site, "second")
    product.pushed(bobs, 2)
    org.admin.delete(f"/v1/posts/{first['id']}")
    assert len(after(product, bobs, platform, 3)) == 1


def test_what_is_shown_and_taken_down_again_and_again_is_down_in_the_end(
    product: Product, org: Organisation, platform: str
) -> None:
    site = org.site(admission="assigned")
    bob, bobs = silent_at(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(hours=8))
    assert len(after(product, bobs, platform, 1)) == 1
    comes(org, bob, site)
    bob.post("/v1/me/check-outs", {"place_id": site})
    falls_silent(bob)
    assert after(product, bobs, platform, 2) == []
    set_all(
        org, notice, status="dropped", reason="off_site"
    )  # as if its sending had failed and they had gone
    comes(org, bob, site)
    falls_silent(bob)
    assert len(after(product, bobs, platform, 3)) == 1
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    assert after(product, bobs, platform, 4) == []
