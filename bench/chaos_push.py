"""`make chaos-push`: NOTIFICATIONS (20,000) while workers are killed and FCM fails; then every phone is judged.

    posts ─▶ journal ─▶ 2 workers, one of them killed (-9) every few seconds ─▶ stand-in FCM
                 500: 10 %   429: 5 %   UNREGISTERED: 2 % of the addresses, for ever
                 no answer: 0.1 %   connection broken: 0.2 %   accepted, then broken: 0.2 %

Meanwhile a post is deleted, some people leave and some phones change hands. Of each other post every phone of the site
has to get exactly one notification; but twice is allowed where FCM's answer did not reach the worker, and within the
documented window: what a killed worker had sent and not recorded. Phones that were silent for 60 days, were signed
out, are in their quiet hours, or are the author's get none; nor do those who left, nor the new holders. The last line
is one JSON object that sums up; the exit code is 1 on any breach. SEED repeats the faults.
"""

import json
import os
import random
import sys
import time
from typing import Any

from sqlalchemy import text

from bench.chaos_push_crowd import Crowd
from bench.push_crowd import counts, set_faults, statuses
from bench.stage import running_product
from push.fcm.transports import FLIGHT
from push.sending.recorder import MANY
from push.standin.mailbox import Faults
from tests.product import Product

NOTIFICATIONS = int(os.environ.get("NOTIFICATIONS", "20000"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
POSTS, WORK = 10, 300
KILL_EVERY_S, POST_EVERY_S, LONGEST_S = 4.0, 2.0, 600.0
THREADS = 4  # PUSH_THREADS of the product's workers
WINDOW = THREADS * FLIGHT + MANY
FAULTS = {
    "error_500": 0.10,
    "quota_429": 0.05,
    "unregistered": 0.02,
    "hang": 0.001,
    "cut": 0.002,
    "drop": 0.002,
}
WORKERS = ("worker", "worker-2")
BREACHES = ("lost", "leaked", "not_withdrawn", "dead_left")


def main() -> None:
    """Post, kill, settle, judge."""
    random.seed(SEED)
    with running_product() as (_, product):
        summary = run(product)
    print(json.dumps(summary), flush=True)
    sys.exit(0 if summary["sound"] else 1)


def run(product: Product) -> dict[str, Any]:
    """One run; returns its summary."""
    began = time.monotonic()
    crowd = Crowd(product, NOTIFICATIONS // POSTS)
    set_faults(product, seed=SEED, **FAULTS)
    product.start_worker(WORKERS[1])
    kills = storm(product, crowd)
    states = statuses(product)
    figures: dict[str, Any] = crowd.judge({one for one in crowd.phones if _is_dead(one)})
    unsettled = sum(states.get(state, 0) for state in ("queued", "sending", "dead"))
    within = figures["doubled"] <= kills * WINDOW
    sound = kills > 0 and within and not unsettled and not any(figures[name] for name in BREACHES)
    figures |= {
        "states": states,
        "window": kills * WINDOW,
        "kills": kills,
        "answers": counts(product)["answers"],
    }
    return figures | {"seconds": round(time.monotonic() - began), "seed": SEED, "sound": sound}


def storm(product: Product, crowd: Crowd) -> int:
    """Post, and kill a worker every few seconds, until all is delivered; returns the number of kills."""
    began, kills, next_post, next_kill, asked = time.monotonic(), 0, 0.0, KILL_EVERY_S, 0
    meanwhile = {3: crowd.delete_newest, 5: crowd.leave, 7: crowd.change_hands}
    while (now := time.monotonic() - began) < LONGEST_S:
        if len(crowd.posts) <= POSTS and now >= next_post:
            crowd.post()
            next_post = now + POST_EVERY_S
        elif act := meanwhile.pop(len(crowd.posts), None):
            _until_sent(product, crowd.posts[-1])
            act()
        states = statuses(product)
        # Amid work: one that still starts, or waits for the leases of another, is not worth a kill.
        requests = counts(product)["requests"]
        if now >= next_kill and requests - asked >= WORK:
            victim = WORKERS[kills % 2]
            product.kill(victim)
            product.start_worker(victim)
            kills, next_kill, asked = kills + 1, time.monotonic() - began + KILL_EVERY_S, requests
            print(json.dumps({"at_s": round(now), "killed": victim, "states": states}), flush=True)
        left = states.get("queued", 0) + states.get("sending", 0)
        if len(crowd.posts) > POSTS and left == 0 and _planned_all(product):
            break
        time.sleep(0.2)
    return kills


def _until_sent(product: Product, post: str) -> None:
    """Until some phones have the post, so that there is something to take back."""
    query = text(
        "SELECT EXISTS (SELECT FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE n.subject_id = :post AND d.status = 'sent')"
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with product.world.worker.transaction() as session:
            if session.execute(query, {"post": post}).scalar_one():
                return
        time.sleep(0.05)


def _is_dead(address: str) -> bool:
    return Faults(seed=SEED, unregistered=FAULTS["unregistered"]).drawn(address, 1).get("status") == 404


def _planned_all(product: Product) -> bool:
    """Whether the planner has read everything that was written."""
    query = text(
        "SELECT NOT EXISTS (SELECT FROM outbox) AND (SELECT coalesce(max(seq), 0) FROM journal)"
        " <= (SELECT seq FROM journal_cursors WHERE reader = 'push')"
    )
    with product.world.worker.transaction() as session:
        return bool(session.execute(query).scalar_one())


if __name__ == "__main__":
    main()
