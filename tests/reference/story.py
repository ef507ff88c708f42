"""Bob and his app, among colleagues; what may happen to them, step by step."""

import itertools
import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from base import clock
from geo.privacy.retention import forget_old_presence
from tests.reference.accidents import Network, killed_at
from tests.reference.client import ReferenceClient
from tests.reference.store import Store
from tests.world import Phone, World


class Story:
    """Bob's app among colleagues who post, in places that he comes into and leaves."""

    def __init__(self, world: World, folder: str) -> None:
        self.org, self.path = world.organisation(), Path(folder) / "app.sqlite"
        self.colleague = self.org.admin
        assigned = self.org.site("Depot", admission="assigned")
        opened = self.org.site("Harbour", admission="open")
        there = self.org.site("Yard", admission="present", history="since_entry", grace_seconds=0)
        self.places = [str(self.org.id), assigned, opened, there]
        self.bob = self.org.person("Bob")
        self.bob_id, self.inside = self.bob.id, {self.places[0]}
        self.posts: list[dict[str, Any]] = []
        self.queued: list[str] = []
        self.told: list[dict[str, Any]] = []  # over the socket, ever
        self.numbers = itertools.count()
        self.network = Network(self.bob)
        self.open_app()

    def open_app(self) -> None:
        self.store = Store(self.path)
        self.app = ReferenceClient(self.store, self.network.send, page=3)

    def colleague_posts(self, place: int) -> None:
        self.posts.append(self.colleague.posts(self.places[place], f"colleague {next(self.numbers)}"))

    def colleague_edits(self, which: int) -> None:
        if self.posts:
            post = self.posts[which % len(self.posts)]
            self.colleague.request(
                "PATCH", f"/v1/posts/{post['id']}", {"text": f"edited {next(self.numbers)}"}
            )

    def colleague_deletes(self, which: int) -> None:
        if self.posts:
            self.colleague.delete(f"/v1/posts/{self.posts[which % len(self.posts)]['id']}")

    def comes(self, place: int) -> None:
        scope = self.places[place]
        if scope in self.inside:
            return
        self.inside.add(scope)
        if place == 1:
            self.colleague.put(f"/v1/admin/scopes/{scope}/memberships/{self.bob_id}", {"role": "member"})
        elif place == 2:
            self.bob.put(f"/v1/scopes/{scope}/membership")
        else:
            self.colleague.post(f"/v1/admin/places/{scope}/visits", {"person_id": self.bob_id}, 201)

    def goes(self, place: int) -> None:
        scope = self.places[place]
        if place == 0 or scope not in self.inside:
            return
        self.inside.remove(scope)
        if place == 1:
            self.colleague.delete(f"/v1/admin/scopes/{scope}/memberships/{self.bob_id}")
        elif place == 2:
            self.bob.delete(f"/v1/scopes/{scope}/membership")
        else:
            self.colleague.delete(f"/v1/admin/places/{scope}/visits/{self.bob_id}")

    def queues_post(self, place: int) -> None:
        text = f"bob {next(self.numbers)}"
        self.queued.append(self.app.do("post", scope_id=self.places[place], text=text))

    def queues_edit(self, which: int) -> None:
        if self.queued:
            client_id = self.queued[which % len(self.queued)]
            self.app.do("edit", post_client_id=client_id, text=f"bob again {next(self.numbers)}")

    def queues_deletion(self, which: int) -> None:
        if self.queued:
            self.app.do("deletion", post_client_id=self.queued[which % len(self.queued)])

    def relay_runs(self, _: int) -> None:
        self.org.world.relays()

    def catches_up(self, _: int) -> None:
        self.app.catch_up()

    def is_killed(self, line: int) -> None:
        killed_at(line, self.app.catch_up)
        self.store.close()
        self.open_app()

    def loses_request(self, which: int) -> None:
        self._catches_up_badly(which, arrives=False)

    def loses_answer(self, which: int) -> None:
        self._catches_up_badly(which, arrives=True)

    def hears(self, seed: int) -> None:
        """The socket delivers, in no order: what is new, what was had already, some of it twice and some never."""
        if self.store.position is None:
            self.app.catch_up()  # as after each connect
        self.relay_runs(0)
        new = self.bob.get(f"/v1/sync?after={self.store.position}&limit=500")["items"]
        self.told += [event for event in new if event not in self.told]
        chance = random.Random(seed)
        for event in chance.choices(self.told, k=min(len(self.told), 8)):
            self.app.hear(event, str(self.store.epoch))

    def years_pass(self, _: int) -> None:
        """What the journal says of who was where is emptied."""
        with self.org.world.worker.transaction() as session:
            forget_old_presence(session, clock.now() + timedelta(days=4_000))

    def _catches_up_badly(self, which: int, *, arrives: bool) -> None:
        self.network.cut(which, arrives=arrives)
        with suppress(ConnectionError):
            self.app.catch_up()
        self.network.mend()

    def settles(self) -> None:
        """The network is back, and everything arrives."""
        for _ in range(2):
            self.org.world.relays()
            self.app.catch_up()

    def fresh_fetch(self) -> dict[str, dict[str, Any]]:
        """What an app that is installed now would show."""
        scopes = [m["scope_id"] for m in self.bob.get("/v1/me")["memberships"]] + [str(self.org.id)]
        return {post["id"]: post for scope in scopes for post in all_posts(self.bob, scope)}


def all_posts(phone: Phone, scope: str) -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        cursor = f"&cursor={page['next']}" if page["next"] else ""
        page = phone.get(f"/v1/scopes/{scope}/posts?limit=50{cursor}")
        posts += page["items"]
    return posts
