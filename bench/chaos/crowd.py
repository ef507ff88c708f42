"""The people of `make chaos`: writers, followers who stay, followers who are let in and out, and who does that."""

import random
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from base.database import table_of
from bench.chaos.cast import NGINX, WEBS, Cast
from bench.chaos.deaf import Deaf
from bench.chaos.followers import Follower
from bench.chaos.gate import Gate
from bench.chaos.http import Phone
from bench.chaos.loaders import Loader
from bench.chaos.stored import StoredApp
from bench.chaos.strangers import Stranger
from bench.chaos.writers import Budget, Writer
from bench.live_world import signed_in
from bench.stage import lasting
from journal.models import OutboxRow
from journal.tail import head_in_epoch, head_position
from tests.world import World

SITES, WRITERS, STAYING, WANDERING = 4, 8, 5, 3
STRANGERS = 2
PATIENCE_S = 60.0  # how long they wait for their sockets to end
RENEWING = 2  # of those who stay
_STEP_S = 0.5
_BATCH_S = 25.0  # how long a writer waits for an answer to a hundred posts


class Doorkeeper(threading.Thread):
    """An administrator who assigns the wanderers to sites and ends that again, until `stop`."""

    def __init__(self, phone: Phone, moves: list[tuple[str, str]], gate: Gate, stop: threading.Event) -> None:
        super().__init__(name="doorkeeper", daemon=True)
        self._gate = gate
        self.phone, self.moves = phone, 0
        self._inside = dict.fromkeys(moves, False)
        self._ended = stop

    def run(self) -> None:
        """One step after the other; each is sent until it is answered, so the server's state is known."""
        while not self._ended.wait(_STEP_S * random.random()):
            with self._gate.passes():
                self._move(*random.choice(list(self._inside.items())))
        self.phone.close()

    def _move(self, whom_and_where: tuple[str, str], inside: bool) -> None:
        person, site = whom_and_where
        path = f"/v1/admin/scopes/{site}/memberships/{person}"
        method, body = ("DELETE", None) if inside else ("PUT", {"role": "member"})
        if self.phone.until_answered(self._ended, method, path, body) is not None:
            self._inside[person, site] = not inside
            self.moves += 1


class Crowd:
    """Everybody. Writers and doorkeeper work from `start` on; followers until they have what there is."""

    def __init__(self, world: World, ports: list[int], cast: Cast, folder: Path, events: int) -> None:
        self.world, self.written_out = world, threading.Event()
        self.gate, self.loading = Gate(), Gate()  # what a loader writes is in no history
        self.restored_at = 0  # the position up to which apps that started over have no events
        self._abandoned = threading.Event()
        self.org = world.organisation("Chaos")
        self.sites = [self.org.site(f"Site {n}", admission="assigned") for n in range(SITES)]
        world.relays()
        budget = Budget(events)
        self.writers = self._writers(ports, budget)
        self.loader = Loader(world.worker, self.org, self.sites, budget, self.loading, self.written_out)
        tokens = self.tokens(len(WEBS), self.sites)
        self.deaf = [
            Deaf(token, cast.ports[name], cast.log(name), self._abandoned)
            for name, token in zip(WEBS, tokens, strict=True)
        ]
        phones = [Phone(token, ports) for token in self.tokens(STAYING - RENEWING, self.sites)]
        phones += [self._renewing(n, ports) for n in range(RENEWING)]
        staying = [
            Follower(f"staying-{n}", phone, self.gate, self._abandoned) for n, phone in enumerate(phones)
        ]
        wandering = [
            Follower(f"wandering-{n}", Phone(token, ports), self.gate, self._abandoned)
            for n, token in enumerate(self.tokens(WANDERING, []))
        ]
        self.followers = staying + wandering
        everybody = [follower.person_id for follower in self.followers]
        for follower in self.followers:
            follower.signals(everybody, self.sites if follower in staying else [])
        self.other_org = world.organisation("Strangers")
        straight = [cast.ports[name] for name in WEBS]
        self.strangers = [
            Stranger(self.other_org, ports, straight, PATIENCE_S, self.gate, self.written_out)
            for _ in range(STRANGERS)
        ]
        admin = Phone(lasting(self.org.admin), ports)
        self.apps = self._apps(ports, cast.ports[NGINX], folder)
        moves = [(wanderer.person_id, site) for wanderer in wandering for site in self.sites]
        moves += [(app.person_id, self.sites[0]) for app in self.apps if self.sites[0] not in app.scopes]
        self.doorkeeper = Doorkeeper(admin, moves, self.gate, self.written_out)

    def tokens(self, count: int, sites: list[str]) -> list[str]:
        """New people with a signed-in phone each."""
        return signed_in(self.org, count, sites)

    def start(self) -> None:
        """Everybody begins."""
        for thread in (
            *self.followers,
            *self.writers,
            *self.strangers,
            *self.deaf,
            self.loader,
            self.doorkeeper,
        ):
            thread.start()

    def start_over(self, seconds: float) -> None:
        """Wait until everybody follows the epoch that is the present one; no loader writes meanwhile."""
        with self.world.worker.transaction() as session:
            head = head_in_epoch(session, self.org.id)
        deadline, epoch = time.monotonic() + seconds, str(head.epoch)
        while behind := self._behind(epoch):
            assert time.monotonic() < deadline, f"these do not start over: {behind}"
            time.sleep(0.2)
        with self.world.worker.transaction() as session:
            self.restored_at = head_position(session, self.org.id)

    def _behind(self, epoch: str) -> list[str]:
        followers = [f"{one.name} {one.failure!r}" for one in self.followers if one.epoch != epoch]
        return followers + [f"app {number}" for number, app in enumerate(self.apps) if not app.is_in(epoch)]

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
        for stranger in self.strangers:
            stranger.join(PATIENCE_S)

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
        while (
            not (right := all(app.is_right_up_to(head) for app in self.apps)) and time.monotonic() < deadline
        ):
            time.sleep(0.2)
        followed = not any(follower.is_alive() for follower in self.followers)
        settled = right and followed and not self._outbox()
        self._abandoned.set()
        for follower in self.followers:
            follower.join(10)
        self.stop_apps()
        return settled

    def stop_apps(self) -> None:
        """No app writes to its store any more."""
        for app in self.apps:
            app.stop()

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
            "renewed": sum(follower.renewed for follower in self.followers),
            "app_kills": sum(app.kills for app in self.apps),
            "moves": self.doorkeeper.moves,
            "started_over": sum(follower.starts - 1 for follower in self.followers),
            "typing": sum(follower.typing for follower in self.followers),
            "presences": sum(follower.presences for follower in self.followers),
            "ended_sockets": sum(len(stranger.ends) for stranger in self.strangers),
            "deaf_cut": sum(deaf.cut for deaf in self.deaf),
            "behind": max(follower.position for follower in self.followers)
            - min(follower.position for follower in self.followers),
        }

    def _outbox(self) -> int:
        with self.world.worker.transaction() as session:
            return session.scalar(select(func.count()).select_from(table_of(OutboxRow))) or 0

    def _writers(self, ports: list[int], budget: Budget) -> list[Writer]:
        return [
            Writer(n, Phone(token, ports, timeout=_BATCH_S), self.sites, budget, self.gate, self.written_out)
            for n, token in enumerate(self.tokens(WRITERS, self.sites))
        ]

    def _renewing(self, number: int, ports: list[int]) -> Phone:
        """A phone that signed in with a password, and so can refresh its token."""
        tokens = self.org.person(f"Renewing{number}", scopes=self.sites).tokens
        self.world.relays()
        return Phone(tokens["access_token"], ports, tokens["refresh_token"])

    def _apps(self, ports: list[int], straight: int, folder: Path) -> list[StoredApp]:
        """One that stays, and one that is let in and out of the first site and belongs to none of the others."""
        assigned = (self.sites, [])
        tokens = [self.tokens(1, sites)[0] for sites in assigned]
        return [
            StoredApp(Phone(token, [straight]), ports, folder / f"app-{n}.sqlite", sites)
            for n, (token, sites) in enumerate(zip(tokens, assigned, strict=True))
        ]
