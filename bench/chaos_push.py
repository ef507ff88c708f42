"""`make chaos-push`: NOTIFICATIONS (20,000) while workers are killed and FCM fails; then every phone is judged.

    posts ─▶ journal ─▶ 2 workers, one of them killed (-9) every few seconds ─▶ stand-in FCM
                                     500: 10 %   429: 5 %   UNREGISTERED: 2 % of the addresses, for ever

Of each post every phone of the organisation has to get exactly one notification; but twice is allowed within the
documented window: what a killed worker had sent and not recorded. Phones that were silent for 60 days, were signed
out, or are the author's get none. The last line is one JSON object that sums up; the exit code is 1 on any breach.
SEED repeats the faults.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from typing import Any

from sqlalchemy import text

from bench.push_crowd import add_people, analyse, counts, messages, set_faults, statuses
from bench.stage import running_product
from push.delivery import BATCH
from push.standin.mailbox import Faults
from tests.product import Product
from tests.world import Organisation

NOTIFICATIONS = int(os.environ.get("NOTIFICATIONS", "20000"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
POSTS, SMALL_SHARE, NEVER, WORK, MOST_KILLS = 10, 10, 20, 500, 10
KILL_EVERY_S, POST_EVERY_S, LONGEST_S = 3.0, 2.0, 600.0
THREADS = 4  # PUSH_THREADS of the product's workers
FAULTS = {"error_500": 0.10, "quota_429": 0.05, "unregistered": 0.02}
WORKERS = ("worker", "worker-2")


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
    phones = NOTIFICATIONS // POSTS
    crowd = Crowd(product, phones - phones // SMALL_SHARE, phones // SMALL_SHARE)
    set_faults(product, seed=SEED, **FAULTS)
    product.start_worker(WORKERS[1])
    kills = storm(product, crowd)
    return crowd.judge(kills) | {"kills": kills, "seconds": round(time.monotonic() - began), "seed": SEED}


class Crowd:
    """A large and a small organisation; who has to hear of which posts, and who must not."""

    def __init__(self, product: Product, large: int, small: int) -> None:
        self.product = product
        self.phones: dict[str, list[str]] = {}
        self.posts: dict[str, list[str]] = {}
        self.never: set[str] = set()
        self.organisations: list[Organisation] = [product.world.organisation(), product.world.organisation()]
        for org, count in zip(self.organisations, (large, small), strict=True):
            self.posts[str(org.id)] = []
            self.phones[str(org.id)] = add_people(product, org, "phone", count)
            self.never |= set(add_people(product, org, "silent", NEVER, silent_days=61))
            self.never |= set(add_people(product, org, "out", NEVER, signed_out=True))
            author = f"author-{org.id}"
            org.admin.put("/v1/me/device/push", {"kind": "token", "address": author})
            self.never.add(author)
        analyse(product)

    def post(self) -> None:
        """One post in each organisation."""
        for org in self.organisations:
            made = org.admin.posts(str(org.id), f"post {len(self.posts[str(org.id)])}")
            self.posts[str(org.id)].append(made["id"])

    def written(self) -> bool:
        """Whether all posts are written."""
        return all(len(posts) == POSTS for posts in self.posts.values())

    def judge(self, kills: int) -> dict[str, Any]:
        """Compare what the stand-in accepted with what it should have got."""
        faults = Faults(seed=SEED, **FAULTS)
        dead = {one for of in self.phones.values() for one in of if faults.drawn(one, 1).get("status") == 404}
        got = Counter[tuple[str, str]]()
        by_delivery = Counter[str]()
        for message in messages(self.product):
            data = message["message"]["data"]
            got[message["message"]["token"], data["post_id"]] += 1
            by_delivery[data["delivery_id"]] += 1
        wanted = {
            (address, post)
            for org, posts in self.posts.items()
            for address in self.phones[org]
            if address not in dead
            for post in posts
        }
        doubled, window = sum(by_delivery.values()) - len(by_delivery), kills * THREADS * BATCH
        figures = {
            "notifications": len(wanted),
            "lost": len(wanted - got.keys()),
            "leaked": sum(address in self.never for address, _ in got) + len(got.keys() - wanted),
            "doubled": doubled,
            "doubled_otherwise": sum(got.values()) - len(got) - doubled,
            "window": window,
            "dead_addresses": len(dead),
            "dead_left": self._left(dead),
            "states": statuses(self.product),
            "answers": counts(self.product)["answers"],
        }
        breaches = ("lost", "leaked", "doubled_otherwise", "dead_left")
        unsettled = sum(figures["states"].get(state, 0) for state in ("queued", "sending", "dead"))
        sound = not any(figures[name] for name in breaches) and doubled <= window and not unsettled
        return figures | {"sound": sound and kills > 0}

    def _left(self, dead: set[str]) -> int:
        query = text("SELECT count(*) FROM devices WHERE push_address = ANY (:dead)")
        with self.product.world.worker.transaction() as session:
            return session.execute(query, {"dead": list(dead)}).scalar_one()


def storm(product: Product, crowd: Crowd) -> int:
    """Post, and kill a worker every few seconds, until all is delivered; returns the number of kills."""
    began, kills, next_post, next_kill, asked = time.monotonic(), 0, 0.0, KILL_EVERY_S, 0
    while (now := time.monotonic() - began) < LONGEST_S:
        if not crowd.written() and now >= next_post:
            crowd.post()
            next_post = now + POST_EVERY_S
        planned, states = _planned(product), statuses(product)
        left = states.get("queued", 0) + states.get("sending", 0)
        # Amid work: one that still starts, or waits for the leases of another, is not worth a kill.
        requests = counts(product)["requests"]
        if kills < MOST_KILLS and now >= next_kill and requests - asked >= WORK:
            victim = WORKERS[kills % 2]
            product.kill(victim)
            product.start_worker(victim)
            kills, next_kill, asked = kills + 1, time.monotonic() - began + KILL_EVERY_S, requests
            print(json.dumps({"at_s": round(now), "killed": victim, "states": states}), flush=True)
        if left == 0 and planned == len(crowd.organisations) * POSTS:
            break
        time.sleep(0.2)
    return kills


def _planned(product: Product) -> int:
    with product.world.worker.transaction() as session:
        return session.execute(text("SELECT count(*) FROM notifications")).scalar_one()


if __name__ == "__main__":
    main()
