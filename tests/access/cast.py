"""Everybody who could ask, and what there is to ask for: a site, its zone, and one of everything."""

from dataclasses import dataclass, replace

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from api.app import create_app
from base.database import Database
from tests.stories.checkins import marker
from tests.stories.roles import gives, officer
from tests.stories.services import service
from tests.stories.things import things
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone, World

Askers = dict[str, Phone | None]


class UndoneDatabase(Database):
    """Every transaction is undone at its end: each question is asked of the same things, whatever was done before."""

    def _commit(self, session: Session) -> None:
        session.flush()
        session.rollback()


@dataclass(frozen=True)
class Cast:
    """What is there, and by their roles those who ask."""

    app: Flask
    known: dict[str, str]
    askers: Askers

    def answer(self, role: str, method: str, path: str, body: object) -> TestResponse:
        """What somebody is answered, after which all is as before."""
        headers = {"If-Match": "*"}
        if (phone := self.askers[role]) is not None:
            headers["Authorization"] = f"Bearer {phone.tokens['access_token']}"
        return self.app.test_client().open(path, method=method, json=body, headers=headers)


def cast_of(world: World) -> Cast:
    """Make everybody, and everything. What is asked is asked of an application of its own, without limits of pace."""
    org = world.organisation()
    site = org.site(admission="assigned")
    zone = org.zone(site, admission="assigned")
    member = org.person("Mel", scopes=[site, zone])
    known = things(org, member, site, zone)
    askers = _askers(org, member, site)
    world.relays()
    app = create_app(replace(world.settings, pace=0), UndoneDatabase(world.web.engine))
    return Cast(app, known, askers)


def _askers(org: Organisation, member: Phone, site: str) -> Askers:
    harbour = org.site("Harbour", at=(127.1, 37.5), admission="assigned")
    ended = org.person("Emil", scopes=[site])
    org.admin.delete(f"/v1/admin/people/{ended.id}")
    return {
        "nobody": None,
        "visitor": _visitor(org, site),
        "elsewhere": org.person("Ella", scopes=[harbour]),
        "member": member,
        "moderator": _moderator(org, site),
        "manager": _manager(org, site),
        "compliance": officer(org),
        "administrator": org.admin,
        "other": org.world.organisation("Other").admin,
        "ended": ended,
        "service": service(org, "scope:posts:read", scopes=[site]),
    }


def _visitor(org: Organisation, site: str) -> Phone:
    shown = marker(org, site, admits_visitors_hours=8)
    return comes_as_visitor(org, org.admin.get(f"/v1/admin/markers/{shown}/code")["code"])


def _moderator(org: Organisation, site: str) -> Phone:
    phone = org.person("Mona")
    gives(org.admin, phone, "moderator", site)
    return phone


def _manager(org: Organisation, site: str) -> Phone:
    phone = org.person("Sam")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{phone.id}", {"role": "manager"})
    return phone
