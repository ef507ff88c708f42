"""A roll call of forty phones, ten of them offline, from the alarm to the report."""

import csv
import io
import time

import pytest

from geo.stays.silence import end_silent, mark_silent
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import FAR, GATE, at_the_gate, stands
from tests.stories.musters import NO_BURST, board, counts, reminds
from tests.world import Organisation, Phone, World

MINUTE = 60.0
HELP = {"type": "Point", "coordinates": [127.0002, 37.5001]}


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return fresh_world.organisation()


def forty(org: Organisation) -> dict[str, Phone]:
    """Thirty that report, five that went dark forty minutes ago, five that have been silent for five hours."""
    phones = {f"On{number:02}": org.person(f"On{number:02}") for number in range(30)}
    dark = {f"Dark{number}": at_the_gate(org, f"Dark{number}", minutes_ago=40) for number in range(5)}
    silent = {f"Mute{number}": at_the_gate(org, f"Mute{number}", minutes_ago=300) for number in range(5)}
    for phone in phones.values():
        stands(phone, GATE, time.time() - 2 * MINUTE)
    for job in (mark_silent, end_silent):
        with org.world.worker.transaction() as session:
            job(session)
    return phones | dark | silent


def reminded(phone: Phone, since: int) -> int:
    return [event["type"] for event in phone.syncs(since)].count("muster.reminded")


def test_forty_phones_of_which_ten_are_offline(org: Organisation) -> None:
    site = org.site(at=GATE)
    phones, warden = forty(org), org.person("Will")
    shown = code(org, marker(org, org.zone(site, "Hall 2", at=GATE), "rotating"))
    org.world.relays()
    since = org.admin.get("/v1/me")["position"]
    body = {"message": "Fire in hall 2", "warden_ids": [warden.id]}
    muster = org.admin.post(f"/v1/admin/places/{site}/musters", body, 201)["id"]
    lines = board(org.admin, muster)
    assert set(lines) == set(phones)
    assert {name for name, line in lines.items() if not line["certain"]} == {
        name for name in phones if not name.startswith("On")
    }
    assert counts(org.admin, muster) == {
        "expected": 40, "unaccounted": 40, "safe": 0, "need_help": 0, "uncertain": 10, "left": 0, **NO_BURST,
    }  # fmt: skip

    answer = f"/v1/musters/{muster}/answer"
    for number in range(25):
        phones[f"On{number:02}"].put(answer, {"status": "safe"})
    phones["On25"].put(answer, {"status": "need_help", "text": "behind the press", "point": HELP})
    late = org.person("Late")
    scans(late, shown)
    stands(phones["On26"], FAR, time.time() + 30)
    warden.put(f"/v1/musters/{muster}/entries/{phones['Dark0'].id}", {"status": "safe", "text": "at gate"})
    stands(phones["Mute0"], GATE, time.time())

    lines = board(org.admin, muster)
    assert lines["On25"]["point"] == HELP
    assert (lines["Late"]["expected"], lines["Late"]["certain"]) == ("arrived_late", True)
    assert lines["On26"]["left_at"] is not None
    assert lines["Dark0"]["answered_by"] == warden.id
    assert lines["Mute0"]["certain"] is True
    assert counts(org.admin, muster) == {
        "expected": 41, "unaccounted": 14, "safe": 26, "need_help": 1, "uncertain": 9, "left": 1, **NO_BURST,
    }  # fmt: skip

    assert reminds(org.world, muster) == 14
    names = ("On00", "On25", "Dark0", "On27", "Dark1", "Mute1")
    assert [reminded(phones[name], since) for name in names] == [0, 0, 0, 1, 1, 1]
    heard = [event["data"]["counts"] for event in warden.syncs(since) if event["type"] == "muster.updated"]
    assert heard[-1] == counts(warden, muster)

    org.admin.post(f"/v1/musters/{muster}/end")
    report = org.admin.get(f"/v1/musters/{muster}/report")
    assert report["muster"]["counts"]["unaccounted"] == 14
    assert {line["person"]["name"]: line for line in report["entries"]} == board(org.admin, muster)
    stands(phones["On27"], FAR, time.time() + 30)
    table = org.admin.request("GET", f"/v1/musters/{muster}/report.csv").get_data().decode("utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(table))}
    assert len(rows) == 41
    assert (rows["On25"]["status"], rows["On25"]["point"]) == ("need_help", "127.0002 37.5001")
    assert rows["Mute1"]["doubts"] == "not_seen_lately silent"
    assert rows["On27"]["alerts"] == "2"
    assert org.admin.get(f"/v1/musters/{muster}/report") == report
