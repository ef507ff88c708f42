"""Who oversees a roll call, and that looking at it is written down."""

import time
from uuid import UUID

from base import ids
from people.scopes.memberships import assign
from people.scopes.scopes import create_scope
from tests.stories.events import types
from tests.stories.fixes import GATE, at_the_gate, stands
from tests.stories.musters import board, calls
from tests.stories.scopes import manager
from tests.world import Phone, World


def viewers(phone: Phone) -> list[str]:
    return sorted(look["viewer"]["name"] for look in phone.get("/v1/me/presence-views")["items"])


def test_only_a_place_has_a_roll(world: World) -> None:
    org = world.organisation()
    group = ids.new_id()
    with world.worker.transaction() as session:
        create_scope(session, org.id, group, kind="group", name="Crew", admission="assigned")
        assign(session, group, UUID(org.admin.id), "manager", UUID(org.admin.id))
    for scope in (org.id, group):
        org.admin.post(f"/v1/admin/places/{scope}/musters", {"message": "x"}, 404)
        org.admin.get(f"/v1/admin/places/{scope}/musters", 404)


def test_who_manages_no_longer_sees_no_longer(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    mo = manager(org, "Mo", site)
    muster = calls(mo, site)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{mo.id}")
    world.relays()
    before = mo.get("/v1/me")["position"]
    stands(org.person("Bob"), GATE, time.time())
    for path in ("", "/entries", "/report"):
        mo.get(f"/v1/musters/{muster}{path}", 403)
    mo.post(f"/v1/musters/{muster}/end", status=403)
    assert types(mo, before, "muster.") == []


def test_wardens_oversee_while_it_runs(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    warden = org.person("Will")
    at_the_gate(org, "Alice")
    muster = calls(org.admin, site, warden_ids=[warden.id])
    assert list(board(warden, muster)) == ["Alice"]
    world.relays()
    before = warden.get("/v1/me")["position"]
    org.admin.post(f"/v1/musters/{muster}/end")
    assert types(warden, before, "muster.") == ["muster.ended"]
    warden.get(f"/v1/musters/{muster}/entries", 403)
    warden.get(f"/v1/musters/{muster}/report", 403)


def test_administrators_have_the_live_board_too(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    mo = manager(org, "Mo", site)
    alice = at_the_gate(org, "Alice")
    muster = calls(mo, site)
    world.relays()
    before = org.admin.get("/v1/me")["position"]
    alice.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    assert types(org.admin, before, "muster.") == ["muster.updated"]


def test_every_viewer_of_the_board_is_written_down_once(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, warden = at_the_gate(org, "Alice"), org.person("Will")
    muster = calls(org.admin, site, warden_ids=[warden.id])
    late = at_the_gate(org, "Late")
    for _ in range(2):
        board(warden, muster)
        board(org.admin, muster)
    org.admin.post(f"/v1/musters/{muster}/end")
    org.admin.get(f"/v1/musters/{muster}/report")
    org.admin.get(f"/v1/musters/{muster}/report.csv")
    for phone in (alice, late):
        assert viewers(phone) == ["Ada", "Will"]


def test_a_line_that_is_told_live_is_a_look_of_all_who_are_told(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    mo, will = manager(org, "Mo", site), org.person("Will")
    bea, cai = at_the_gate(org, "Bea"), at_the_gate(org, "Cai")
    muster = calls(mo, site, warden_ids=[will.id, bea.id])
    for _ in range(2):
        bea.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    assert viewers(bea) == ["Ada", "Mo", "Will"]  # and not Bea herself, who is told, too
    assert viewers(cai) == ["Mo"]  # of whom nothing was told but that they were called


def test_a_report_that_is_read_later_is_a_look_too(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = at_the_gate(org, "Alice")
    muster = calls(org.admin, site)
    org.admin.post(f"/v1/musters/{muster}/end")
    mo = manager(org, "Mo", site)
    mo.get(f"/v1/musters/{muster}/report.csv")
    assert viewers(alice) == ["Ada", "Mo"]


def test_a_roll_call_lists_no_days_visitors(world: World) -> None:
    org = world.organisation()
    site = org.site()
    body = {"message": "x", "left_within_minutes": 61}
    org.admin.post(f"/v1/admin/places/{site}/musters", body, 422)
    calls(org.admin, site, left_within_minutes=60)
