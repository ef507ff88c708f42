"""What still holds reaches who comes late, once; and it is taken back when it is over or they leave."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from base import clock
from push.models import Delivery
from social.notices import end_expired_notices
from tests.stories.acknowledgements import acknowledges
from tests.stories.checkins import comes
from tests.stories.notices import alerts, announces, time_passes
from tests.stories.pushes import (
    count,
    gets_address,
    notifications,
    plans,
    reachable,
    rows,
    sent,
    set_all,
    told,
)
from tests.stories.reminding import round_of
from tests.stories.scopes import manager
from tests.stories.times import ahead
from tests.world import Organisation, Phone

DAY = {"hours": 8}


def arrives(org: Organisation, phone: Phone, place: str) -> None:
    comes(org, phone, place)
    plans(org.world)


def goes(phone: Phone, place: str) -> None:
    phone.post("/v1/me/check-outs", {"place_id": place})


def test_a_late_arrival_is_told_what_still_holds_once(org: Organisation) -> None:
    site = org.site(admission="present")
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    alert = alerts(org.admin, site)
    open_end, post = announces(org.admin, site), org.admin.posts(site, "hello")
    plans(org.world)
    bob = reachable(org, "Bob")
    arrives(org, bob, site)
    assert told(org, notice) == {("Bob", "announcement")}
    assert told(org, alert) == {("Bob", "alert")}
    assert told(org, open_end) == told(org, post) == set()
    sent(org, notice)
    goes(bob, site)
    arrives(org, bob, site)
    assert [row.status for row in rows(org, notice) if row.action == "show"] == ["sent"]


def test_who_is_not_of_the_place_hears_nothing_on_entering(org: Organisation) -> None:
    site = org.site(admission="assigned")
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    bob = reachable(org, "Bob")
    arrives(org, bob, site)
    assert told(org, notice) == set()


def test_what_was_held_back_off_site_comes_on_entering(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    set_all(org, notice, status="dropped", reason="off_site")
    arrives(org, bob, site)
    assert told(org, notice) == {("Bob", "announcement")}


def test_what_was_read_or_acknowledged_is_not_told_again(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    alert = alerts(org.admin, site)
    for one in (notice, alert):
        set_all(org, one, status="dropped")
    bob.put(f"/v1/scopes/{site}/read", {"post_id": alert["id"]})
    arrives(org, bob, site)
    assert told(org, notice) == set()
    assert told(org, alert) == {("Bob", "alert")}, "reading is no answer"
    set_all(org, alert, status="dropped")
    acknowledges(bob, alert)
    goes(bob, site)
    arrives(org, bob, site)
    assert told(org, alert) == set()


def test_what_is_over_is_not_told_and_what_was_shown_is_withdrawn(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    mina = reachable(org, "Mina")
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    sent(org, notice)
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    assert told(org, notice, "withdraw") == {("Bob", "announcement")}
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{mina.id}", {"role": "member"})
    assert told(org, notice) == set()
    assert {row.priority for row in rows(org, notice) if row.action == "withdraw"} == {4}


def test_its_time_ends_a_notice_too(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    sent(org, notice)
    time_passes(org.world, notice, hours=9)
    with org.world.worker.transaction() as session:
        end_expired_notices(session)
    assert told(org, notice, "withdraw") == {("Bob", "announcement")}


def test_an_end_before_the_sending_leaves_nothing_to_send(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    plans(org.world)
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    assert told(org, notice) == told(org, notice, "withdraw") == set()


def test_leaving_takes_notices_back_and_leaves_alerts(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    reachable(org, "Mina", site)
    notice, alert = announces(org.admin, site, valid_until=ahead(**DAY)), alerts(org.admin, site)
    open_end = announces(org.admin, site)
    for one in (notice, alert, open_end):
        sent(org, one)
    arrives(org, bob, site)
    goes(bob, site)
    assert told(org, notice, "withdraw") == {("Bob", "announcement")}
    assert told(org, alert, "withdraw") == told(org, open_end, "withdraw") == set()
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert told(org, alert, "withdraw") == {("Bob", "alert")}


def test_who_is_taken_out_of_a_scope_is_woken_without_a_word(org: Organisation) -> None:
    site = org.site("Secret depot", admission="assigned")
    bob = reachable(org, "Bob", site)
    plans(org.world)
    since = bob.get("/v1/me")["position"]
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    (ended,) = [event["data"] for event in bob.syncs(since) if event["type"] == "membership.ended"]
    assert told(org, ended, "wake") == {("Bob", "sync")}
    (note,) = notifications(org, ended)
    assert (note.kind, note.facts, note.scope_id) == ("sync", {"type": "membership.ended"}, None)


def test_an_alert_asks_the_silent_alone_again_and_then_the_manager_hears(org: Organisation) -> None:
    site = org.site(admission="assigned")
    hanna = gets_address(manager(org, "Hanna", site))
    bob = reachable(org, "Bob", site)
    reachable(org, "Mina", site)
    alert = alerts(hanna, site)
    sent(org, alert)
    acknowledges(bob, alert)
    round_of(org.world, alert)
    assert told(org, alert) == {("Mina", "alert")}
    sent(org, alert)
    for _ in range(6):
        round_of(org.world, alert)
        plans(org.world)
    assert told(org, alert) == {("Mina", "alert"), ("Hanna", "alert")}
    last = notifications(org, alert)[-1]
    assert (last.kind, last.facts["silent_count"]) == ("unanswered", 1)
    assert "text" not in last.facts
    sent(org, alert)
    hanna.post(f"/v1/admin/posts/{alert['id']}/end")
    plans(org.world)
    withdrawn = [str(row.person_id) for row in rows(org, alert) if row.action == "withdraw"]
    assert len(withdrawn) == len(set(withdrawn)) == 3


def test_who_lives_elsewhere_is_not_touched(org: Organisation) -> None:
    other = org.world.organisation("Other")
    site, theirs = org.site(admission="assigned"), other.site(admission="assigned")
    reachable(other, "Mallory", theirs)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    plans(org.world)
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    plans(org.world)
    assert count(other) == 0
    assert timedelta(0) < notifications(org, notice)[0].expires_at - clock.now()


def withdrawals(org: Organisation, subject: Any) -> list[Any]:
    plans(org.world)
    return [row for row in rows(org, subject) if row.action == "withdraw"]


def set_withdrawals(org: Organisation, subject: Any, **values: Any) -> None:
    ids = [row.id for row in withdrawals(org, subject)]
    with org.world.worker.transaction() as session:
        session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values))


def test_what_was_shown_again_after_a_withdrawal_is_withdrawn_again(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    set_all(org, notice, status="sending")
    arrives(org, bob, site)
    goes(bob, site)
    assert len(withdrawals(org, notice)) == 1
    set_withdrawals(org, notice, status="sent", sent_at=clock.now())
    set_all(org, notice, status="dropped", reason="off_site")
    arrives(org, bob, site)
    assert told(org, notice) == {("Bob", "announcement")}
    sent(org, notice)
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    assert [row.status for row in withdrawals(org, notice)] == ["queued"]


def test_what_is_off_the_screen_is_not_withdrawn_once_more(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    sent(org, notice)
    arrives(org, bob, site)
    goes(bob, site)
    plans(org.world)
    set_withdrawals(org, notice, status="sent", sent_at=clock.now())
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    assert [row.status for row in withdrawals(org, notice)] == ["sent"]


def test_what_was_tried_and_waits_for_another_try_may_be_on_the_screen(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    set_all(org, notice, attempts=1)
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    assert told(org, notice, "withdraw") == {("Bob", "announcement")}
    assert told(org, notice) == set()


def test_a_withdrawal_does_not_overtake_what_is_being_sent(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(**DAY))
    set_all(org, notice, status="sending")
    ended_at = clock.now()
    org.admin.post(f"/v1/admin/posts/{notice['id']}/end")
    [row] = withdrawals(org, notice)
    assert row.due_at - ended_at >= timedelta(seconds=5)


def test_an_alert_does_not_wait_for_those_who_are_connected(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    alert, notice = alerts(org.admin, site), announces(org.admin, site)
    plans(org.world)
    [urgent], [other] = rows(org, alert), rows(org, notice)
    assert urgent.due_at < clock.now() < other.due_at
