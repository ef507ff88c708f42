"""`make demo`: a morning at the demonstration site, then a roll call, through the running server's real interfaces.

With DATA=folder it imports real places and plays a real recording instead (`deploy/local/recording.py`).
"""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import requests

from deploy.local.muster import roll_call
from deploy.local.phone import Phone
from deploy.local.recording import play

Outcome = TypeVar("Outcome")
_GATE = (126.9004, 37.5514)
_STREET = (126.8970, 37.5514)
_STEPS = 12


class Timeline:
    """Prints what happened and how long it took."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def step(self, text: str, act: Callable[[], Outcome]) -> Outcome:
        """Do it and tell it."""
        begun = time.monotonic()
        outcome = act()
        took = (time.monotonic() - begun) * 1000
        self.say(text, f"{took:8.1f} ms")
        return outcome

    def say(self, text: str, took: str = "") -> None:
        """Tell something."""
        print(f"{time.monotonic() - self._begun:7.2f} s  {took:>11}  {text}", flush=True)


def morning(facts: dict[str, Any], timeline: Timeline) -> None:
    """Manager draws a zone, two walk in, one posts, one hears, one is woken, one leaves and hears no more."""
    hanna, mina, jonas, sora = (_phone(facts, name) for name in ("hanna", "mina", "jonas", "sora"))
    site = hanna.get("/v1/admin/sites")["items"][0]["id"]
    zone = timeline.step("Hanna draws the zone 'Crane yard'", lambda: _draw(hanna, site))
    for phone in (mina, jonas):
        phone.open_app()
        timeline.step(f"{phone.name} walks in, {_STEPS} fixes", lambda phone=phone: _enters(phone, zone))
    _scans(hanna, mina, zone, timeline)
    hanna.put(f"/v1/admin/scopes/{zone}/memberships/{_id(sora)}", {"role": "member"})
    sora.put("/v1/me/device/push", {"kind": "token", "address": f"sora-{secrets.token_hex(16)}"})
    timeline.say("Sora is assigned to the zone; her app is closed, her phone is registered for push")
    seen = _standin(facts, 0, 0)
    text = f"The crane is free from nine. ({secrets.token_hex(3)})"
    posted_at = time.monotonic()
    post = timeline.step("Mina posts", lambda: mina.post(f"/v1/scopes/{zone}/posts", {"text": text}))
    _expect(jonas.hears("post.created", text=text), "Jonas did not hear the post")
    timeline.say("Jonas hears it", f"{(time.monotonic() - posted_at) * 1000:8.1f} ms")
    pushed = _standin(facts, len(seen), 10, post["id"])
    _expect(pushed, "Sora was not woken")
    timeline.say(
        f"Sora's phone is woken: {pushed[-1]['notification']}",
        f"{(time.monotonic() - posted_at) * 1000:8.1f} ms",
    )
    timeline.step("Jonas walks out", lambda: _leaves(jonas, zone))
    timeline.step("the grace time (0 s here) is over", lambda: jonas.hears("membership.ended", scope_id=zone))
    mina.post(f"/v1/scopes/{zone}/posts", {"text": "Who has the key?"})
    _expect(mina.hears("post.created", text="Who has the key?"), "Mina did not hear herself")
    _expect(
        jonas.hears("post.created", timeout=1.0, scope_id=zone) is None, "Jonas heard what was not for him"
    )
    timeline.say("Mina posts again; Jonas hears nothing, and his feed of the zone is closed to him")
    timeline.step("Mina checks out", lambda: mina.post("/v1/me/check-outs", {"place_id": site}))
    for phone in (mina, jonas):
        phone.close_app()
    timeline.say("the morning is over")


def _draw(manager: Phone, site: str) -> str:
    lon, lat, half = *_GATE, 0.0005
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    geometry = {"type": "Polygon", "coordinates": [[[lon + x, lat + y] for x, y in corners]]}
    properties = {"name": f"Crane yard {secrets.token_hex(2)}", "grace_seconds": 0}
    body = {"type": "Feature", "geometry": geometry, "properties": properties}
    return manager.post(f"/v1/admin/sites/{site}/zones", body)["id"]


def _track(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    share = [i / (_STEPS - 1) for i in range(_STEPS)]
    return [(start[0] + (end[0] - start[0]) * s, start[1] + (end[1] - start[1]) * s) for s in share]


def _enters(phone: Phone, zone: str) -> None:
    visits = phone.walks(_track(_STREET, _GATE), time.time() - 200)
    _expect(any(v["place_id"] == zone for v in visits), f"{phone.name} did not enter")
    _expect(phone.hears("membership.started", scope_id=zone), f"{phone.name} was not let in")


def _scans(manager: Phone, phone: Phone, zone: str, timeline: Timeline) -> None:
    """A code on a screen at the door, which turns every half minute: better evidence than any fix."""
    screen = manager.post(f"/v1/admin/places/{zone}/markers", {"kind": "rotating", "name": "Door"})["id"]
    shown = manager.get(f"/v1/admin/markers/{screen}/code")["code"]
    by_fixes = _confidence(phone, zone)
    scan = {"kind": "code", "code": shown}
    timeline.step(f"{phone.name} scans the code at the door", lambda: phone.post("/v1/me/check-ins", scan))
    timeline.say(
        f"her visit's confidence was {by_fixes} by fixes alone; now it is {_confidence(phone, zone)}"
    )


def _confidence(phone: Phone, zone: str) -> int:
    visits = phone.get("/v1/me/places")["visits"]
    return next(visit["confidence"] for visit in visits if visit["place_id"] == zone)


def _leaves(phone: Phone, zone: str) -> None:
    visits = phone.walks(_track(_GATE, _STREET), time.time())
    _expect(any(v["place_id"] == zone and v["left_at"] for v in visits), f"{phone.name} did not leave")


def _standin(
    facts: dict[str, Any], after: int, wait_s: float, post_id: str | None = None
) -> list[dict[str, Any]]:
    """The messages that the stand-in has; with a post, those after `after` that are about it."""
    deadline = time.monotonic() + wait_s
    while True:
        query = {"after": after, "wait": 1 if wait_s else 0}
        answer = requests.get(f"{facts['standin']}/standin/messages", params=query, timeout=30).json()
        messages = [item["message"] for item in answer["messages"]]
        if post_id is not None:
            messages = [message for message in messages if message["data"].get("post_id") == post_id]
        if messages or time.monotonic() >= deadline:
            return messages


def _phone(facts: dict[str, Any], name: str) -> Phone:
    return Phone.signed_in(facts["address"], facts["organisation"], f"{name}@demo.example", facts["password"])


def _id(phone: Phone) -> str:
    return phone.get("/v1/me")["person"]["id"]


def _expect(outcome: Any, complaint: str) -> None:
    if not outcome:
        sys.exit(f"The demonstration failed: {complaint}.")


def main() -> None:
    """Against the server of `make run`."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    known = Path(__file__).resolve().parent.parent.parent / ".local" / "run.json"
    if not known.exists():
        sys.exit("Nothing runs here: start it with `make run` in another terminal.")
    facts, timeline = json.loads(known.read_text()), Timeline()
    if options.data is None:
        morning(facts, timeline)
        roll_call(facts, timeline.say)
    else:
        play(_phone(facts, "admin"), facts, options.data, timeline.say)


if __name__ == "__main__":
    main()
