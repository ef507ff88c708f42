"""Repeated requests are done once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from base import clock
from geo.files.formats import _reading
from people.idempotency import forget_old_keys
from people.models import IdempotencyKey
from tests.stories.times import ago
from tests.stories.waiting import until
from tests.world import World

_KML = b"""<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Depot</name><Polygon>
<outerBoundaryIs><LinearRing><coordinates>127,37.5 127.001,37.5 127.001,37.501 127,37.501 127,37.5</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"""


def test_the_stored_answer_comes_again(world: World) -> None:
    org = world.organisation()
    path, body = f"/v1/scopes/{org.id}/posts", {"text": "once"}
    first = org.admin.request("POST", path, body, Idempotency_Key="k-1")
    again = org.admin.request("POST", path, body, Idempotency_Key="k-1")
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert org.admin.feed() == ["once"]


def test_the_same_key_for_something_else_is_refused(world: World) -> None:
    org = world.organisation()
    path = f"/v1/scopes/{org.id}/posts"
    org.admin.post(path, {"text": "one"}, 201, Idempotency_Key="k-1")
    assert (
        org.admin.post(path, {"text": "two"}, 422, Idempotency_Key="k-1")["code"] == "idempotency_key_reused"
    )
    org.person("Bob").post(path, {"text": "two"}, 201, Idempotency_Key="k-1")


def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    org = world.organisation()
    path = f"/v1/scopes/{org.id}/posts"
    org.admin.post(path, {"text": ""}, 422, Idempotency_Key="k-1")
    org.admin.post(path, {"text": "right"}, 201, Idempotency_Key="k-1")


def test_twins_in_flight_write_one_post(world: World) -> None:
    org = world.organisation()
    path, body = f"/v1/scopes/{org.id}/posts", {"text": "once"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: org.admin.request("POST", path, body, Idempotency_Key="twin"), range(4))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert org.admin.feed() == ["once"]


def test_a_key_is_bound_to_its_route(world: World) -> None:
    org = world.organisation()
    site, body = org.site(admission="open"), {"text": "one"}
    org.admin.post(f"/v1/scopes/{org.id}/posts", body, 201, Idempotency_Key="k-1")
    elsewhere = org.admin.post(f"/v1/scopes/{site}/posts", body, 422, Idempotency_Key="k-1")
    assert elsewhere["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("age", "posts"), [(timedelta(days=6, hours=23), 1), (timedelta(days=7, hours=1), 2)]
)
def test_a_key_is_kept_for_seven_days(world: World, age: timedelta, posts: int) -> None:
    org = world.organisation()
    path, body = f"/v1/scopes/{org.id}/posts", {"text": "once a week"}
    org.admin.post(path, body, 201, Idempotency_Key="k-1")
    with world.worker.transaction() as session:
        mine = update(IdempotencyKey).where(IdempotencyKey.organisation_id == org.id)
        session.execute(mine.values(created_at=clock.now() - age))
        forget_old_keys(session)
    org.admin.post(path, body, 201, Idempotency_Key="k-1")
    assert len(org.admin.feed()) == posts


def test_a_refusal_for_want_of_room_is_no_answer_to_give_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.files.formats._WAIT_S", 0.01)
    admin = world.organisation().admin
    headers = {"Idempotency-Key": "k-room", "Authorization": f"Bearer {admin.tokens['access_token']}"}

    def sends() -> TestResponse:
        path = "/v1/admin/places/import/file?filename=places.kml"
        return world.app.test_client().post(path, data=_KML, headers=headers)

    with _reading:
        assert sends().status_code == 429
    done, again = sends(), sends()
    assert [item["outcome"] for item in done.get_json()["items"]] == ["created"]
    assert "Idempotent-Replayed" not in done.headers
    assert again.get_json() == done.get_json()
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.fixture
def full_disk(world: World) -> Iterator[Callable[[], None]]:
    """Posts of one text fail at the commit, as on a full disk, until what is given is called."""
    with world.owner() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;"
            "CREATE CONSTRAINT TRIGGER no_room AFTER INSERT ON posts DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW WHEN (NEW.text = 'too much') EXECUTE FUNCTION no_room()"
        )

    def mended() -> None:
        with world.owner() as connection:
            connection.exec_driver_sql("DROP FUNCTION IF EXISTS no_room CASCADE")

    yield mended
    mended()


def test_what_could_not_be_committed_has_no_answer(world: World, full_disk: Callable[[], None]) -> None:
    org = world.organisation()
    path, body = f"/v1/scopes/{org.id}/posts", {"text": "too much"}
    item = {
        "kind": "post",
        "client_id": "client-01",
        "at": ago(),
        "scope_id": str(org.id),
        "text": "too much",
    }
    outbox = {"sent_at": ago(), "items": [item]}
    org.admin.post(path, body, 503, Idempotency_Key="k-1")
    org.admin.post("/v1/me/outbox", outbox, 503, Idempotency_Key="k-2")
    full_disk()
    assert org.admin.feed() == []
    done, again = (org.admin.request("POST", path, body, Idempotency_Key="k-1") for _ in range(2))
    assert (done.status_code, "Idempotent-Replayed" in done.headers) == (201, False)
    assert (again.get_json(), "Idempotent-Replayed" in again.headers) == (done.get_json(), True)
    [result] = org.admin.post("/v1/me/outbox", outbox, Idempotency_Key="k-2")["items"]
    assert (result["status"], result["repeated"]) == (201, False)
    assert org.admin.feed() == ["too much"] * 2


def test_a_request_whose_connection_was_cut_leaves_its_key_free(world: World) -> None:
    org = world.organisation()
    path, body = f"/v1/scopes/{org.id}/posts", {"text": "once"}
    with ThreadPoolExecutor(1) as pool, world.owner() as holding:
        holding.exec_driver_sql("LOCK TABLE outbox IN EXCLUSIVE MODE")  # it has claimed its key, and waits
        cut = pool.submit(org.admin.request, "POST", path, body, Idempotency_Key="k-1")
        until(lambda: _cuts_who_waits(world))
        assert cut.result().status_code == 503
    done, again = (org.admin.request("POST", path, body, Idempotency_Key="k-1") for _ in range(2))
    assert (done.status_code, "Idempotent-Replayed" in done.headers) == (201, False)
    assert again.get_json() == done.get_json()
    assert org.admin.feed() == ["once"]


def _cuts_who_waits(world: World) -> bool:
    """Cut the connection of the web process that waits for a lock in this database; whether there was one."""
    waiting = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = current_user AND wait_event_type = 'Lock'"
    )
    with world.web.transaction() as session:
        return bool(session.execute(text(waiting)).all())
