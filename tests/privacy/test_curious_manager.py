"""Where numbers alone are shown, a manager who asks everything, and does everything, does not learn who is there.

The same story happens in two worlds. In one the target comes, in the other somebody else does, or nobody; all that the
manager, the administrator and a colleague who belongs there are answered has to be the same.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.privacy.curious import Notebook, differences
from tests.privacy.town import Town
from tests.stories.acknowledgements import acknowledges
from tests.stories.notices import alerts, announces
from tests.stories.reads import reads_up_to
from tests.stories.reminding import round_of
from tests.world import Phone, World, square

CROWD = ("Ann", "Ben", "Cem", "Dea", "Eli", "Fay")
PUPPETS = ("Pia", "Pim", "Pol", "Pat")

Whoever = Callable[[Phone, Phone], list[Phone]]


def target(tom: Phone, _: Phone) -> list[Phone]:
    return [tom]


def double(_: Phone, dan: Phone) -> list[Phone]:
    return [dan]


def nobody(*_: Phone) -> list[Phone]:
    return []


@pytest.mark.parametrize(
    ("crowd", "somebody", "instead"),
    [(3, target, nobody), (6, target, double)],
    ids=["among few", "as one of many"],
)
def test_nothing_that_is_answered_depends_on_whether_the_target_is_there(
    world: World, crowd: int, somebody: Whoever, instead: Whoever
) -> None:
    seen, otherwise = story(world, CROWD[:crowd], somebody), story(world, CROWD[:crowd], instead)
    assert differences(seen, otherwise) == []


def story(world: World, crowd: tuple[str, ...], who: Whoever) -> list[str]:
    """What the curious have read at the end."""
    town = Town(world)
    tom, dan = town.knows("Tom", "Dan")
    others, puppets = town.knows(*crowd), town.knows(*PUPPETS)
    town.come(*others)
    town.passes(hours=1)
    plot = Plot(town, tom)
    plot.glances("before")
    there = who(tom, dan)
    town.come(*there)
    plot.glances("somebody came")
    said = plot.says("while they were there")
    for phone in there:
        for post in said:
            reads_up_to(phone, post)
        acknowledges(phone, said[-1])
    plot.looks("read and acknowledged")
    town.passes(minutes=15)
    plot.looks("a window later")
    plot.speaks_for(*puppets, tom)
    town.passes(minutes=15)
    plot.looks("a window after that")
    plot.takes_back(tom, *puppets)
    town.passes(minutes=15)
    plot.redraws()
    plot.promises_less_and_more()
    plot.belongs(tom)
    plot.asks_more_and_less()
    town.leave(*there)
    plot.glances("somebody left")
    town.passes(hours=1)
    plot.looks("in the end")
    return plot.notebook.lines


class Plot:
    """What a manager does to find out about somebody, and writes down of it."""

    said: tuple[dict[str, Any], ...] = ()

    def __init__(self, town: Town, about: Phone) -> None:
        self.town = town
        people = {name: phone.id for name, phone in town.people.items()}
        names = {"site": town.site, "zone": town.zone, "org": str(town.org.id), "slug": town.org.slug}
        self.notebook = Notebook(people | names)
        self.ids = town.ids(about, post_id=alerts(town.mo, town.site, "first")["id"])

    def looks(self, at: str) -> None:
        """The manager, the administrator and a colleague look at everything."""
        for phone in (self.town.mo, self.town.org.admin, self.town.carol):
            self.notebook.looks(phone, at, self.ids)
            for post in self.said:
                self.notebook.looks_at_post(phone, at, post)
            self.notebook.hears(phone, at)

    def glances(self, at: str) -> None:
        """The manager looks at what tells most."""
        for post in self.said or ({"id": self.ids["post_id"]},):
            self.notebook.glances(self.town.mo, at, self.ids | {"post_id": post["id"]})

    def says(self, text: str) -> list[dict[str, Any]]:
        """Words that people read, acknowledge and are woken by."""
        town = self.town
        post = town.carol.posts(town.site, text)
        notice = announces(town.mo, town.site, text, asks_acknowledgement=True)
        alert = alerts(town.mo, town.site, text, mentions=[self.ids["person_id"]])
        self.said = (post, notice, alert)
        town.world.relays()
        return [post, notice, alert]

    def does(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One act, and what the manager sees of it at once."""
        town = self.town
        answer = self.notebook.asks(town.mo, method, path, "act", body, **headers)
        self.notebook.glances(town.mo, "after it", self.ids | {"post_id": self.said[-1]["id"]})
        return answer

    def speaks_for(self, *phones: Phone) -> None:
        """Check them in by hand, one by one."""
        for phone in phones:
            self.does("POST", f"/v1/admin/places/{self.town.zone}/visits", {"person_id": phone.id})

    def takes_back(self, *phones: Phone) -> None:
        """Check them out by hand."""
        for phone in phones:
            for place in (self.town.zone, self.town.site):
                self.does("DELETE", f"/v1/admin/places/{place}/visits/{phone.id}")

    def redraws(self) -> None:
        """Limits, floors, a zone around one desk, another way in."""
        town = self.town
        desk = {"type": "Feature", "geometry": square(127.0, 37.5, 0.00005), "properties": {"name": "Desk"}}
        self.does("POST", f"/v1/admin/sites/{town.site}/zones", desk)
        for changes in ({"occupancy_limit": 5}, {"occupancy_limit": 6}, {"floor_low": 1, "floor_high": 2}):
            self.edits(town.zone, "zones", changes)
        self.edits(town.site, "sites", {"occupancy_limit": 6})
        self.edits(town.site, "sites", {"admission": "assigned"})
        names = {"text": "you?", "mentions": [self.ids["person_id"]]}
        self.does("POST", f"/v1/scopes/{town.site}/posts", names)
        self.edits(town.site, "sites", {"admission": "present"})
        self.glances("redrawn")

    def asks_more_and_less(self) -> None:
        """Better evidence than a scan, other ways in while an alert goes on, and a zone less."""
        town, alert = self.town, self.said[2]
        for changes in (
            {"presence_grade": 3},
            {"presence_grade": 1},
            {"admission": "open"},
            {"admission": "assigned"},
        ):
            self.edits(town.site, "sites", changes)
            round_of(town.world, alert)
            self.glances("other ways in")
        self.edits(town.site, "sites", {"admission": "present"})
        self.does("DELETE", f"/v1/admin/zones/{town.zone}", If_Match="*")
        self.glances("a zone less")

    def edits(self, place: str, kind: str, properties: dict[str, Any]) -> None:
        """Change a place's rules."""
        body = {"type": "Feature", "properties": properties}
        self.does("PATCH", f"/v1/admin/{kind}/{place}", body, If_Match="*")

    def promises_less_and_more(self) -> None:
        """Names for a moment, and numbers alone again."""
        path = f"/v1/admin/sites/{self.town.site}/charter"
        less = {"purpose": "To look for a moment.", "aggregate_only": False, "smallest_group": 5}
        for promise in (less, less | {"smallest_group": 9}, less):
            self.does("PUT", path, promise)
            self.glances("promised less")
        self.does("PUT", path, less | {"aggregate_only": True})

    def belongs(self, phone: Phone) -> None:
        """Let somebody belong for a moment, and see what they had done."""
        path = f"/v1/admin/scopes/{self.town.site}/memberships/{phone.id}"
        self.does("PUT", path, {"role": "member"})
        self.glances("belongs")
        self.does("DELETE", path)
        notice = self.said[1]
        self.does("PATCH", f"/v1/posts/{notice['id']}", {"text": "other words"})
