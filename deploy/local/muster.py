"""A roll call of forty phones, ten of them offline, through the running server's real interfaces.

`python -m deploy.local.muster`, beside `make run`. Thirty visitors scan the code at the gate and report where they
are; ten people came by invitation, and their phones were last heard of forty minutes ago.
"""

import csv
import io
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from deploy.local.phone import Phone

Say = Callable[[str], None]
_PRESENT, _OFFLINE, _SAFE = 30, 10, 26
_HALL, _STREET = (126.9020, 37.5520), (126.8950, 37.5520)
_REPEAT_S = 30
_GATE = {"kind": "rotating", "name": "Roll call gate", "admits_visitors_hours": 8}
_COUNTS = ("expected", "unaccounted", "safe", "need_help", "uncertain", "left")
_COLUMNS = ("name", "status", "expected", "certain", "doubts", "sources", "left_at", "alerts", "text")


def roll_call(facts: dict[str, Any], say: Say) -> None:
    """Forty are expected; most answer, one needs help, one comes late, one leaves, some are called again."""
    hanna, ada, jonas = (_signed_in(facts, name) for name in ("hanna", "admin", "jonas"))
    site = hanna.get("/v1/admin/sites")["items"][0]["id"]
    _end_what_was_left(hanna, site)
    gate = hanna.post(f"/v1/admin/places/{site}/markers", _GATE)["id"]
    shown = hanna.get(f"/v1/admin/markers/{gate}/code")["code"]
    present = [_arrives(facts, shown, number) for number in range(_PRESENT)]
    say(f"{_PRESENT} visitors scanned Hanna's code at the gate; their phones report from hall 2")
    offline = list(_went_dark(facts, ada, site))
    say(f"{_OFFLINE} people with an invitation are there too; their phones were last heard of 40 minutes ago")
    try:
        _alarm(hanna, jonas, site, present, offline, lambda: _arrives(facts, shown, _PRESENT), say)
    finally:
        for phone in (hanna, jonas, *present, *offline):
            phone.close_app()
        hanna.delete(f"/v1/admin/markers/{gate}")


def _alarm(
    hanna: Phone,
    jonas: Phone,
    site: str,
    present: list[Phone],
    offline: list[Phone],
    comes_late: Callable[[], Phone],
    say: Say,
) -> None:
    for phone in (hanna, present[0], present[-1]):
        phone.open_app()
    warden = jonas.get("/v1/me")["person"]["id"]
    alarm = {"message": "Fire alarm in hall 2", "warden_ids": [warden], "repeat_seconds": _REPEAT_S}
    alarm |= {"left_within_minutes": 0}  # those of an earlier demonstration went home
    begun = time.monotonic()
    muster = hanna.post(f"/v1/admin/places/{site}/musters", alarm)["id"]
    say(f"Hanna calls the roll: {_counts(hanna, muster)}")
    _expect(present[-1].hears("muster.started", id=muster), "a phone did not hear the roll call")
    say(f"phones hear it after {(time.monotonic() - begun) * 1000:.0f} ms")
    _answers(hanna, muster, present, say)
    late = comes_late()
    (card,) = [card for card in late.get("/v1/me/musters")["items"] if card["id"] == muster]
    say(f"{late.name} scans the gate now and is on the roll: {card['message']!r}, {card['your_status']}")
    present[_SAFE + 1].walks(_way_out(), time.time())
    say(f"{present[_SAFE + 1].name} walks out of the site, without a word")
    dark = offline[0].get("/v1/me")["person"]
    seen = {"status": "safe", "text": "seen at the assembly point"}
    jonas.put(f"/v1/musters/{muster}/entries/{dark['id']}", seen)
    say(f"Jonas, the warden, marks {dark['name']} as safe: {_counts(jonas, muster)}")
    _reminder(muster, present, say)
    hanna.post(f"/v1/musters/{muster}/end", {})
    _report(hanna, muster, say)
    for phone in (*present, *offline, late):
        _checks_out(phone, site)
    kept = hanna.get(f"/v1/musters/{muster}/report")["muster"]["counts"]
    say(f"everyone goes home; the report still says {_told(kept)}")


def _answers(hanna: Phone, muster: str, present: list[Phone], say: Say) -> None:
    for phone in present[:_SAFE]:
        phone.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    say(f"{_SAFE} answer that they are safe: {_counts(hanna, muster)}")
    point = {"type": "Point", "coordinates": list(_HALL)}
    trapped = present[_SAFE]
    words = {"status": "need_help", "text": "behind the press, my leg", "point": point}
    asked = time.monotonic()
    trapped.put(f"/v1/musters/{muster}/answer", words)
    while True:
        told = hanna.hears("muster.updated", muster_id=muster)
        _expect(told, "Hanna's board was not told")
        entry = (told or {})["data"]["entry"]
        if entry is not None and entry["status"] == "need_help":
            break
    took = (time.monotonic() - asked) * 1000
    say(
        f"{entry['person']['name']} needs help, {entry['text']!r} at {_HALL}: on Hanna's board after {took:.0f} ms"
    )


def _reminder(muster: str, present: list[Phone], say: Say) -> None:
    say(f"who has not answered is called again after {_REPEAT_S} s …")
    _expect(present[-1].hears("muster.reminded", _REPEAT_S + 15.0, id=muster), "nobody was called again")
    heard = present[0].hears("muster.reminded", 1.0, id=muster)
    _expect(heard is None, "somebody was called again who had answered")
    say(f"{present[-1].name}, who is silent, is called again; {present[0].name}, who answered, is not")


def _report(hanna: Phone, muster: str, say: Say) -> None:
    report = hanna.get(f"/v1/musters/{muster}/report")
    say(f"Hanna ends it; the report: {_told(report['muster']['counts'])}")
    table = hanna.download(f"/v1/musters/{muster}/report.csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    _expect(len(rows) == len(report["entries"]), "the table has other lines than the report")
    say("as a table, without those who were certain and said that they are safe:")
    say(" | ".join(_COLUMNS))
    for row in sorted(rows, key=lambda row: row["name"]):
        if (row["status"], row["certain"]) != ("safe", "True"):
            say(" | ".join(row[column] for column in _COLUMNS))


def _arrives(facts: dict[str, Any], shown: str, number: int) -> Phone:
    phone = Phone.at_the_gate(facts["address"], shown, f"Visitor {number + 1:02}")
    phone.walks([_HALL] * 6, time.time() - 150)
    return phone


def _went_dark(facts: dict[str, Any], ada: Phone, site: str) -> Iterable[Phone]:
    body = {"scope_ids": [site], "uses": _OFFLINE, "stay_hours": 8}
    code = ada.post("/v1/admin/invitations", body)["code"]
    for number in range(_OFFLINE):
        mail = f"{secrets.token_hex(6)}@guests.example"
        account = {"email": mail, "name": f"Guest {number + 1:02}", "password": secrets.token_hex(12)}
        phone = Phone.invited(facts["address"], code, account)
        phone.walks([_HALL] * 6, time.time() - 40 * 60)
        yield phone


def _end_what_was_left(hanna: Phone, site: str) -> None:
    for muster in hanna.get(f"/v1/admin/places/{site}/musters?limit=1")["items"]:
        hanna.post(f"/v1/musters/{muster['id']}/end", {})


def _checks_out(phone: Phone, site: str) -> None:
    if any(visit["place_id"] == site for visit in phone.get("/v1/me/places")["visits"]):
        phone.post("/v1/me/check-outs", {"place_id": site})


def _way_out() -> list[tuple[float, float]]:
    return [(_HALL[0] + (_STREET[0] - _HALL[0]) * step / 11, _HALL[1]) for step in range(12)]


def _counts(phone: Phone, muster: str) -> str:
    return _told(phone.get(f"/v1/musters/{muster}")["counts"])


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in _COUNTS)


def _signed_in(facts: dict[str, Any], name: str) -> Phone:
    return Phone.signed_in(facts["address"], facts["organisation"], f"{name}@demo.example", facts["password"])


def _expect(outcome: Any, complaint: str) -> None:
    if not outcome:
        sys.exit(f"The roll call failed: {complaint}.")


def main() -> None:
    """Against the server of `make run`."""
    known = Path(__file__).resolve().parent.parent.parent / ".local" / "run.json"
    if not known.exists():
        sys.exit("Nothing runs here: start it with `make run` in another terminal.")
    begun = time.monotonic()
    roll_call(
        json.loads(known.read_text()),
        lambda text: print(f"{time.monotonic() - begun:7.2f} s  {text}", flush=True),
    )


if __name__ == "__main__":
    main()
