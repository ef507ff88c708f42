"""What takes a proof of the last minutes: asked of a session that has none, and given anew."""

from typing import Any

import pytest

from people.sign_in.throttle import ALLOWED
from tests.api.operations import OPERATIONS
from tests.stories.checkins import code, marker
from tests.stories.musters import calls
from tests.stories.passwords import NEW, changes_password
from tests.stories.scopes import manager
from tests.stories.second_factors import grows_old, sets_up
from tests.stories.visitors import comes_as_visitor
from tests.world import PASSWORD, Organisation, Phone

FRESH = {operation["operationId"] for _, _, operation in OPERATIONS if operation.get("x-fresh")}


def proves(phone: Phone, status: int = 201, **given: str) -> Any:
    return phone.post("/v1/me/proofs", given, status)


def is_asked(phone: Phone, method: str, path: str, body: Any = None) -> bool:
    """Whether a request is refused for want of a fresh proof."""
    answer = phone.request(method, path, body, If_Match="*")
    return answer.status_code == 403 and answer.get_json()["code"] == "step_up_required"


def test_these_take_a_fresh_proof() -> None:
    assert {
        "begin_authenticator",
        "remove_authenticator",
        "renew_recovery_codes",
        "write_sign_in_policy",
        "remove_authenticator_of",
        "end_person",
        "change_address",
        "issue_reset_code",
        "download_muster_report",
    } <= FRESH


def test_an_old_session_closes_no_account_until_it_is_proven_anew(org: Organisation) -> None:
    bob = org.person("Bob")
    grows_old(org.admin)
    path = f"/v1/admin/people/{bob.id}"
    assert is_asked(org.admin, "DELETE", path)
    bob.get("/v1/me")
    proves(org.admin, password=PASSWORD)
    org.admin.delete(path)


def test_whoever_may_not_is_not_asked_to_prove_anything(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    grows_old(alice)
    assert alice.delete(f"/v1/admin/people/{bob.id}", 403)["code"] == "forbidden"


def test_managers_are_made_and_administrators_invited_with_a_fresh_proof_alone(org: Organisation) -> None:
    site, bob = org.site(admission="assigned"), org.person("Bob")
    path = f"/v1/admin/scopes/{site}/memberships/{bob.id}"
    grows_old(org.admin)
    assert is_asked(org.admin, "PUT", path, {"role": "manager"})
    org.admin.put(path, {"role": "member"})
    assert is_asked(org.admin, "POST", "/v1/admin/invitations", {"role": "organisation_administrator"})
    org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)
    proves(org.admin, password=PASSWORD)
    org.admin.put(path, {"role": "manager"})
    org.admin.post("/v1/admin/invitations", {"role": "organisation_administrator"}, 201)


def test_a_whole_organisation_is_alerted_with_a_fresh_proof_and_a_site_without(org: Organisation) -> None:
    site = org.site(admission="assigned")
    grows_old(org.admin)
    everybody, here = (f"/v1/admin/scopes/{scope}/alerts" for scope in (org.id, site))
    assert is_asked(org.admin, "POST", everybody, {"text": "Leave the buildings."})
    assert org.admin.reads(str(org.id)) == []
    org.admin.post(here, {"text": "Leave the site."}, 201)
    org.admin.post(f"/v1/admin/scopes/{org.id}/announcements", {"text": "The canteen is open."}, 201)
    proves(org.admin, password=PASSWORD)
    org.admin.post(everybody, {"text": "Leave the buildings.", "client_id": "alert-no-1"}, 201)
    grows_old(org.admin)
    org.admin.post(everybody, {"text": "Leave the buildings.", "client_id": "alert-no-1"}, 200)


def test_a_report_of_a_roll_call_leaves_the_house_with_a_fresh_proof(org: Organisation) -> None:
    site = org.site(admission="assigned")
    mia = manager(org, "Mia", site)
    muster = calls(mia, site)
    mia.post(f"/v1/musters/{muster}/end")
    grows_old(mia)
    assert is_asked(mia, "GET", f"/v1/musters/{muster}/report.csv")
    proves(mia, password=PASSWORD)
    assert mia.request("GET", f"/v1/musters/{muster}/report.csv").status_code == 200


def test_it_may_be_proven_with_the_app_or_a_recovery_code(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    for given in ({"totp": app.shows()}, {"recovery_code": app.recovery_codes[0]}):
        grows_old(alice)
        proves(alice, **given)
        alice.post("/v1/me/totp", None, 201)
        assert proves(alice, 403, **given)["code"] == "second_factor_refused"
    factors = alice.get("/v1/me/sessions")["items"][0]["factors"]
    assert factors == ["invitation", "totp", "recovery_code"]


def test_a_wrong_proof_leaves_the_session_as_it_was(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    app = sets_up(bob)
    grows_old(alice)
    assert proves(alice, 403, password="not hers")["code"] == "password_refused"
    for given in ({"totp": app.shows()}, {"recovery_code": app.recovery_codes[0]}):
        assert proves(alice, 403, **given)["code"] == "second_factor_refused"
    assert is_asked(alice, "POST", "/v1/me/totp")
    alice.get("/v1/me")


def test_the_proof_of_one_session_is_no_proof_of_another(org: Organisation) -> None:
    alice, tablet = org.person("Alice"), org.signs_in("alice@example.com", "Alice")
    for phone in (alice, tablet):
        grows_old(phone)
    proves(tablet, password=PASSWORD)
    assert is_asked(alice, "POST", "/v1/me/totp")
    tablet.post("/v1/me/totp", None, 201)


def test_a_stolen_token_buys_no_more_guesses_than_are_counted(org: Organisation) -> None:
    alice = org.person("Alice")
    app = sets_up(alice)
    grows_old(alice)
    told = [alice.request("POST", "/v1/me/proofs", {"totp": app.never_shows()}) for _ in range(ALLOWED + 1)]
    assert [answer.status_code for answer in told] == [403] * ALLOWED + [429]
    assert proves(alice, 429, totp=app.shows())["code"] == "too_many_second_factors"
    assert proves(alice, 429, recovery_code=app.recovery_codes[0])["code"] == "too_many_second_factors"
    guesses = [alice.request("POST", "/v1/me/proofs", {"password": "wrong"}) for _ in range(ALLOWED + 1)]
    assert [answer.status_code for answer in guesses] == [403] * ALLOWED + [429]


@pytest.mark.parametrize(
    "given", [{}, {"password": PASSWORD, "totp": "123456"}, {"password": ""}, {"pin": "1"}]
)
def test_half_a_proof_is_none(org: Organisation, given: dict[str, str]) -> None:
    grows_old(org.admin)
    assert org.admin.request("POST", "/v1/me/proofs", given).status_code == 422
    assert is_asked(org.admin, "POST", "/v1/me/totp")


def test_a_password_that_has_changed_proves_nothing(org: Organisation) -> None:
    alice = org.person("Alice")
    changes_password(alice, PASSWORD, NEW)
    grows_old(alice)
    proves(alice, 403, password=PASSWORD)
    proves(alice, password=NEW)


def test_a_visitor_from_the_gate_has_nothing_to_prove_with(org: Organisation) -> None:
    vera = comes_as_visitor(org, code(org, marker(org, org.site(), "printed", admits_visitors_hours=1)))
    grows_old(vera)
    assert proves(vera, 403, password=PASSWORD)["code"] == "password_refused"


def test_refreshing_is_no_proof(org: Organisation) -> None:
    alice = org.person("Alice")
    grows_old(alice)
    alice.keeps(alice.post("/v1/sessions/refresh", {"refresh_token": alice.tokens["refresh_token"]}))
    assert is_asked(alice, "POST", "/v1/me/totp")
