"""What somebody reads on asking: of one scope, and of all that a statement comes by, which say the same."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from base import ids
from people.actor import Actor, Grant
from people.audience import following, follows_of, known_among, sight_of, visible_of
from people.models import Person, Scope
from people.permissions import SERVICE, Permission, Standing
from people.scopes.scopes import create_scope
from people.sign_in.given import given_to, grants_of
from tests.stories.checkins import code, marker
from tests.stories.roles import gives
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone, World

FIRST = 0


class Depot:
    """An organisation with scopes of every kind, and people who stand differently to them."""

    def __init__(self, org: Organisation) -> None:
        self.org = org
        self.yard = org.site("Yard", admission="assigned")
        self.crane = org.zone(self.yard, "Crane", admission="assigned")
        self.gate = org.zone(self.yard, "Gate", history="since_entry")
        self.hall = org.zone(self.yard, "Hall", admission="open", history="since_entry")
        self.club = str(ids.new_id())
        with org.world.worker.transaction() as session:
            create_scope(session, org.id, UUID(self.club), kind="group", name="Club", admission="assigned")
        self.named = {
            str(org.id): "all",
            **{
                self.yard: "yard",
                self.crane: "crane",
                self.gate: "gate",
                self.hall: "hall",
                self.club: "club",
            },
        }
        door = code(org, marker(org, self.yard, admits_visitors_hours=8))
        self.door = code(org, marker(org, self.gate))
        self.people = {
            "member": org.person("Mel"),
            "assigned": org.person("Asa", scopes=[self.crane]),
            "present": org.person("Pia"),
            "manager": org.person("Mia", scopes=[self.yard]),
            "administrator": org.admin,
            "visitor": comes_as_visitor(org, door),
            "moderator": org.person("Mo"),
            "warden": org.person("Will"),
            "everywhere": org.person("Eve"),
        }
        gives(org.admin, self.people["moderator"], "moderator", self.crane)
        gives(org.admin, self.people["warden"], "warden", self.yard)
        gives(org.admin, self.people["everywhere"], "moderator")
        mia = self.people["manager"].id
        org.admin.put(f"/v1/admin/scopes/{self.yard}/memberships/{mia}", {"role": "manager"})
        for name in ("present", "manager"):
            self.people[name].post("/v1/me/check-ins", {"kind": "code", "code": self.door}, 201)

    def sees(self, name: str) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
        """Of one person: what each scope is to them, what they read as a statement says it, what they know of."""
        with self.org.world.web.transaction(self.org.id) as session:
            actor = _actor(session, self.org, self.people[name])
            every = session.scalars(select(Scope.id)).all()
            one = {self.named[str(id_)]: sight_of(session, actor, id_) for id_ in every}
            listed = {self.named[str(row.scope_id)]: row for row in session.execute(visible_of(actor))}
            known = {self.named[str(id_)] for id_ in known_among(session, actor, every)}
            follows = {
                window.scope_id: window.since for window in following(session, actor.person_id, self.org.id)
            }
            begun = {each.scope_id: each.begun for each in follows_of(session, [actor.person_id])}
        unasked = {row.scope_id: row.begun for row in listed.values() if row.follows}
        assert unasked == begun
        assert all(listed[self.named[str(id_)]].since <= since for id_, since in follows.items())
        return one, listed, known


def _actor(session: Session, org: Organisation, phone: Phone) -> Actor:
    person = session.get_one(Person, UUID(phone.id))
    given = session.scalar(select(given_to(Person.id)).where(Person.id == person.id))
    session_id = UUID(phone.session_id)
    return Actor(person.id, org.id, session_id, ids.new_id(), person.role, "en", grants=grants_of(given))


@pytest.fixture
def depot(world: World) -> Depot:
    return Depot(world.organisation())


STANDS: dict[str, dict[str, str]] = {
    "member": {"all": "member", "hall": "reader"},
    "assigned": {"all": "member", "hall": "reader", "crane": "member"},
    "present": {"all": "member", "hall": "reader", "gate": "member"},
    "manager": {"all": "member", **dict.fromkeys(("yard", "crane", "gate", "hall"), "manager")},
    "administrator": dict.fromkeys(("all", "yard", "crane", "gate", "hall"), "administrator"),
    "visitor": {"yard": "member"},
    **{name: {"all": "member", "hall": "reader"} for name in ("moderator", "warden", "everywhere")},
}


def test_one_scope_and_all_that_may_be_read_agree(depot: Depot) -> None:
    for name, stands in STANDS.items():
        one, listed, _ = depot.sees(name)
        inside = {scope: sight for scope, sight in one.items() if sight.standing is not Standing.OUTSIDER}
        assert {scope: sight.standing.value for scope, sight in inside.items()} == stands, name
        reads = {
            scope: sight.window.since for scope, sight in one.items() if sight.grants(Permission.POSTS_READ)
        }
        assert {scope: row.since for scope, row in listed.items()} == reads, name


def test_being_there_reads_from_entry_on_and_running_the_place_reads_all(depot: Depot) -> None:
    gate = {
        name: depot.sees(name)[0]["gate"].window.since for name in ("present", "manager", "administrator")
    }
    assert gate["present"] > FIRST
    assert (gate["manager"], gate["administrator"]) == (FIRST, FIRST)
    assert depot.sees("visitor")[0]["yard"].window.since > FIRST


def test_an_assigned_scope_is_known_to_its_members_alone(depot: Depot) -> None:
    known = {name: depot.sees(name)[2] for name in STANDS}
    assert known["member"] == known["present"] == {"all", "gate", "hall"}
    assert known["assigned"] == {"all", "crane", "gate", "hall"}
    assert known["manager"] == known["administrator"] == {"all", "yard", "crane", "gate", "hall"}
    assert known["moderator"] == {"all", "crane", "gate", "hall"}
    assert known["warden"] == known["everywhere"] == {"all", "yard", "crane", "gate", "hall"}
    assert known["visitor"] == {"yard", "gate", "hall"}, "the parts of what she was let into, and no more"


def test_what_was_given_is_read_from_the_beginning_and_nothing_else_is(depot: Depot) -> None:
    for name, more in (
        ("moderator", {"crane"}),
        ("warden", set()),
        ("everywhere", {"yard", "crane", "gate"}),
    ):
        _, listed, _ = depot.sees(name)
        assert set(listed) == {"all", "hall", *more}
        assert {row.since for row in listed.values()} == {FIRST}


def test_a_program_reads_what_it_was_given_and_knows_of_nothing_else(depot: Depot) -> None:
    yard, of_all = UUID(depot.yard), depot.org.id
    expected = {yard: {"yard", "crane", "gate", "hall"}, of_all: {"all", "yard", "crane", "gate", "hall"}}
    for where, reads in {**expected, ids.new_id(): set()}.items():
        grants = (Grant(where, frozenset({Permission.POSTS_READ})),)
        program = Actor(ids.new_id(), of_all, ids.new_id(), ids.new_id(), SERVICE, "en", grants=grants)
        with depot.org.world.web.transaction(of_all) as session:
            every = session.scalars(select(Scope.id)).all()
            listed = {depot.named[str(row.scope_id)] for row in session.execute(visible_of(program))}
            known = {depot.named[str(id_)] for id_ in known_among(session, program, every)}
            one = {depot.named[str(id_)] for id_ in every if _reads(session, program, id_)}
        assert listed == known == one == reads
        assert program.organisation_wide == (grants[0].permissions if where == of_all else frozenset())


def _reads(session: Session, actor: Actor, scope_id: UUID) -> bool:
    sight = sight_of(session, actor, scope_id)
    return sight is not None and sight.grants(Permission.POSTS_READ)


def test_nothing_of_another_organisation_is_there(depot: Depot, world: World) -> None:
    other = world.organisation()
    with world.worker.transaction() as session:
        admin = _actor(session, other, other.admin)
        assert sight_of(session, admin, UUID(depot.hall)) is None
        assert [row.scope_id for row in session.execute(visible_of(admin))] == [other.id]
