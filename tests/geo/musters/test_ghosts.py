"""A roll call with ghosts: those of a burst are marked, set aside together, and counted again when they speak."""

import csv
import io
import threading
from uuid import UUID

import pytest

from geo.models.musters import Muster
from geo.musters.report import _COLUMNS, report_csv
from tests.stories.checkins import code, marker
from tests.stories.events import head, heard
from tests.stories.musters import board, calls, counts, reminds, roll, sets_aside
from tests.stories.visitors import ghosts, stranger
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World

POINT = {"type": "Point", "coordinates": [127.0, 37.5]}


def told(manager: Phone, since: int) -> list[dict[str, int]]:
    return [update["counts"] for update in heard(manager, "muster.updated", since)]


def test_a_thousand_ghosts_and_twelve_visitors(org: Organisation, site: str, gate: str) -> None:
    bob = org.person("Bob")
    is_seen(org, bob, site)
    ghosts(org, gate, 1_000, place=site, address="192.0.2.1", in_burst=True)
    shown = code(org, marker(org, site, admits_visitors_hours=8))
    visitors = [stranger(org, shown, address="198.51.100.7", name=f"V{number:02}") for number in range(12)]
    ghosts(org, gate, 50, place=site, address="198.51.100.7")  # and their address is one of a flood by now
    stranger(org, shown, address="198.51.100.7", name="V12")
    warden = org.person("Will")
    muster = calls(org.admin, site, warden_ids=[warden.id])

    lines = roll(org.admin, muster)
    assert len(lines) == 1_064
    marks = {line["person"]["name"]: line["opened_in_burst"] for line in lines}
    assert marks == {"Bob": False, "Ghost": True, **{f"V{number:02}": True for number in range(13)}}
    now = counts(org.admin, muster)
    assert (now["expected"], now["opened_in_burst"], now["unaccounted_in_burst"]) == (1_064, 1_063, 1_063)

    for visitor in visitors[:5]:
        visitor.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    since = head(org.admin)
    after = sets_aside(warden, muster)["counts"]
    assert after == {
        "expected": 6, "unaccounted": 1, "safe": 5, "need_help": 0, "uncertain": 0, "left": 0,
        "opened_in_burst": 5, "unaccounted_in_burst": 0, "set_aside": 1_058,
    }  # fmt: skip
    assert told(org.admin, since) == [after]  # once, whatever their number

    visitors[5].put(f"/v1/musters/{muster}/answer", {"status": "need_help", "point": POINT})
    line = board(org.admin, muster)["V05"]
    assert (line["status"], line["set_aside"], line["point"]) == ("need_help", None, POINT)
    now = counts(org.admin, muster)
    assert (now["expected"], now["need_help"], now["set_aside"]) == (7, 1, 1_057)
    aside = board(org.admin, muster)["V06"]["set_aside"]
    assert (aside["by"], aside["reason"]) == (warden.id, "A flood at the gate")

    org.admin.post(f"/v1/musters/{muster}/end")
    report = org.admin.get(f"/v1/musters/{muster}/report")
    assert len(report["entries"]) == 1_064  # hidden are none of them
    assert report["muster"]["counts"] == counts(org.admin, muster)
    table = org.admin.request("GET", f"/v1/musters/{muster}/report.csv").get_data().decode("utf-8-sig")
    by_name = {line["name"]: line for line in csv.DictReader(io.StringIO(table))}
    assert (by_name["V06"]["opened_in_burst"], by_name["Bob"]["opened_in_burst"]) == ("True", "False")
    assert by_name["V06"]["set_aside"].endswith("A flood at the gate")


def test_those_set_aside_are_asked_again_and_a_warden_may_take_one_back(
    org: Organisation, site: str, gate: str, world: World
) -> None:
    ghosts(org, gate, 3, place=site, in_burst=True)
    muster = calls(org.admin, site)
    lines = roll(org.admin, muster)
    one, other, third = (line["person"]["id"] for line in lines)
    now = sets_aside(org.admin, muster, person_ids=[one, other, org.admin.id])["counts"]
    assert (now["unaccounted"], now["set_aside"]) == (1, 2)
    org.admin.put(f"/v1/musters/{muster}/entries/{one}", {"status": "unaccounted"})
    now = counts(org.admin, muster)
    assert (now["unaccounted"], now["set_aside"]) == (2, 1)
    assert reminds(world, muster) == 3
    assert sets_aside(org.admin, muster, person_ids=[third])["counts"]["set_aside"] == 2


def test_only_ghosts_are_set_aside_and_only_by_those_who_oversee(
    org: Organisation, site: str, gate: str
) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    is_seen(org, alice, site)
    muster = calls(org.admin, site)
    since = head(org.admin)
    assert sets_aside(org.admin, muster, person_ids=[alice.id])["counts"]["unaccounted"] == 1
    assert told(org.admin, since) == []  # nothing changed, nobody is told
    sets_aside(alice, muster, 403)
    sets_aside(bob, muster, 404)
    sets_aside(org.world.organisation().admin, muster, 404)
    for faulty in (
        {"reason": ""},
        {"reason": "x" * 301},
        {"person_ids": []},
        {"person_ids": [alice.id] * 501},
    ):
        sets_aside(org.admin, muster, 422, **faulty)
    org.admin.post(f"/v1/musters/{muster}/end")
    assert sets_aside(org.admin, muster, 409)["code"] == "muster_ended"


def test_an_answer_in_the_same_moment_stays(org: Organisation, site: str, gate: str) -> None:
    ghosts(org, gate, 20, place=site)
    vera = stranger(org, code(org, gate))
    muster = calls(org.admin, site)
    start = threading.Barrier(2)

    def answers() -> None:
        start.wait()
        vera.put(f"/v1/musters/{muster}/answer", {"status": "safe"})

    answering = threading.Thread(target=answers)
    answering.start()
    start.wait()
    sets_aside(org.admin, muster)
    answering.join()
    line = board(org.admin, muster)["Vera"]
    assert (line["status"], line["set_aside"]) == ("safe", None)
    now = counts(org.admin, muster)
    assert (now["expected"], now["safe"], now["unaccounted"], now["set_aside"]) == (1, 1, 0, 20)


def test_those_who_came_before_the_crowd_was_one_are_marked_on_a_running_roll(
    org: Organisation, site: str, gate: str
) -> None:
    vera = stranger(org, code(org, gate))
    muster = calls(org.admin, site)
    ghosts(org, gate, 19)
    assert not board(org.admin, muster)["Vera"]["opened_in_burst"]
    since = head(org.admin)
    stranger(org, code(org, gate), name="Mina")
    assert board(org.admin, muster)["Vera"]["opened_in_burst"]
    updates = heard(org.admin, "muster.updated", since)
    assert [update["entry"] and update["entry"]["person"]["name"] for update in updates] == ["Mina", None]
    assert updates[-1]["counts"]["unaccounted_in_burst"] == 2
    assert vera.get("/v1/me/musters")["items"] != []


def test_a_report_of_before_is_read_in_todays_shape(
    org: Organisation, site: str, gate: str, world: World
) -> None:
    stranger(org, code(org, gate))
    muster = calls(org.admin, site)
    org.admin.post(f"/v1/musters/{muster}/end")
    with world.worker.transaction() as session:
        ended = session.get_one(Muster, UUID(muster))
        report = dict(ended.report or {})
        new = ("opened_in_burst", "unaccounted_in_burst", "set_aside", "replaced_by")
        kept = {name: count for name, count in report["muster"]["counts"].items() if name not in new}
        report["muster"] = report["muster"] | {"counts": kept}
        report["entries"] = [
            {name: value for name, value in line.items() if name not in new} for line in report["entries"]
        ]
        ended.report = report
    read = org.admin.get(f"/v1/musters/{muster}/report")  # held to its schema
    assert read["muster"]["counts"]["set_aside"] == 0
    assert org.admin.request("GET", f"/v1/musters/{muster}/report.csv").status_code == 200


@pytest.mark.parametrize("name", [" =1+1", "\uff1d1", "\u200b=1", "\u00a0@cmd", "\ufe621"])
def test_no_name_is_a_formula_in_the_table(name: str) -> None:
    line = dict.fromkeys(_COLUMNS) | {"person": {"name": name}, "text": "a = b"}
    (read,) = csv.DictReader(io.StringIO(report_csv({"entries": [line]})))
    assert (read["name"], read["text"]) == (f"'{name}", "a = b")


def test_no_text_of_several_lines_is_one_either() -> None:
    line = dict.fromkeys(_COLUMNS) | {"person": {"name": "Kim; =1"}, "text": "help\n=1+1"}
    (read,) = csv.DictReader(io.StringIO(report_csv({"entries": [line]}), newline=""))
    assert (read["name"], read["text"]) == ("Kim;' =1", "help\n'=1+1")
