"""Administrators who decide of those who wait."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.stories.invitations import identifiers_of
from tests.stories.passwords import can_sign_in, joins
from tests.stories.registrations import asks, code_of, confirms, lets_in, mails, registers, waits
from tests.stories.roles import gives, makes_role
from tests.stories.scopes import manager
from tests.world import Organisation, Phone, World

MINA = "mina@example.com"


def test_mina_waits_and_is_let_in(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    registers(org, "Mina", MINA, 202)
    assert not can_sign_in(org, MINA)
    id = waits(org, MINA)
    assert org.admin.get(f"/v1/admin/registrations/{id}")["state"] == "awaiting"
    done = org.admin.post(f"/v1/admin/registrations/{id}/approve")
    assert (done["state"], done["decided_by"]) == ("approved", org.admin.id)
    assert mails(org, MINA) == ["registration", "registration_approved"]
    mina = org.signs_in(MINA, "Mina")
    assert mina.id == done["person_id"]
    assert identifiers_of(mina) == {MINA: True}
    assert org.admin.get("/v1/admin/registrations")["items"] == []
    assert [each["id"] for each in org.admin.get("/v1/admin/registrations?state=approved")["items"]] == [id]


def test_administrators_hear_of_it_and_nobody_else(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    bea, alice = org.person("Bea", role="organisation_administrator"), org.person("Alice")
    gives(
        org.admin,
        desk := org.person("Desk"),
        makes_role(org.admin, "Desk", "organisation:people:manage")["id"],
    )
    since = org.admin.get("/v1/me")["position"]
    registers(org, "Mina", MINA, 202)
    org.admin.post(f"/v1/admin/registrations/{waits(org, MINA)}/approve")
    for phone in (org.admin, bea, desk):
        told = [event for event in phone.syncs(since) if event["type"] == "registration.changed"]
        assert [event["data"]["state"] for event in told] == ["awaiting", "approved"]
        assert [event["actor_id"] for event in told] == [None, org.admin.id]
        assert MINA not in str(told)
    assert all(event["type"] != "registration.changed" for event in alice.syncs(since))


def test_or_is_not(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    registers(org, "Mina", MINA, 202)
    path = f"/v1/admin/registrations/{waits(org, MINA)}"
    assert org.admin.post(f"{path}/refuse")["state"] == "refused"
    for act in ("approve", "refuse"):
        assert org.admin.post(f"{path}/{act}", None, 409)["code"] == "registration_decided"
    assert mails(org, MINA) == ["registration", "registration_refused"]
    assert not can_sign_in(org, MINA)
    assert len(org.admin.get("/v1/admin/people")["items"]) == 1


def test_who_waits_is_sent_no_further_code(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    mina = registers(org, "Mina", MINA, 202)
    asks(mina, MINA)
    assert mails(org, MINA) == ["registration"]


def test_who_confirmed_on_two_phones_waits_once(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    phones = [Phone(org, "Mina"), Phone(org, "Mina")]
    codes = list[str]()
    for phone in phones:
        asks(phone, MINA)
        codes.append(code_of(org, MINA))
    for phone, code in zip(phones, codes, strict=True):
        confirms(phone, MINA, code, 202)
    assert len(org.admin.get("/v1/admin/registrations")["items"]) == 1


def test_of_ten_who_decide_at_once_one_does(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    registers(org, "Mina", MINA, 202)
    path, ready = f"/v1/admin/registrations/{waits(org, MINA)}", threading.Barrier(10)

    def decides(number: int) -> int:
        ready.wait(60)
        return org.admin.request("POST", f"{path}/{'refuse' if number % 2 else 'approve'}", {}).status_code

    with ThreadPoolExecutor(10) as crowd:
        assert sorted(crowd.map(decides, range(10))) == [200] + [409] * 9
    assert len(mails(org, MINA)) == 2


def test_an_address_that_somebody_took_meanwhile(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    registers(org, "Mina", MINA, 202)
    joins(org, "Mina", MINA)
    path = f"/v1/admin/registrations/{waits(org, MINA)}"
    assert org.admin.post(f"{path}/approve", None, 409)["code"] == "email_taken"
    org.admin.post(f"{path}/refuse")


def test_who_decides(world: World, org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    registers(org, "Mina", MINA, 202)
    path = f"/v1/admin/registrations/{waits(org, MINA)}"
    for phone in (org.person("Alice"), manager(org, "Mia", org.site())):
        for act in ("approve", "refuse"):
            phone.post(f"{path}/{act}", None, 403)
        phone.get("/v1/admin/registrations", 403)
    other = world.organisation().admin
    other.get(path, 404)
    other.post(f"{path}/approve", None, 404)
    waits(org, MINA)


def test_who_has_not_given_the_code_is_nobodys_business(org: Organisation) -> None:
    lets_in(org, "example.com", approval=True)
    asks(Phone(org, "Mina"), MINA)
    for state in ("awaiting", "opened", "approved", "refused"):
        assert org.admin.get(f"/v1/admin/registrations?state={state}")["items"] == []
    org.admin.get("/v1/admin/registrations?state=asked", 422)
