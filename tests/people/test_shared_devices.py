"""A tablet at the gate: who is let in on it with a PIN, for how long, and what they cannot do there."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from people.models import Badge, Pin, SharedDevice, SignedInSession
from people.shared_devices.enrolment import CODE_LASTS
from people.shared_devices.pin_sign_in import PinRefused, prove_pin, sign_in_with_pin
from people.shared_devices.pins import TRIES
from people.sign_in.idling import LONGEST
from people.sign_in.sessions import end_expired_sessions, end_paused_sessions
from tests.stories.checkins import code, marker
from tests.stories.passwords import hears_of
from tests.stories.scopes import manager
from tests.stories.shared_devices import PIN, Tablet, chooses_pin, shared_device, tablet, worker
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone, World

Later = Callable[[timedelta], None]
WRONG = "918273"


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site(admission="assigned")


def ended(phone: Phone, position: int) -> list[str]:
    """Why the person's sessions ended since a position."""
    return [event["data"]["reason"] for event in phone.syncs(position) if event["type"] == "session.ended"]


def test_people_pick_their_name_and_type_a_pin(world: World, org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    assert gate.shows("mi") == ["Mina"]
    gate.lets_in(mina)
    assert gate.get("/v1/me")["person"]["name"] == "Mina"
    mina.get("/v1/me")
    with world.worker.transaction() as session:
        opened = session.get_one(SignedInSession, UUID(gate.session_id))
        assert (opened.factors, opened.pause_seconds) == (["pin"], 60)


def test_or_scan_a_badge(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.admin.put(f"/v1/admin/people/{mina.id}/badge", {"badge": " 04A2241C "}, 204)
    gate.lets_in(None, badge="04A2241C")
    assert gate.id == mina.id
    org.admin.delete(f"/v1/admin/people/{mina.id}/badge")
    gate.lets_in(None, badge="04A2241C", status=401)


def test_only_people_of_the_site_who_have_a_pin_are_shown(world: World, org: Organisation, site: str) -> None:
    other = org.site("Yard", at=(127.1, 37.5), admission="assigned")
    worker(org, "Mina", site)
    worker(org, "Minho", other)
    org.person("Minji", scopes=[site])
    closed = worker(org, "Mireu", site)
    org.admin.delete(f"/v1/admin/people/{closed.id}")
    theirs = world.organisation()
    worker(theirs, "Mika", theirs.site())
    assert tablet(org, site).shows("m") == ["Mina"]


@pytest.mark.parametrize(("asked", "shown"), [("mi_a", []), ("%25", []), ("MINA", ["Mina"]), ("x", [])])
def test_a_beginning_is_taken_as_it_is(org: Organisation, site: str, asked: str, shown: list[str]) -> None:
    worker(org, "Mina", site)
    assert tablet(org, site).shows(asked) == shown


def test_a_list_of_names_has_an_end(org: Organisation, site: str) -> None:
    for number in range(21):
        worker(org, f"Mina{number:02}", site)
    shown = tablet(org, site).shows("mina")
    assert shown == [f"Mina{number:02}" for number in range(20)]


REFUSED = ("title", "status", "code", "detail", "errors")


def refusal(gate: Tablet, person: Phone | None, pin: str = PIN, **members: Any) -> list[Any]:
    answer = gate.lets_in(person, pin, 401, **members)
    return [answer[name] for name in REFUSED]


def test_whatever_is_wrong_the_answer_is_the_same(world: World, org: Organisation, site: str) -> None:
    other = org.site("Yard", at=(127.1, 37.5), admission="assigned")
    gate, mina = tablet(org, site), worker(org, "Mina", site)
    theirs = world.organisation()
    without, elsewhere = org.person("Bob", scopes=[site]), worker(org, "Yuna", other)
    wrong = refusal(gate, mina, WRONG)
    assert refusal(gate, without) == wrong
    assert refusal(gate, elsewhere) == wrong
    assert refusal(gate, worker(theirs, "Thea", theirs.site())) == wrong
    assert refusal(gate, None, person_id=str(uuid4())) == wrong
    assert refusal(gate, None, badge="nobody's badge") == wrong
    for _ in range(TRIES):
        refusal(gate, mina, WRONG)
    assert refusal(gate, mina) == wrong, "locked"


@pytest.mark.parametrize("secret", ["", "x", "비밀", "x" * 2_000])
def test_without_a_secret_it_shows_nobody_and_lets_nobody_in(
    org: Organisation, site: str, secret: str
) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    gate.secret = secret.encode().decode("latin-1")
    assert gate.shows("mi", 401)["code"] == "device_refused"
    assert gate.lets_in(mina, status=401)["code"] == "device_refused"


@pytest.mark.parametrize(
    "body", [{}, {"person_id": str(uuid4()), "badge": "a badge"}, {"badge": "x"}, {"pin": "x"}]
)
def test_half_a_sign_in_is_refused(org: Organisation, site: str, body: dict[str, Any]) -> None:
    tablet(org, site).lets_in(None, status=422, **body)


def test_ten_wrong_tries_lock_a_pin_wherever_they_are_made(org: Organisation, site: str) -> None:
    mina, gates = worker(org, "Mina", site), [tablet(org, site), tablet(org, site)]
    org.world.relays()
    position = mina.get("/v1/me")["position"]
    for number in range(TRIES):
        gates[number % 2].lets_in(mina, WRONG, 401)
    gates[0].lets_in(mina, status=401)
    assert mina.get("/v1/me/pin")["locked"] is True
    assert hears_of(mina, position) == [("pin_locked", None)], "once"
    chooses_pin(mina, "314159")
    gates[0].lets_in(mina, "314159")


def test_a_tablet_of_another_site_locks_nobody_s(org: Organisation, site: str) -> None:
    mina, yard = worker(org, "Mina", site), org.site("Yard", at=(127.1, 37.5), admission="assigned")
    elsewhere = tablet(org, yard)
    for _ in range(TRIES):
        elsewhere.lets_in(mina, WRONG, 401)
    assert mina.get("/v1/me/pin")["locked"] is False
    tablet(org, site).lets_in(mina)


def test_a_right_one_makes_the_wrong_ones_before_it_mistakes(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    for _ in range(2):
        for _ in range(TRIES - 1):
            gate.lets_in(mina, WRONG, 401)
        gate.lets_in(mina)


def test_of_many_tries_at_once_no_more_are_looked_at_than_are_allowed(
    world: World, org: Organisation, site: str
) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    start, statuses = Barrier(4), list[int]()
    body = {"person_id": mina.id, "pin": WRONG}

    def guesses() -> None:
        phone = Phone(org, "Somebody")
        start.wait()
        for _ in range(5):
            answer = phone.request(
                "POST", "/v1/shared-devices/sessions", body, Authorization=f"Device {gate.secret}"
            )
            statuses.append(answer.status_code)

    threads = [Thread(target=guesses) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [401] * 20
    with world.worker.transaction() as session:
        assert session.get_one(Pin, UUID(mina.id)).failures == TRIES


def test_one_tablet_does_not_try_a_pin_at_all_names(org: Organisation, site: str) -> None:
    gate = tablet(org, site)
    for _ in range(60):
        gate.lets_in(None, person_id=str(uuid4()), status=401)
    assert gate.lets_in(None, person_id=str(uuid4()), status=429)["code"] == "too_many_pins"
    mina = worker(org, "Mina", site)
    tablet(org, site).lets_in(mina)


def test_an_administrator_takes_away_a_pin(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.world.relays()
    position = mina.get("/v1/me")["position"]
    assert org.admin.get(f"/v1/admin/people/{mina.id}/pin")["set_at"] is not None
    org.admin.delete(f"/v1/admin/people/{mina.id}/pin")
    gate.lets_in(mina, status=401)
    assert hears_of(mina, position) == [("pin", org.admin.id)]
    org.admin.delete(f"/v1/admin/people/{mina.id}/pin", 404)


WEAK = ["111111", "123456", "987654", "890123", "135791", "121212", "123123", "1234512345"]
NO_PIN = ["12345", "1234567890123", "12345a", "２７１８２８", "", " 271828", 271828, None]


@pytest.mark.parametrize("pin", WEAK)
def test_a_pin_that_anybody_would_try_is_refused(org: Organisation, pin: str) -> None:
    assert chooses_pin(org.person("Mina"), pin, 422)["code"] == "pin_weak"


@pytest.mark.parametrize("pin", NO_PIN)
def test_a_pin_is_six_figures_or_more(org: Organisation, pin: Any) -> None:
    assert chooses_pin(org.person("Mina"), pin, 422)["code"] == "invalid"


def test_a_visitor_has_no_pin(org: Organisation, site: str) -> None:
    visitor = comes_as_visitor(org, code(org, marker(org, site, "printed", admits_visitors_hours=1)))
    chooses_pin(visitor, PIN, 403)


def test_the_next_person_ends_the_session_of_the_one_before(org: Organisation, site: str) -> None:
    mina, jun, gate = worker(org, "Mina", site), worker(org, "Jun", site, "161803"), tablet(org, site)
    org.world.relays()
    position = mina.get("/v1/me")["position"]
    gate.lets_in(mina)
    former = dict(gate.tokens)
    gate.lets_in(jun, "161803")
    assert gate.id == jun.id
    gate.keeps(former)
    assert gate.get("/v1/me", 401)["code"] == "session_ended"
    gate.post("/v1/sessions/refresh", {"refresh_token": former["refresh_token"]}, 401)
    assert ended(mina, position) == ["signed_in_again"]


def test_a_session_ends_after_a_pause(world: World, org: Organisation, site: str, later: Later) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.world.relays()
    position = mina.get("/v1/me")["position"]
    gate.lets_in(mina)
    later(timedelta(seconds=59))
    gate.get("/v1/me")
    later(timedelta(seconds=59))
    gate.get("/v1/me")
    later(timedelta(seconds=61))
    assert gate.get("/v1/me", 401)["code"] == "session_ended"
    gate.post("/v1/sessions/refresh", {"refresh_token": gate.tokens["refresh_token"]}, 401)
    with world.worker.transaction() as session:
        end_expired_sessions(session)
        end_paused_sessions(session)
    assert ended(mina, position) == ["paused"], "so its sockets close"
    mina.get("/v1/me")


def test_waiting_for_news_and_refreshing_do_not_put_the_pause_off(
    org: Organisation, site: str, later: Later
) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    gate.lets_in(mina)
    position = gate.get("/v1/me")["position"]
    later(timedelta(seconds=40))
    gate.get(f"/v1/sync?after={position}")
    gate.keeps(gate.post("/v1/sessions/refresh", {"refresh_token": gate.tokens["refresh_token"]}))
    later(timedelta(seconds=21))
    gate.get("/v1/me", 401)


def test_no_session_lasts_longer_than_a_shift(world: World, org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    gate.lets_in(mina)
    with world.worker.transaction() as session:
        opened = session.get_one(SignedInSession, UUID(gate.session_id))
        opened.created_at -= LONGEST - timedelta(seconds=30)
        opened.expires_at -= timedelta(seconds=40)
    gate.get("/v1/me")
    with world.worker.transaction() as session:
        opened = session.get_one(SignedInSession, UUID(gate.session_id))
        assert opened.expires_at == opened.created_at + LONGEST


def test_on_a_device_of_one_s_own_no_pause_ends_a_session(org: Organisation, later: Later) -> None:
    later(timedelta(minutes=20))
    org.admin.get("/v1/me")


OWN = {
    "PUT /v1/me/device/push": {"kind": "token", "address": "fcm-registration-token-of-the-app"},
    "POST /v1/me/fixes": {"fixes": [], "sent_at": "2026-01-01T09:00:00.000Z"},
    "POST /v1/me/check-ins": {},
    "PUT /v1/me/floor": {"floor": 1},
    "POST /v1/me/regions/events": {"events": [], "sent_at": "2026-01-01T09:00:00.000Z"},
    "POST /v1/me/outbox": {"items": []},
    "PUT /v1/me/pin": {"pin": "161803"},
    "DELETE /v1/me/pin": None,
    "POST /v1/me/passkeys/options": {},
}


@pytest.mark.parametrize(("route", "body"), OWN.items(), ids=OWN)
def test_it_is_in_nobody_s_pocket(org: Organisation, site: str, route: str, body: Any) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    gate.lets_in(mina)
    method, path = route.split()
    answer = gate.request(method, path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "shared_device")


def test_what_is_done_elsewhere_is_done_there(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    gate.lets_in(mina)
    gate.posts(site, "At the gate")
    assert mina.reads(site) == ["At the gate"]


def test_a_pin_lets_nobody_administer(org: Organisation, site: str) -> None:
    amy = org.person("Amy", role="organisation_administrator", scopes=[site])
    chooses_pin(amy)
    gate = tablet(org, site)
    gate.lets_in(amy)
    assert gate.get("/v1/admin/people", 403)["code"] == "shared_device"
    amy.get("/v1/admin/people")


def test_nor_is_it_a_fresh_proof(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    gate.lets_in(mina)
    assert gate.delete(f"/v1/me/passkeys/{uuid4()}", 403)["code"] == "step_up_required"


def test_a_code_enrols_one_tablet_once(org: Organisation, site: str) -> None:
    made = shared_device(org, site)
    first, second = Tablet(org, "First"), Tablet(org, "Second")
    told = first.enrols(made["code"].lower())
    assert (told["site_id"], told["pause_seconds"], told["organisation"]) == (site, 60, "Org")
    assert second.enrols(made["code"], 422)["code"] == "enrolment_refused"
    assert second.enrols("ABCDEFGHJKMNPQRS", 422)["code"] == "enrolment_refused"


def test_within_fifteen_minutes(org: Organisation, site: str, later: Later) -> None:
    made = shared_device(org, site)
    later(CODE_LASTS)
    Tablet(org, "Late").enrols(made["code"], 422)


def test_a_code_is_no_secret_and_a_secret_no_code(org: Organisation, site: str) -> None:
    gate = tablet(org, site)
    Tablet(org, "Thief").enrols(gate.secret[:40], 422)
    waiting = Tablet(org, "Waiting")
    waiting.secret = shared_device(org, site)["code"]
    waiting.shows("mi", 401)


def test_another_tablet_takes_its_place(org: Organisation, site: str) -> None:
    mina = worker(org, "Mina", site)
    made = shared_device(org, site)
    lost, found = Tablet(org, "Lost"), Tablet(org, "Found")
    lost.enrols(made["code"])
    lost.lets_in(mina)
    renewed = org.admin.post(f"/v1/admin/shared-devices/{made['id']}/code", None, 201)
    lost.shows("mi")
    found.enrols(renewed["code"])
    lost.shows("mi", 401)
    lost.get("/v1/me", 401)
    found.lets_in(mina)


def test_an_ended_device_lets_nobody_in_and_signs_out_who_is(org: Organisation, site: str) -> None:
    mina, made, gate = worker(org, "Mina", site), shared_device(org, site), Tablet(org, "Gate")
    gate.enrols(made["code"])
    gate.lets_in(mina)
    org.world.relays()
    position = mina.get("/v1/me")["position"]
    org.admin.delete(f"/v1/admin/shared-devices/{made['id']}")
    gate.get("/v1/me", 401)
    gate.shows("mi", 401)
    gate.lets_in(mina, status=401)
    assert ended(mina, position) == ["shared_device_ended"]
    org.admin.delete(f"/v1/admin/shared-devices/{made['id']}", 404)
    org.admin.post(f"/v1/admin/shared-devices/{made['id']}/code", None, 404)
    assert org.admin.get("/v1/admin/shared-devices")["items"] == []


def test_devices_are_listed_and_renamed(org: Organisation, site: str) -> None:
    made = shared_device(org, site)
    edited = org.admin.patch(f"/v1/admin/shared-devices/{made['id']}", {"name": "North", "pause_seconds": 30})
    assert (edited["name"], edited["pause_seconds"], edited["enrolled_at"]) == ("North", 30, None)
    assert [each["name"] for each in org.admin.get("/v1/admin/shared-devices")["items"]] == ["North"]


@pytest.mark.parametrize("seconds", [14, 901, "60", 60.5, None])
def test_a_pause_has_its_bounds(org: Organisation, site: str, seconds: Any) -> None:
    body = {"name": "Gate", "site_id": site, "pause_seconds": seconds}
    org.admin.post("/v1/admin/shared-devices", body, 422)


def test_a_device_hangs_at_a_site_of_one_s_own(world: World, org: Organisation, site: str) -> None:
    zone, theirs = org.zone(site), world.organisation().site()
    for other in (zone, theirs, str(org.id), str(uuid4())):
        org.admin.post("/v1/admin/shared-devices", {"name": "Gate", "site_id": other}, 422)


def test_a_manager_of_a_site_makes_none(org: Organisation, site: str) -> None:
    manager(org, "Mia", site).post("/v1/admin/shared-devices", {"name": "Gate", "site_id": site}, 403)


def test_whoever_leaves_the_site_is_let_in_no_more(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{mina.id}")
    gate.lets_in(mina, status=401)
    assert gate.shows("mi") == []


def test_a_site_that_is_archived_lets_nobody_in(org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.admin.delete(f"/v1/admin/sites/{site}", If_Match="*")
    gate.lets_in(mina, status=401)


def test_nobody_is_let_in_to_an_account_that_was_closed(world: World, org: Organisation, site: str) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.admin.put(f"/v1/admin/people/{mina.id}/badge", {"badge": "04A2241C"}, 204)
    gate.lets_in(mina)
    who = mina.id
    org.admin.delete(f"/v1/admin/people/{who}")
    gate.get("/v1/me", 401)
    gate.lets_in(None, person_id=who, status=401)
    with world.worker.transaction() as session:
        for model in (Pin, Badge):
            assert session.get(model, UUID(who)) is None
    assert (
        org.admin.put(f"/v1/admin/people/{who}/badge", {"badge": "04A2241C"}, 409)["code"] == "account_ended"
    )


def test_a_pin_that_changed_while_it_was_checked_lets_nobody_in(
    world: World, org: Organisation, site: str
) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    given: dict[str, Any] = {
        "secret": gate.secret,
        "person_id": UUID(mina.id),
        "badge": None,
        "pin": PIN,
        "address": None,
    }
    proof = prove_pin(world.web, world.settings, **given)
    chooses_pin(mina, "314159")
    maker = world.app.extensions["hereabouts"].tokens
    with pytest.raises(PinRefused), world.web.transaction() as session:
        sign_in_with_pin(session, maker, proof, None, None)


def test_a_badge_is_one_person_s(org: Organisation, site: str) -> None:
    mina, jun = worker(org, "Mina", site), worker(org, "Jun", site)
    org.admin.put(f"/v1/admin/people/{mina.id}/badge", {"badge": "04A2241C"}, 204)
    org.admin.put(f"/v1/admin/people/{mina.id}/badge", {"badge": "04A2241C"}, 204)
    refusal = org.admin.put(f"/v1/admin/people/{jun.id}/badge", {"badge": "04A2241C"}, 409)
    assert refusal["code"] == "badge_taken"


def test_what_is_kept_tells_neither_pin_nor_badge_nor_secret(
    world: World, org: Organisation, site: str
) -> None:
    mina, gate = worker(org, "Mina", site), tablet(org, site)
    org.admin.put(f"/v1/admin/people/{mina.id}/badge", {"badge": "04A2241C"}, 204)
    with world.worker.transaction() as session:
        pin, badge = session.get_one(Pin, UUID(mina.id)), session.get_one(Badge, UUID(mina.id))
        device = session.scalars(select(SharedDevice).where(SharedDevice.organisation_id == org.id)).one()
        assert pin.pin_hash.startswith("$argon2id$")
        assert (len(badge.digest), len(device.secret_digest or b"")) == (32, 32)
        assert gate.secret.encode() not in (device.secret_digest or b"")


def test_no_app_calls_itself_a_shared_device(org: Organisation) -> None:
    phone = Phone(org, "Eve")
    phone.app["installation_id"] = f"shared:{uuid4()}"
    body = {"organisation": org.slug, "email": "admin@example.com", "password": "x", "device": phone.app}
    assert phone.post("/v1/sessions", body, 422)["errors"][0]["pointer"] == "/device/installation_id"
