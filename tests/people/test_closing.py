"""Accounts that are closed: their address is free, what they did stays theirs; and somebody always stays in charge."""

from sqlalchemy import select

from people.models import Person
from people.sign_in.models import Credential
from tests.stories.passwords import can_sign_in, joins, reset_code
from tests.stories.scopes import manager
from tests.world import PASSWORD, Organisation, Phone, World

ALICE = "alice@example.com"


def closes(admin: Phone, person_id: str, status: int = 204) -> dict[str, str]:
    return admin.delete(f"/v1/admin/people/{person_id}", status)


def test_an_address_is_free_as_soon_as_its_account_is_closed(org: Organisation) -> None:
    alice = org.person("Alice")
    former = alice.id
    closes(org.admin, former)
    assert not can_sign_in(org, ALICE)
    alicia = joins(org, "Alicia", ALICE)
    assert alicia.id != former
    again = org.signs_in(ALICE, "Alicia")
    assert again.id == alicia.id


def test_what_the_former_account_did_stays_under_its_name(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice = org.person("Alice", scopes=[site])
    post = alice.posts(site, "I was here")
    former = alice.id
    closes(org.admin, former)
    alicia = joins(org, "Alicia", ALICE)
    assert org.admin.get(f"/v1/posts/{post['id']}")["author"] == {"id": former, "name": "Alice"}
    assert org.admin.get(f"/v1/admin/people/{former}")["email"] == ALICE
    assert alicia.get("/v1/me")["memberships"] == []
    alicia.get(f"/v1/scopes/{site}/posts", 404)
    alice.get("/v1/me", 401)
    alice.post("/v1/sessions/refresh", {"refresh_token": alice.tokens["refresh_token"]}, 401)


def test_an_address_has_as_many_closed_accounts_as_it_had(world: World, org: Organisation) -> None:
    for name in ("Ann", "Bo", "Cy"):
        phone = joins(org, name, ALICE)
        person_id = phone.id
        closes(org.admin, person_id)
        closes(org.admin, person_id)
    joins(org, "Di", ALICE)
    assert [each["name"] for each in org.admin.get("/v1/admin/people")["items"]] == [
        "Ada",
        "Ann",
        "Bo",
        "Cy",
        "Di",
    ]
    code = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    phone = Phone(org, "Ed")
    body = {"code": code, "email": ALICE, "name": "Ed", "password": PASSWORD, "device": phone.app}
    assert phone.post("/v1/invitations/accept", body, 409)["code"] == "email_taken"
    with world.worker.transaction() as session:
        of_closed = select(Credential).join(Person, Person.id == Credential.person_id)
        of_closed = of_closed.where(Person.organisation_id == org.id, Person.ended_at.is_not(None))
        assert session.scalars(of_closed).all() == []


def test_the_only_administrator_stays(org: Organisation) -> None:
    site = org.site(admission="assigned")
    manager(org, "Mia", site)
    bea = org.person("Bea", role="organisation_administrator")
    closes(org.admin, bea.id)
    assert closes(org.admin, org.admin.id, 409)["code"] == "last_administrator"
    org.admin.get("/v1/me")
    assert can_sign_in(org, "admin@example.com")
    org.world.organisation().person("Cleo", role="organisation_administrator")
    closes(org.admin, org.admin.id, 409)


def test_with_another_one_there_they_may_go(org: Organisation) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    closes(org.admin, org.admin.id)
    org.admin.get("/v1/me", 401)
    assert not can_sign_in(org, "admin@example.com")
    assert closes(bea, bea.id, 409)["code"] == "last_administrator"
    reset_code(bea, joins_by(bea, org).id)


def joins_by(admin: Phone, org: Organisation) -> Phone:
    org.admin = admin
    return joins(org, "Alice", ALICE)


def test_others_are_closed_as_ever(org: Organisation) -> None:
    alice = org.person("Alice")
    person_id = alice.id
    closes(org.admin, person_id)
    alice.get("/v1/me", 401)
    closes(org.admin, person_id)
