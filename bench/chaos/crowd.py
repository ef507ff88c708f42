"""The people of `make chaos`: writers, followers who stay, followers who are let in and out, and who does that."""

import random
import threading
import time
from typing import Any

from sqlalchemy import func, select

from base.database import table_of
from bench.chaos.deaf import Deaf
from bench.chaos.followers import Follower
from bench.chaos.http import Phone
from bench.chaos.loaders import Loader
from bench.chaos.writers import Budget, Writer
from bench.live_world import signed_in
from journal.models import OutboxRow
from journal.tail import head_position
from tests.world import World

SITES, WRITERS, STAYING, WANDERING = 4, 8, 5, 3
_STEP_S = 0.5


class Doorkeeper(threading.Thread):
    """An administrator who assigns the wanderers to sites and ends that again, until `stop`."""

    def __init__(
        self, phone: Phone, wanderers: list[Follower], sites: list[str], stop: threading.Event
    ) -> None:
        super().__init__(name="doorkeeper", daemon=True)
        self.phone, self.moves = phone, 0
        self._inside = {(wanderer.person_id, site): False for wanderer in wanderers for site in sites}
        self._ended = stop

    def run(self) -> None:
        """One step after the other; each is sent until it is answered, so the server's state is known."""
        while not self._ended.wait(_STEP_S * random.random()):
            (person, site), inside = random.choice(list(self._inside.items()))
            path = f"/v1/admin/scopes/{site}/memberships/{person}"
            method, body = ("DELETE", None) if inside else ("PUT", {"role": "member"})
            if self.phone.until_answered(self._ended, method, path, body) is not None:
                self._inside[person, site] = not inside
                self.moves += 1
        self.phone.close()


class Crowd:
    """Everybody. Writers and doorkeeper work from `start` on; followers until they have what there is."""

    def __init__(self, world: World, ports: list[int], direct: list[int], events: int) -> None:
        self.world, self.written_out = world, threading.Event()
        self._abandoned = threading.Event()
        self.org = world.organisation("Chaos")
        self.sites = [self.org.site(f"Site {n}", admission="assigned") for n in range(SITES)]
        world.relays()
        budget = Budget(events)
        self.writers = self._writers(ports, budget)
        self.loader = Loader(world.worker, self.org, self.sites, budget, self.written_out)
        self.deaf = Deaf(self.tokens(1, self.sites)[0], direct, self._abandoned)
        staying = [
            Follower(f"staying-{n}", Phone(token, ports), self._abandoned)
            for n, token in enumerate(self.tokens(STAYING, self.sites))
        ]
        wandering = [
            Follower(f"wandering-{n}", Phone(token, ports), self._abandoned)
            for n, token in enumerate(self.tokens(WANDERING, []))
        ]
        self.followers = staying + wandering
        admin = Phone(self.org.admin.tokens["access_token"], ports)
        self.doorkeeper = Doorkeeper(admin, wandering, self.sites, self.written_out)

    def tokens(self, count: int, sites: list[str]) -> list[str]:
        """New people with a signed-in phone each."""
        return signed_in(self.org, count, sites)

    def start(self) -> None:
        """Everybody begins."""
        for thread in (*self.followers, *self.writers, self.loader, self.doorkeeper, self.deaf):
            thread.start()

    def writing(self) -> bool:
        """Whether somebody still writes."""
        return any(writer.is_alive() for writer in (*self.writers, self.loader))

    def accepted(self) -> int:
        """So many posts were accepted."""
        return sum(len(writer.accepted) for writer in (*self.writers, self.loader))

    def stop_writing(self) -> None:
        """Writers, loader and doorkeeper end."""
        self.written_out.set()
        for thread in (*self.writers, self.loader, self.doorkeeper):
            thread.join(30)

    def settle(self, seconds: float) -> bool:
        """Let the relay move all there is and the followers take it; False when they do not get there."""
        deadline = time.monotonic() + seconds
        while self._outbox() and time.monotonic() < deadline:
            time.sleep(0.2)
        with self.world.worker.transaction() as session:
            head = head_position(session, self.org.id)
        for follower in self.followers:
            follower.target = head
        for follower in self.followers:
            follower.join(max(0.0, deadline - time.monotonic()))
        settled = not self._outbox() and not any(follower.is_alive() for follower in self.followers)
        self._abandoned.set()
        for follower in self.followers:
            follower.join(10)
        return settled

    def figures(self) -> dict[str, Any]:
        """Counts for those who watch."""
        return {
            "written": sum(writer.tried for writer in (*self.writers, self.loader)),
            "accepted": self.accepted(),
            "by_http": sum(len(writer.accepted) for writer in self.writers),
            "unknown": self.loader.unknown,
            "sent_again": sum(writer.phone.again for writer in self.writers),
            "live": sum(follower.live for follower in self.followers),
            "synced": sum(follower.synced for follower in self.followers),
            "repeats": sum(follower.repeats for follower in self.followers),
            "early": sum(follower.early for follower in self.followers),
            "connects": sum(follower.connects for follower in self.followers),
            "moves": self.doorkeeper.moves,
            "deaf_cut": self.deaf.cut,
            "behind": max(follower.position for follower in self.followers)
            - min(follower.position for follower in self.followers),
        }

    def _outbox(self) -> int:
        with self.world.worker.transaction() as session:
            return session.scalar(select(func.count()).select_from(table_of(OutboxRow))) or 0

    def _writers(self, ports: list[int], budget: Budget) -> list[Writer]:
        return [
            Writer(n, Phone(token, ports), self.sites, budget, self.written_out)
            for n, token in enumerate(self.tokens(WRITERS, self.sites))
        ]
