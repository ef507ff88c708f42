"""Making invitations: what goes together, who may, and what is seen of them afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from people.invitations.listing import forget_old_invitations
from people.models import Invitation
from tests.stories.invitations import invites, is_refused, redeems
from tests.stories.passwords import joins
from tests.stories.scopes import manager
from tests.world import Organisation, World

MINA = "mina@example.com"


def test_ada_sees_what_became_of_her_invitations(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    opened, used, revoked, expired = (invites(org.admin, uses=1, days=days) for days in (14, 14, 14, 1))
    redeems(org, used["code"], email=MINA, name="Mina")
    org.admin.delete(f"/v1/admin/invitations/{revoked['id']}")
    later(timedelta(days=1))
    items = org.admin.get("/v1/admin/invitations")["items"]
    assert [item["id"] for item in items] == [each["id"] for each in (expired, revoked, used, opened)]
    assert [item["state"] for item in items] == ["expired", "revoked", "used_up", "open"]
    assert [item["used"] for item in items] == [0, 0, 1, 0]
    assert {item["code"] for item in items} == {None}
    assert org.admin.get(f"/v1/admin/invitations/{used['id']}")["uses_left"] == 0


def test_the_list_comes_in_pages(org: Organisation) -> None:
    made = [invites(org.admin)["id"] for _ in range(5)]
    seen, cursor = list[str](), ""
    while True:
        page = org.admin.get(f"/v1/admin/invitations?limit=2{cursor}")
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == made[::-1]


def test_a_code_that_was_taken_back_lets_nobody_in_and_who_came_stays(org: Organisation) -> None:
    made = invites(org.admin, uses=2)
    mina = redeems(org, made["code"], email=MINA, name="Mina")
    for _ in range(2):
        org.admin.delete(f"/v1/admin/invitations/{made['id']}")
    assert is_refused(org, made["code"], email="other@example.com", name="Other") == "invitation_refused"
    mina.get("/v1/me")


def test_managers_see_and_take_back_their_own_alone(org: Organisation) -> None:
    site = org.site()
    mia = manager(org, "Mia", site)
    hers, theirs = invites(mia, scope_ids=[site], stay_hours=2), invites(org.admin)
    assert [item["id"] for item in mia.get("/v1/admin/invitations")["items"]] == [hers["id"]]
    mia.get(f"/v1/admin/invitations/{theirs['id']}", 404)
    mia.delete(f"/v1/admin/invitations/{theirs['id']}", 404)
    mia.delete(f"/v1/admin/invitations/{hers['id']}")
    alice = org.person("Alice")
    for path in ("", f"/{theirs['id']}"):
        alice.get(f"/v1/admin/invitations{path}", 403)
    alice.delete(f"/v1/admin/invitations/{theirs['id']}", 403)
    assert org.admin.get(f"/v1/admin/invitations/{theirs['id']}")["state"] == "open"


def test_another_organisations_invitations_are_not_there(world: World, org: Organisation) -> None:
    made, other = invites(org.admin), world.organisation()
    assert other.admin.get("/v1/admin/invitations")["items"] == []
    missing = other.admin.get(f"/v1/admin/invitations/{made['id']}", 404)
    other.admin.delete(f"/v1/admin/invitations/{made['id']}", 404)
    absent = other.admin.get(f"/v1/admin/invitations/{other.id}", 404)
    assert missing | {"request_id": ""} == absent | {"request_id": ""}


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"identifier": MINA, "uses": 2}, "/uses"),
        ({"identifier": "mina"}, "/identifier"),
        ({"identifier": "010-12"}, "/identifier"),
        ({"send_to": "nobody at home"}, "/send_to"),
        ({"role": "organisation_administrator", "stay_hours": 2}, "/stay_hours"),
        ({"scope_ids": ["00000000-0000-0000-0000-000000000000"]}, "/scope_ids/0"),
        ({"stay_hours": 2, "roles": [{"role": "moderator"}]}, "/roles"),
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_made(
    org: Organisation, wanted: dict[str, object], pointer: str
) -> None:
    assert invites(org.admin, 422, **wanted)["errors"][0]["pointer"] == pointer
    assert org.admin.get("/v1/admin/invitations")["items"] == []


def test_a_picture_is_drawn_where_it_is_asked_for(org: Organisation) -> None:
    assert invites(org.admin)["qr"] is None
    drawn = invites(org.admin, qr=True, name="<Mina & Co>")["qr"]
    assert drawn.startswith("<svg")
    assert "&lt;Mina &amp; Co&gt;" in drawn


def test_what_is_over_for_a_season_is_forgotten(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    invites(org.admin, days=1)
    later(timedelta(days=90))
    assert left(org) == 1
    later(timedelta(days=1))
    assert left(org) == 0


def left(org: Organisation) -> int:
    """How many invitations there are when the worker has forgotten the rest."""
    with org.world.worker.transaction() as session:
        forget_old_invitations(session)
        mine = select(func.count()).select_from(Invitation).where(Invitation.organisation_id == org.id)
        return session.scalar(mine) or 0


def test_ones_address_is_not_invited_into_somebody_elses_account(org: Organisation) -> None:
    joins(org, "Mina", MINA)
    made = invites(org.admin, identifier=MINA)
    assert is_refused(org, made["code"], 409, name="Eve") == "email_taken"
    assert org.admin.get(f"/v1/admin/invitations/{made['id']}")["uses_left"] == 1
