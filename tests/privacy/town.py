"""A site that shows numbers alone, its people, and time that passes there."""

from datetime import timedelta

from geo.presence.occupancy import tell_windows
from geo.stays.admission import end_expired_memberships
from social.reminding import remind_the_silent
from tests.stories.charters import promises
from tests.stories.checkins import code, marker, scans
from tests.stories.pushes import followed, plans, reachable
from tests.stories.scopes import manager
from tests.world import Organisation, Phone, World

_PASSING = {
    "visits": ("entered_at", "left_at", "ended_at"),
    "evidence": ("since", "last_at", "ended_at"),
    "memberships": ("started_at", "ends_at", "ended_at"),
    "boundary_versions": ("valid_from",),
    "told_counts": ("at",),
    "posts": ("created_at", "reminded_at", "valid_until"),
    "acknowledgements": ("acknowledged_at",),
    "read_positions": ("read_at",),
    "deliveries": ("created_at",),
    "charters": ("loosened_at",),
}


class Town:
    """The site, its gate's code, who runs it, who belongs to it, and strangers to it."""

    def __init__(self, world: World, *, aggregate_only: bool = True) -> None:
        self.world = world
        self.org: Organisation = followed(world)
        self.site = self.org.site(admission="present")
        self.zone = self.org.zone(self.site, admission="present")
        promises(self.org, self.site, aggregate_only=aggregate_only)
        self.org.admin.patch(f"/v1/admin/scopes/{self.site}", {"read_receipts": True})
        self.mo = manager(self.org, "Mo", self.site)
        self.carol = self.org.person("Carol", scopes=[self.site])
        self.shown = code(self.org, marker(self.org, self.zone))
        self.people: dict[str, Phone] = {}

    def knows(self, *names: str) -> list[Phone]:
        """Colleagues of the organisation, with phones that can be woken."""
        self.people |= {name: reachable(self.org, name) for name in names}
        return [self.people[name] for name in names]

    def come(self, *phones: Phone) -> None:
        """They scan the code in the zone."""
        for phone in phones:
            scans(phone, self.shown)

    def leave(self, *phones: Phone) -> None:
        """They say that they have left."""
        for phone in phones:
            phone.post("/v1/me/check-outs", {"place_id": self.site})

    def passes(self, **time: float) -> None:
        """Time passes: all that is there is older, and what happens by itself has happened."""
        with self.world.owner() as connection:
            for table, moments in _PASSING.items():
                older = ", ".join(f"{moment} = {moment} - %(by)s" for moment in moments)
                connection.exec_driver_sql(
                    f"UPDATE {table} SET {older} WHERE organisation_id = %(org)s",  # noqa: S608
                    {"by": timedelta(**time), "org": self.org.id},
                )
        with self.world.worker.transaction() as session:
            tell_windows(session)
            end_expired_memberships(session)
            remind_the_silent(session)
        self.world.relays()
        plans(self.world)

    def ids(self, person: Phone, **others: str) -> dict[str, str]:
        """What the paths of routes ask for."""
        return {
            "site_id": self.site,
            "place_id": self.site,
            "zone_id": self.zone,
            "scope_id": self.site,
            "person_id": person.id,
            "muster_id": self.site,
            "marker_id": self.site,
            "role_id": self.site,
            "grant_id": self.site,
            "invitation_id": self.site,
            "registration_id": self.site,
            "identifier_id": self.site,
            "session_id": self.site,
            "passkey_id": self.site,
            "shared_device_id": self.site,
            "service_id": self.site,
            "notification_id": self.site,
            "delivery_id": self.site,
            "conversation_id": self.site,
            "kind": "presence",
            **others,
        }

    def counts(self) -> dict[str, int | None]:
        """The numbers that the site's manager is told now: of the site and of the zone."""
        now = self.mo.get(f"/v1/admin/sites/{self.site}/occupancy")["now"]
        names = {self.site: "site", self.zone: "zone"}
        return {names.get(place["place_id"], place["place_name"]): place["count"] for place in now}
