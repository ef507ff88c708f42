"""The demonstration organisation of `make run`: made once, kept afterwards. Prints its accounts as JSON."""

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.database import enter_organisation
from geo.lookup.forms import Drawn, draw
from geo.places.places import PlaceDraft, create_place
from jobs.process import database_of_command
from people.accounts.identifiers import live_of, verify
from people.accounts.organisations import create_organisation
from people.accounts.persons import add_person
from people.actor import Actor
from people.models import Organisation
from people.registration.rules import set_rules
from people.scopes.memberships import assign
from people.sign_in.passwords import hash_password

SLUG, PASSWORD = "demo", "hereabouts demo"
_MEMBERS = (
    ("mina@demo.example", "Mina", "ko"),
    ("jonas@demo.example", "Jonas", "en"),
    ("sora@demo.example", "Sora", "ko"),
)
_MANAGER = ("hanna@demo.example", "Hanna", "en")
_DEPOT = ((126.9000, 37.5500), (126.9040, 37.5500), (126.9040, 37.5530), (126.9000, 37.5530))
_GATE = ((126.9000, 37.5510), (126.9008, 37.5510), (126.9008, 37.5518), (126.9000, 37.5518))


def make_demonstration(session: Session, password_hash: str) -> None:
    """An administrator, a site manager, three members, one site with a zone."""
    if session.scalar(select(Organisation.id).where(Organisation.slug == SLUG)) is not None:
        return
    organisation_id, admin_id = create_organisation(
        session,
        SLUG,
        "Demonstration",
        email="admin@demo.example",
        administrator="Ada",
        password_hash=password_hash,
    )
    enter_organisation(session, organisation_id)
    set_rules(session, organisation_id, ["demo.example"], approval=False)
    actor = Actor(admin_id, organisation_id, admin_id, admin_id, "organisation_administrator", "en")
    site, _ = create_place(
        session, actor, PlaceDraft("site", "Mapo depot", _boundary(_DEPOT), timezone="Asia/Seoul")
    )
    create_place(
        session, actor, PlaceDraft("zone", "West gate", _boundary(_GATE), site_id=site.id, grace_seconds=60)
    )
    for email, name, locale in (_MANAGER, *_MEMBERS):
        person = add_person(
            session,
            organisation_id,
            email=email,
            name=name,
            password_hash=password_hash,
            locale=locale,
            timezone="Asia/Seoul",
        )
        if (email, name, locale) == _MANAGER:
            assign(session, site.id, person.id, "manager", admin_id)
        for identifier in live_of(session, person.id):  # so that codes to sign in with come into the mailbox
            verify(session, identifier)


def accounts() -> dict[str, Any]:
    """What a visitor needs to sign in."""
    emails = ["admin@demo.example", _MANAGER[0], *(email for email, _, _ in _MEMBERS)]
    return {"organisation": SLUG, "password": PASSWORD, "emails": emails}


def _boundary(corners: tuple[tuple[float, float], ...]) -> Drawn:
    ring = [list(corner) for corner in (*corners, corners[0])]
    return draw({"type": "Polygon", "coordinates": [ring]})


def main() -> None:
    """Make it if it is not there, and print the accounts."""
    database = database_of_command()
    hashed = hash_password(PASSWORD)
    with database.transaction() as session:
        make_demonstration(session, hashed)
    print(json.dumps(accounts()))


if __name__ == "__main__":
    main()
