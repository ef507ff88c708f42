"""Push, with the real worker, the unmodified SDK and the stand-in FCM over HTTP."""

from sqlalchemy import select, text

from push.models import Delivery
from tests.product import Product
from tests.stories.pushes import reachable_at, silent_at
from tests.stories.waiting import until
from tests.world import Organisation


def deliveries(product: Product, org: Organisation) -> list[Delivery]:
    with product.world.worker.transaction() as session:
        return list(session.scalars(select(Delivery).where(Delivery.organisation_id == org.id)))


def test_a_closed_app_is_woken_and_the_author_is_not(product: Product) -> None:
    org = product.world.organisation()
    site = org.site("Depot", admission="assigned")
    alice, alices = reachable_at(org, "Alice", site)
    _, bobs = reachable_at(org, "Bob", site)
    post = alice.posts(site, "The crane is free.")
    (message,) = product.pushed(bobs)
    assert message["notification"] == {"title": "Alice · Depot", "body": "New message"}
    assert message["data"]["post_id"] == post["id"]
    assert product.pushed(alices, wait_s=0.1) == []


def test_one_who_left_the_scope_before_the_sending_is_not_told(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    bob, bobs = silent_at(org, "Bob", site)
    _, carols = silent_at(org, "Carol", site)
    product.kill("worker")
    org.admin.posts(site, "secret")
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    product.start_worker()
    assert product.pushed(carols)
    (woken,) = product.pushed(bobs)  # without words, to delete what the phone has of the scope
    assert (woken["data"]["action"], "notification" in woken) == ("wake", False)
    assert "secret" not in str(woken)


def test_an_uninstalled_app_loses_its_address(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    bob, bobs = silent_at(org, "Bob", site)
    product.behave(**{bobs: {"status": 404, "error_code": "UNREGISTERED"}})
    org.admin.posts(site, "anyone?")
    _until_status(product, org, "failed")
    assert bob.get("/v1/me")["device"]["push"]["registered"] is False


def test_a_passing_fault_is_tried_again_also_after_a_kill(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    _, bobs = silent_at(org, "Bob", site)
    # The next try is far away, so that it does not come before the kill.
    fault = {"status": 503, "error_code": "UNAVAILABLE", "retry_after": 300, "times": 1}
    product.behave(**{bobs: fault})
    org.admin.posts(site, "hello")
    (row,) = _until_status(product, org, "queued", attempts=1)
    product.kill("worker")
    with product.world.worker.transaction() as session:
        session.execute(text("UPDATE deliveries SET due_at = now() WHERE id = :id"), {"id": row.id})
    product.start_worker()
    assert len(product.pushed(bobs)) == 1
    (row,) = _until_status(product, org, "sent")
    assert row.attempts == 2


def test_retry_after_is_obeyed(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    _, bobs = silent_at(org, "Bob", site)
    product.behave(**{bobs: {"status": 429, "error_code": "QUOTA_EXCEEDED", "retry_after": 300, "times": 1}})
    org.admin.posts(site, "hello")
    (row,) = _until_status(product, org, "queued", attempts=1)
    assert 290 < (row.due_at - row.created_at).total_seconds() < 900


def test_a_deleted_post_wakes_nobody(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    silent_at(org, "Bob", site)
    product.kill("worker")
    post = org.admin.posts(site, "oops")
    org.admin.delete(f"/v1/posts/{post['id']}")
    product.start_worker()
    (row,) = _until_status(product, org, "dropped")
    assert row.reason == "deleted"


def _until_status(product: Product, org: Organisation, status: str, attempts: int = 0) -> list[Delivery]:
    """Wait until all deliveries of the organisation have a status."""
    found: list[Delivery] = []

    def all_are_so() -> bool:
        found[:] = deliveries(product, org)
        return bool(found) and all(row.status == status and row.attempts >= attempts for row in found)

    until(all_are_so)
    return found
