"""What a socket's rooms are read from: the memberships as of the journal's head, and nothing that begins after it."""

from uuid import UUID

from people.audience import following_at_head
from tests.world import Organisation, Phone, World


def read(world: World, org: Organisation, phone: Phone) -> tuple[int, set[UUID]]:
    with world.web.transaction(org.id) as session:
        head, scopes = following_at_head(session, UUID(phone.session_id), org.id)
    return 0 if head is None else head.position, {scope.scope_id for scope in scopes}


def test_a_membership_counts_from_its_event_and_until_its_end(fresh_world: World) -> None:
    org = fresh_world.organisation()
    alice, site = org.person("Alice"), org.site(admission="assigned")
    fresh_world.relays()
    path = f"/v1/admin/scopes/{site}/memberships/{alice.id}"  # each act is told, and written down
    before = read(fresh_world, org, alice)
    org.admin.put(path, {"role": "member"})
    assert read(fresh_world, org, alice) == before == (before[0], {org.id}), "its beginning is not told yet"
    fresh_world.relays()
    assert read(fresh_world, org, alice) == (before[0] + 2, {org.id, UUID(site)})
    org.admin.delete(path)
    assert read(fresh_world, org, alice) == (before[0] + 2, {org.id}), "an end counts at once"
    org.admin.put(path, {"role": "member"})
    assert read(fresh_world, org, alice) == (before[0] + 2, {org.id}), "and what begins anew does not"
    fresh_world.relays()
    assert read(fresh_world, org, alice) == (before[0] + 6, {org.id, UUID(site)})


def test_a_session_of_another_organisation_reads_nothing(fresh_world: World) -> None:
    org, other = fresh_world.organisation(), fresh_world.organisation()
    stranger = other.person("Stranger")
    assert read(fresh_world, org, stranger) == (0, set())
