"""Programs that ask with a token of their own: what they may, where, until when; and what they never are."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from api.app import create_app
from api.pace import By, Pace
from api.resources import DECLARATIONS
from api.route import Declaration
from base import clock
from base.errors import Unauthenticated
from people.audience import audience
from people.models import Person, SignedInSession
from people.permissions import FOR_SERVICES
from people.services.models import Service
from people.services.services import MOST
from people.sign_in.tokens import digest
from schemas.services import PERMISSIONS
from tests.api.operations import APP, OPERATIONS
from tests.stories.audit import the_entry
from tests.stories.pace import others_took
from tests.stories.roles import gives, makes_role, officer
from tests.stories.services import Program, service, wanted
from tests.stories.statements import statements
from tests.world import Organisation, Phone, World

READ, WRITE = "scope:posts:read", "scope:posts:write"
SERVICES = "/v1/admin/services"


def of_service(program: Program) -> str:
    return f"{SERVICES}/{program.made['id']}"


def row_of(program: Program) -> Service:
    with program.organisation.world.worker.transaction() as session:
        return session.scalars(select(Service).where(Service.id == program.made["id"])).one()


def changes(program: Program, **values: Any) -> None:
    with program.organisation.world.worker.transaction() as session:
        session.execute(update(Service).where(Service.id == program.made["id"]).values(**values))


def may(org: Organisation, name: str, *permissions: str) -> Phone:
    """Somebody whom a role of the organisation's own lets do so much in all of it."""
    phone = org.person(name)
    gives(org.admin, phone, makes_role(org.admin, f"{name}'s", *permissions)["id"], str(org.id))
    return phone


def test_a_service_does_what_its_token_says_and_where(org: Organisation) -> None:
    depot, yard = org.site(admission="assigned"), org.site("Yard", admission="assigned")
    gate = org.zone(depot, admission="assigned")
    org.admin.posts(depot, "Gate 3 is shut")
    program = service(org, READ, WRITE, scopes=[depot])
    assert program.reads(depot) == ["Gate 3 is shut"]
    post = program.posts(gate, "Gate 3 is open")
    assert post["author"] == {"id": program.made["id"], "name": "Access control"}
    assert org.admin.reads(gate) == ["Gate 3 is open"]
    program.posts(yard, "nothing of mine", 404)
    program.get(f"/v1/scopes/{yard}/posts", 404)
    program.posts(str(org.id), "nor this", 404)
    program.post(f"/v1/admin/scopes/{depot}/alerts", {"text": "Fire"}, 403)
    program.get("/v1/admin/people", 403)


def test_what_it_was_given_in_the_organisation_it_may_everywhere_but_in_conversations(
    org: Organisation,
) -> None:
    depot, bob = org.site(admission="assigned"), org.person("Bob")
    direct = org.admin.post("/v1/direct-conversations", {"person_ids": [bob.id]}, 201)["scope"]["id"]
    program = service(org, READ, WRITE)
    program.posts(depot, "hello")
    program.posts(str(org.id), "to all")
    program.get(f"/v1/scopes/{direct}/posts", 404)
    program.posts(direct, "psst", 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/me"),
        ("GET", "/v1/sync?after=0"),
        ("GET", "/v1/feed"),
        ("PUT", "/v1/me/device/push"),
        ("POST", "/v1/me/fixes"),
        ("DELETE", "/v1/sessions/current"),
        ("POST", SERVICES),
        ("GET", SERVICES),
    ],
)
def test_a_service_is_nobody(org: Organisation, method: str, path: str) -> None:
    program = service(org, *sorted(FOR_SERVICES - {"organisation:audit:export"}))
    assert program.request(method, path, {} if method != "GET" else None).status_code == 403


PERSONAL = [declared for declared in APP.extensions[DECLARATIONS].values() if declared.personal]


@pytest.mark.parametrize("declared", PERSONAL, ids=lambda declared: declared.path)
def test_a_service_does_nothing_for_itself(org: Organisation, declared: Declaration) -> None:
    program = service(org, READ)
    post = org.admin.posts(str(org.id), "read me")
    program.get(f"/v1/posts/{post['id']}")
    path = declared.path.replace("<uuid:scope_id>", str(org.id)).replace("<uuid:post_id>", post["id"])
    answer = program.request(declared.method, f"/v1{path}", {"post_id": post["id"]})
    assert answer.get_json()["code"] == "forbidden"


def test_the_token_is_shown_once_and_kept_nowhere(org: Organisation) -> None:
    program = service(org, READ)
    assert program.made["token"].startswith("hst_")
    assert len(program.made["token"]) == len("hst_") + 43
    (listed,) = org.admin.get(SERVICES)["items"]
    assert listed == org.admin.get(of_service(program)) == program.made | {"token": None}
    assert row_of(program).token_digest == digest(program.made["token"])


def test_a_repeated_making_shows_no_token_again(org: Organisation) -> None:
    body = wanted(org, READ)
    first = org.admin.post(SERVICES, body, 201, Idempotency_Key="once")
    second = org.admin.post(SERVICES, body, 201, Idempotency_Key="once")
    assert first["id"] != second["id"], "what is secret takes no key"


def test_nobody_gives_a_service_what_they_do_not_have(org: Organisation) -> None:
    org.admin.post(SERVICES, wanted(org, "organisation:audit:export"), 403)
    mia = may(org, "Mia", "organisation:services:manage", READ)
    Program(org, mia.post(SERVICES, wanted(org, READ), 201)).get(f"/v1/scopes/{org.id}/posts")
    for more in (WRITE, "scope:alerts:raise", "organisation:audit:read"):
        mia.post(SERVICES, wanted(org, READ, more), 403)
    assert len(org.admin.get(SERVICES)["items"]) == 1


def test_who_merely_belongs_to_a_place_gives_nothing_in_it(org: Organisation) -> None:
    """A service may in all parts of a place what it was given there; a member may nothing in its parts."""
    depot, yard = org.site(admission="assigned"), org.site("Yard", admission="assigned")
    org.zone(depot, admission="assigned")
    mia = may(org, "Mia", "organisation:services:manage")
    org.admin.put(f"/v1/admin/scopes/{depot}/memberships/{mia.id}", {"role": "member"})
    org.admin.put(f"/v1/admin/scopes/{yard}/memberships/{mia.id}", {"role": "manager"})
    mia.reads(depot)
    mia.reads(str(org.id))
    mia.post(SERVICES, wanted(org, READ, scopes=[depot]), 403)
    mia.post(SERVICES, wanted(org, READ), 403)
    mia.post(SERVICES, wanted(org, READ, scopes=[yard, depot]), 403)
    mia.post(SERVICES, wanted(org, READ, "site:musters:run", scopes=[yard]), 201)


def test_another_token_is_as_good_as_a_new_service(org: Organisation) -> None:
    mia = may(org, "Mia", "organisation:services:manage", READ)
    program = service(org, "scope:alerts:raise")
    mia.post(f"{of_service(program)}/token", status=403)
    program.post(f"/v1/admin/scopes/{org.id}/alerts", {"text": "Fire"}, 201)
    mia.delete(of_service(program))
    program.post(f"/v1/admin/scopes/{org.id}/alerts", {"text": "Fire"}, 401)


def test_what_reads_the_audit_log_is_an_officers_to_give(org: Organisation) -> None:
    olga, whole = officer(org), ("organisation:audit:read", "organisation:audit:export")
    siem = Program(org, olga.post(SERVICES, wanted(org, *whole), 201))
    org.admin.post(f"{of_service(siem)}/token", status=403)
    olga.post(f"{of_service(siem)}/token", status=201)
    olga.post(SERVICES, wanted(org, READ), 403)


def test_a_siem_follows_the_log_and_is_in_it_itself(org: Organisation) -> None:
    olga, whole = officer(org), ("organisation:audit:read", "organisation:audit:export")
    siem = Program(org, olga.post(SERVICES, wanted(org, *whole), 201))
    made = siem.get("/v1/admin/audit?action=create_service")["items"]
    assert [each["subject_id"] for each in made] == [siem.made["id"]]
    assert siem.made["token"] not in str(made)
    assert siem.request("GET", "/v1/admin/audit/export").status_code == 200
    assert the_entry(org, action="search_audit", actor_id=siem.made["id"])["actor_name"] == "Access control"


def test_a_request_costs_a_service_no_more_than_a_person(org: Organisation, world: World) -> None:
    depot = org.site(admission="assigned")
    bob, program = org.person("Bob", scopes=[depot]), service(org, READ, scopes=[depot])
    counts = []
    for phone in (bob, program):
        phone.reads(depot)
        with statements(world.web.engine) as asked:
            phone.reads(depot)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "permission", ["me:account:use", "organisation:people:manage", "site:members:manage", "*"]
)
def test_some_things_no_service_is_given(org: Organisation, permission: str) -> None:
    refused = org.admin.post(SERVICES, wanted(org, READ, permission), 422)
    assert [error["pointer"] for error in refused["errors"]] == ["/permissions/1"]


def test_a_scope_that_is_not_there_is_pointed_at(org: Organisation) -> None:
    theirs = org.world.organisation().site()
    bob = org.person("Bob")
    direct = org.admin.post("/v1/direct-conversations", {"person_ids": [bob.id]}, 201)["scope"]["id"]
    for scope in (theirs, direct, program_scope(org)):
        refused = org.admin.post(SERVICES, wanted(org, READ, scopes=[str(org.id), scope]), 422)
        assert refused["errors"] == [{"pointer": "/scope_ids/1", "message": "There is no such scope."}]
    site = org.site()
    refused = org.admin.post(SERVICES, wanted(org, "organisation:audit:read", scopes=[site]), 422)
    assert refused["errors"][0]["pointer"] == "/scope_ids"


def program_scope(org: Organisation) -> str:
    return service(org, READ).made["id"]


def test_it_takes_a_fresh_proof(org: Organisation) -> None:
    program = service(org, READ)
    with org.world.worker.transaction() as session:
        long_ago = update(SignedInSession).where(SignedInSession.id == org.admin.session_id)
        session.execute(long_ago.values(proven_at=clock.now() - timedelta(minutes=6)))
    assert org.admin.post(SERVICES, wanted(org, READ), 403)["code"] == "step_up_required"
    assert org.admin.post(f"{of_service(program)}/token", status=403)["code"] == "step_up_required"
    assert len(org.admin.get(SERVICES)["items"]) == 1
    program.get(f"/v1/scopes/{org.id}/posts")
    org.admin.delete(of_service(program))


def test_another_token_takes_the_place_of_the_one_before_at_once(org: Organisation) -> None:
    program = service(org, READ)
    program.get(f"/v1/scopes/{org.id}/posts")
    changed = Program(org, org.admin.post(f"{of_service(program)}/token", status=201))
    assert program.get(f"/v1/scopes/{org.id}/posts", 401)["code"] == "unauthenticated"
    changed.get(f"/v1/scopes/{org.id}/posts")


def test_an_ended_service_is_answered_by_no_process(org: Organisation, world: World) -> None:
    program = service(org, READ)
    elsewhere = Program(org, program.made)
    elsewhere._client = create_app(world.settings, world.web).test_client()
    for each in (program, elsewhere):
        each.get(f"/v1/scopes/{org.id}/posts")
    org.admin.delete(of_service(program))
    org.admin.delete(of_service(program))
    for each in (program, elsewhere):
        each.get(f"/v1/scopes/{org.id}/posts", 401)
    assert org.admin.get(of_service(program))["ended_at"] is not None
    assert org.admin.post(f"{of_service(program)}/token", status=409)["code"] == "service_ended"


def test_a_service_ends_by_itself(org: Organisation) -> None:
    program = service(org, READ)
    program.get(f"/v1/scopes/{org.id}/posts")
    changes(program, expires_at=clock.now() - timedelta(seconds=1))
    program.get(f"/v1/scopes/{org.id}/posts", 401)
    assert org.admin.post(f"{of_service(program)}/token", status=409)["code"] == "service_ended"
    org.admin.post(SERVICES, wanted(org, READ, days=366), 422)
    org.admin.post(SERVICES, wanted(org, READ, days=0), 422)


def test_administrators_hear_that_one_was_made_or_ended(org: Organisation) -> None:
    bea = org.person("Bea", role="organisation_administrator")
    since, bob = bea.get("/v1/me")["position"], org.person("Bob")
    program = service(org, READ)
    org.admin.delete(of_service(program))
    heard = [event["data"] for event in bea.syncs(since) if event["type"] == "rights.changed"]
    told = [(each["before"], each["after"]) for each in heard if each["person_id"] == program.made["id"]]
    assert told == [(None, "service"), ("service", None)]
    assert "rights.changed" not in {event["type"] for event in bob.syncs(0)}


def test_when_it_was_used_last_is_known_to_the_minute(org: Organisation, world: World) -> None:
    program = service(org, READ)
    assert row_of(program).last_used_at is None
    program.get(f"/v1/scopes/{org.id}/posts")
    first = row_of(program).last_used_at
    assert first is not None
    assert abs(first - clock.now()) < timedelta(minutes=1)
    program._client = create_app(world.settings, world.web).test_client()
    program.get(f"/v1/scopes/{org.id}/posts")
    assert row_of(program).last_used_at == first
    changes(program, last_used_at=first - timedelta(seconds=61))
    program._client = create_app(world.settings, world.web).test_client()
    program.get("/v1/admin/people", 403)
    assert row_of(program).last_used_at > first


def test_a_service_is_not_among_the_people(org: Organisation, world: World) -> None:
    bob, site = org.person("Bob"), org.site(admission="assigned")
    program = service(org, READ)
    its_id = program.made["id"]
    assert [each["name"] for each in org.admin.get("/v1/admin/people")["items"]] == ["Ada", "Bob"]
    org.admin.get(f"/v1/admin/people/{its_id}", 404)
    org.admin.delete(f"/v1/admin/people/{its_id}", 404)
    org.admin.post(f"/v1/admin/people/{its_id}/reset-code", status=404)
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{its_id}", {"role": "member"}, 404)
    bob.post("/v1/direct-conversations", {"person_ids": [its_id]}, 404)
    bob.posts(str(org.id), "hey", 422, mentions=[its_id])
    called = {"message": "Fire", "warden_ids": [its_id]}
    refused = org.admin.post(f"/v1/admin/places/{site}/musters", called, 422)
    assert refused["errors"][0]["pointer"] == "/warden_ids/0"
    with world.worker.transaction() as session:
        reached = {follower.person_id for follower in audience(session, org.id, org.id)}
        people = select(Person.id).where(Person.organisation_id == org.id, Person.role != "service")
        assert reached == set(session.scalars(people))


def test_its_token_opens_no_socket_and_its_name_no_session(org: Organisation, world: World) -> None:
    program = service(org, READ)
    with pytest.raises(Unauthenticated):
        world.app.extensions["hereabouts"].read_access_token(program.made["token"])
    program.post("/v1/sessions/refresh", {"refresh_token": program.made["token"]}, 401)
    with world.worker.transaction() as session:
        email = session.scalar(select(Person.email).where(Person.id == program.made["id"]))
    body = {
        "organisation": org.slug,
        "email": email,
        "password": program.made["token"],
        "device": program.app,
    }
    program.post("/v1/sessions", body, 401)


@pytest.mark.parametrize("form", ["hst_", "hst_{}", "hst_{}=", "HST_{}", " hst_{}x", "hst_ {}", "hst_é{}"])
def test_what_is_no_token_of_a_service_is_refused(org: Organisation, form: str) -> None:
    program = service(org, READ)
    program.tokens = {"access_token": form.format("A" * 43)}
    assert program.request("GET", f"/v1/scopes/{org.id}/posts").status_code == 401


def test_a_stolen_digest_is_no_token(org: Organisation) -> None:
    program = service(org, READ)
    program.tokens = {"access_token": f"hst_{row_of(program).token_digest.hex()[:43]}"}
    program.get(f"/v1/scopes/{org.id}/posts", 401)


def test_who_guesses_tokens_holds_up_no_service_that_is_known(org: Organisation, world: World) -> None:
    program, stranger = service(org, READ), service(org, READ)
    program.get(f"/v1/scopes/{org.id}/posts")
    others_took(world, Pace.TOKEN, By.ADDRESS, "127.0.0.1")
    stranger.tokens = {"access_token": "hst_" + "A" * 43}
    with statements(world.web.engine) as asked:
        refused = stranger.get(f"/v1/scopes/{org.id}/posts", 429)
    assert (refused["limit"], asked) == ("token-address", []), "a guess is not even looked up"
    program.get(f"/v1/scopes/{org.id}/posts")


def test_a_service_has_a_pace_of_its_own(org: Organisation, world: World) -> None:
    program, other = service(org, READ), service(org, READ)
    others_took(world, Pace.SERVICE, By.DEVICE, UUID(program.made["id"]).int)
    assert program.get(f"/v1/scopes/{org.id}/posts", 429)["limit"] == "service-device"
    other.get(f"/v1/scopes/{org.id}/posts")
    org.admin.get("/v1/me")


def test_an_organisation_has_so_many(org: Organisation, world: World) -> None:
    program = service(org, READ)
    with world.owner() as connection:
        connection.execute(text(_OTHERS), {"org": org.id, "count": MOST - 1})
    assert org.admin.post(SERVICES, wanted(org, READ), 409)["code"] == "too_many_services"
    org.admin.delete(of_service(program))
    org.admin.post(SERVICES, wanted(org, READ), 201)


_OTHERS = """
    WITH made AS (
        INSERT INTO persons (id, organisation_id, email, name, role)
        SELECT gen_random_uuid(), :org, gen_random_uuid() || '@services.invalid', 'Bot', 'service'
        FROM generate_series(1, :count) RETURNING id)
    INSERT INTO services (id, organisation_id, token_digest, permissions, scope_ids, created_by, expires_at)
    SELECT id, :org, sha256(id::text::bytea), '{}', '{}', id, now() + interval '1 day' FROM made
"""


def test_the_document_says_where_services_may_ask() -> None:
    may_ask = {
        operation["operationId"] for _, _, operation in OPERATIONS if {"service": []} in operation["security"]
    }
    assert {"list_posts", "publish_post", "raise_alert"} <= may_ask
    assert not may_ask & {"read_me", "read_events", "mark_scope_read", "create_service", "list_people"}


def test_the_wire_knows_what_services_may_be_given() -> None:
    assert set(PERMISSIONS) == FOR_SERVICES
