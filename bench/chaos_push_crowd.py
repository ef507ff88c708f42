"""Who is told and who must not be: the people of `make chaos-push`, and what happens to them meanwhile."""

import time
from collections import Counter
from typing import Any

from sqlalchemy import text

from bench.push_crowd import add_people, analyse, messages
from push.sending.batches import BEGIN_WITHIN_S
from tests.product import Product

NEVER, LEAVE, CHANGE_HANDS = 20, 40, 40
# What was on its way when somebody left or a post was deleted may still arrive.
GRACE_S = BEGIN_WITHIN_S + 1.0
_ALWAYS = """
INSERT INTO push_preferences (person_id, organisation_id, quiet_hours)
SELECT id, organisation_id, '{"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:00", "to": "00:00"}]}'
FROM persons WHERE organisation_id = :org AND name LIKE 'quiet %'
"""
_JOIN = """
WITH joined AS (
    INSERT INTO memberships (id, organisation_id, scope_id, person_id, source, started_at)
    SELECT gen_random_uuid(), organisation_id, :site, id, 'assigned', now() FROM persons
    WHERE organisation_id = :org AND name NOT LIKE 'stranger %'
        AND NOT EXISTS (SELECT FROM memberships m WHERE m.person_id = persons.id AND m.scope_id = :site)
    RETURNING id, organisation_id
)
INSERT INTO subject_positions (subject_id, organisation_id, position) SELECT id, organisation_id, 1 FROM joined
"""
_CHANGE_HANDS = """
UPDATE devices SET person_id = stranger.id
FROM persons holder, persons stranger
WHERE holder.id = devices.person_id AND holder.organisation_id = :org AND holder.name LIKE 'handed %'
    AND stranger.organisation_id = :org AND stranger.name = replace(holder.name, 'handed', 'stranger')
"""
_OF = "SELECT id FROM persons WHERE organisation_id = :org AND name LIKE :name ORDER BY id"


class Crowd:
    """One organisation, and a site of it that everybody but the strangers is a member of."""

    def __init__(self, product: Product, phones: int) -> None:
        self.product, self.org = product, product.world.organisation()
        self.site = self.org.site(admission="assigned")
        self.posts: list[str] = []
        self.deleted: dict[str, float] = {}
        self.ended: dict[str, float] = {}  # address: when its person left, or it changed hands
        self.phones = set(add_people(product, self.org, "phone", phones))
        self.leaving = add_people(product, self.org, "leaving", LEAVE)
        self.handed = add_people(product, self.org, "handed", CHANGE_HANDS)
        self.never = set(add_people(product, self.org, "stranger", CHANGE_HANDS))
        self.never |= set(add_people(product, self.org, "silent", NEVER, silent_days=61))
        self.never |= set(add_people(product, self.org, "out", NEVER, signed_out=True))
        self.never |= set(add_people(product, self.org, "quiet", NEVER))
        author = f"author-{self.org.id}"
        self.org.admin.put("/v1/me/device/push", {"kind": "token", "address": author})
        self.never.add(author)
        self._run(_JOIN, site=self.site)
        self._run(_ALWAYS)
        analyse(product)

    def post(self) -> None:
        """One more post."""
        self.posts.append(self.org.admin.posts(self.site, f"post {len(self.posts)}")["id"])

    def delete_newest(self) -> None:
        """Take the newest post back, while it is sent."""
        self.org.admin.delete(f"/v1/posts/{self.posts[-1]}")
        self.deleted[self.posts[-1]] = time.time()

    def leave(self) -> None:
        """Some leave the site, while something is sent to them."""
        with self.product.world.worker.transaction() as session:
            persons = session.execute(text(_OF), {"org": self.org.id, "name": "leaving %"}).scalars().all()
        for person in persons:
            self.org.admin.delete(f"/v1/admin/scopes/{self.site}/memberships/{person}")
        self.ended |= dict.fromkeys(self.leaving, time.time())

    def change_hands(self) -> None:
        """Some phones go to others, who are no members."""
        self._run(_CHANGE_HANDS)
        self.ended |= dict.fromkeys(self.handed, time.time())

    def judge(self, dead: set[str]) -> dict[str, Any]:
        """Compare what the stand-in accepted with what it should have got."""
        shown, withdrawn = Counter[tuple[str, str]](), set[tuple[str, str]]()
        heard, accepted = Counter[str](), Counter[str]()
        leaked = 0
        for one in messages(self.product):
            data, address = one["message"]["data"], one["message"]["token"]
            accepted[data["delivery_id"]] += 1
            heard[data["delivery_id"]] += not one.get("unheard", False)
            if data["action"] == "withdraw":
                withdrawn.add((address, data["post_id"]))
            if data["action"] == "show":
                shown[address, data["post_id"]] += 1
                leaked += self._forbidden(address, data["post_id"], one["received_at"])
        wanted = {(a, post) for a in self.phones - dead for post in self.posts if post not in self.deleted}
        taken_back = {(a, post) for a, post in shown if post in self.deleted and a in self.phones - dead}
        return {
            "notifications": len(wanted),
            "lost": len(wanted - shown.keys()),
            "leaked": leaked,
            "not_withdrawn": len(taken_back - withdrawn),
            "withdrawn": len(taken_back & withdrawn),
            "doubled": sum(max(0, count - 1) for count in heard.values()),
            "doubled_unheard": sum(n - 1 - max(0, heard[one] - 1) for one, n in accepted.items()),
            "dead_addresses": len(dead),
            "dead_left": self._left(dead),
        }

    def _forbidden(self, address: str, post: str, at: float) -> bool:
        over = min(self.ended.get(address, at), self.deleted.get(post, at))
        return address in self.never or at > over + GRACE_S

    def _left(self, dead: set[str]) -> int:
        query = text("SELECT count(*) FROM devices WHERE push_address = ANY (:dead)")
        with self.product.world.worker.transaction() as session:
            return session.execute(query, {"dead": list(dead)}).scalar_one()

    def _run(self, statement: str, **values: Any) -> None:
        with self.product.world.worker.transaction() as session:
            session.execute(text(statement), {"org": self.org.id, **values})
