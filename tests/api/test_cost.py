"""What a request costs may grow with what the person belongs to, and never with how large the organisation is.

Two organisations live the same morning: one has five zones, the other ten thousand more, open to everybody. Every
route that reads is asked in both, by a member, a manager and an administrator, and takes the same statements, the same
rows, and what PostgreSQL read for them is the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

from tests.api.operations import OPERATIONS, least_query
from tests.stories.many_zones import open_zones
from tests.stories.notices import announces
from tests.stories.scopes import manager
from tests.stories.things import things
from tests.world import Organisation, Phone, World

# Written a thousand times a day, each judging one scope.
ACTS: dict[str, Any] = {
    "publish_post": {"text": "Good evening"},
    "mark_scope_read": {"post_id": "{post_id}"},
    "acknowledge_post": None,
}
ROLES = ("member", "manager", "administrator")
# These answer a page of what the organisation has, of which the small one has less than a page.
PAGED = ("list_my_regions", "list_managed_sites")
# What such a page may take: the regions look at the nearest 110 places and their circles, and PostgreSQL at four tables
# for each.
PAGE, PAGE_READ = 280, 600
# Plans differ by some rows, while one that looks at every zone reads ten thousand.
GIVE = 100
# Of what there is not: a push on trial, a report before the end, somebody who shows when they were seen, a credential.
MISSING = (
    "read_test_push",
    "read_muster_report",
    "download_muster_report",
    "read_presence",
    "read_notification_content",
)
# And what is not for administrators, whom it watches over.
NOT_THEIRS = ("export_audit",)
_READ = "SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables"


@dataclass
class Cost:
    """Of one request: its statements, the rows that they gave, and the rows that PostgreSQL read for them."""

    statements: int = 0
    rows: int = 0
    read: int = 0

    def allowing(self, name: str) -> "Cost":
        """What the same request may cost in an organisation of any size."""
        page, page_read = (PAGE, PAGE_READ) if name in PAGED else (0, 0)
        return Cost(self.statements, self.rows + page, int(1.3 * self.read) + GIVE + page_read)

    def within(self, bounds: "Cost") -> bool:
        """Whether it is not more than that."""
        return self.statements == bounds.statements and self.rows <= bounds.rows and self.read <= bounds.read


@dataclass
class Town:
    """An organisation with somebody in each role, and what there is to read of it."""

    org: Organisation
    phones: dict[str, Phone]
    known: dict[str, str]

    def asks(self, role: str, method: str, path: str, body: Any) -> tuple[int, Cost]:
        """The status of an answer, and what it took."""
        phone, at = self.phones[role], self.filled(path)
        said = body and {name: self.filled(value) for name, value in body.items()}
        with counted(self.org.world) as cost:
            return phone.request(method, at, said).status_code, cost

    def filled(self, text: str) -> str:
        """A path, or a member of a body, with the town's own ids."""
        for name, value in self.known.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def test_it_costs_the_same_in_a_large_organisation(fresh_world: World) -> None:
    small, large = towns(fresh_world)
    dear: list[tuple[str, str, Cost, Cost]] = []
    for name, method, path, body in requests():
        for role in ROLES:
            (status, least), (same, cost) = (town.asks(role, method, path, body) for town in (small, large))
            assert status == same, (name, role)
            assert status < 400 or role != "administrator" or name in MISSING + NOT_THEIRS, (name, status)
            if not cost.within(least.allowing(name)):
                dear.append((name, role, least, cost))
    assert dear == []


def requests() -> Iterator[tuple[str, str, str, Any]]:
    """Every route that reads, and those that people write by most."""
    queries = {"list_my_regions": "?lon=127&lat=37.5", "list_presences": "?person_ids={person_id}"}
    for method, path, operation in OPERATIONS:
        name = operation["operationId"]
        if method == "GET" or name in ACTS:
            place = "{zone_id}" if "/zones/" in path else "{site_id}"
            yield (
                name,
                method,
                path.replace("{place_id}", place) + queries.get(name, least_query(operation)),
                ACTS.get(name),
            )


def towns(world: World) -> tuple[Town, Town]:
    """The small one and the large one, in one database."""
    small, large = world.organisation(), world.organisation()
    lived = morning(small), morning(large)
    open_zones(large, 10_000)
    return lived


def morning(org: Organisation) -> Town:
    """A site with five zones, a manager and a member of it, and something of everything that can be read."""
    site = org.site(admission="assigned")
    zones = [org.zone(site, f"Gate {n}", admission="open") for n in range(5)]
    mia, mel = manager(org, "Mia", site), org.person("Mel", scopes=[site, zones[0]])
    org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    for scope in (str(org.id), site, *zones):
        org.admin.posts(scope, "Good morning")
    post = announces(mia, site, "@Mel", mentions=[mel.id], asks_acknowledgement=True)
    org.admin.posts(zones[0], "Thanks", parent_id=mel.posts(zones[0], "Done")["id"])
    known = things(org, mel, site, zones[0]) | {"post_id": post["id"]}
    org.world.relays()
    return Town(org, dict(zip(ROLES, (mel, mia, org.admin), strict=True)), known)


@contextmanager
def counted(world: World) -> Iterator[Cost]:
    """What the requests within cost."""
    cost = Cost()

    def count(_connection: Any, cursor: Any, *_rest: Any) -> None:
        cost.statements += 1
        cost.rows += max(cursor.rowcount, 0)

    def from_here(connection: Connection) -> None:
        cost.read -= read_so_far(connection)

    def to_here(connection: Connection) -> None:
        cost.read += read_so_far(connection)

    heard = {"after_cursor_execute": count, "begin": from_here, "commit": to_here, "rollback": to_here}
    for name, hear in heard.items():
        event.listen(world.web.engine, name, hear)
    yield cost
    for name, hear in heard.items():
        event.remove(world.web.engine, name, hear)


def read_so_far(connection: Connection) -> int:
    """The rows of tables that the connection has read since PostgreSQL last collected its numbers."""
    with connection.connection.cursor() as cursor:
        cursor.execute(_READ)
        return int(cursor.fetchone()[0])
