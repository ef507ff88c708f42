"""`make bench-audience`: reading one post in an organisation of ten thousand open zones, beside one of five.

Both do the same work as a request does it, in turns: the post, and whether its scope may be read and from when on.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from bench.report import report
from bench.stage import DATABASE, UNHURRIED, migrated_cluster
from bench.sync import in_transaction, medians
from people.actor import Actor
from social.posts import read
from tests.stories.many_zones import open_zones
from tests.world import Organisation, Phone, World

FEW, MANY, ROUNDS, MOST = 5, 10_000, 200, 1.3


def main() -> None:
    """Make both organisations and measure."""
    with migrated_cluster() as (cluster, _):
        measure(World(cluster, DATABASE, **UNHURRIED))


def measure(world: World) -> None:
    """As a member of the zone, and as an administrator of the organisation."""
    small, large = world.organisation(), world.organisation()
    zones = [_last_zone(org) for org in (small, large)]
    open_zones(large, MANY)
    mels = [org.person("Mel", scopes=[zone]) for org, zone in zip((small, large), zones, strict=True)]
    posts = [mel.posts(zone, "The crane is free")["id"] for mel, zone in zip(mels, zones, strict=True)]
    for role, phones in (("member", mels), ("organisation_administrator", [small.admin, large.admin])):
        few, many = (_reading(phone, role, post) for phone, post in zip(phones, posts, strict=True))
        beside, taken = medians(few, many, ROUNDS)
        name = f"one of {MANY:,} zones' posts as {role}, beside one of {FEW}"
        report(name, taken, "ms", MOST, against=beside)


def _last_zone(org: Organisation) -> str:
    """Five open zones; returns the last."""
    site = org.site(admission="open")
    zone = site
    for number in range(FEW):
        zone = org.zone(site, f"Gate {number}", admission="open")
    return zone


def _reading(phone: Phone, role: str, post_id: str) -> Callable[[], Any]:
    """The post read in a transaction of its own."""
    org, me = phone.organisation, phone.get("/v1/me")
    actor = Actor(UUID(phone.id), org.id, UUID(me["session_id"]), UUID(me["device"]["id"]), role, "en")
    return in_transaction(org.world, org, lambda session: read(session, actor, UUID(post_id)))


if __name__ == "__main__":
    main()
