"""Planted secrets, the real processes and a failing FCM: what a scope keeps to itself is found nowhere else."""

import json
from typing import Any

from sqlalchemy import text

from tests.product import Product
from tests.stories.musters import calls
from tests.stories.notices import alerts
from tests.stories.pushes import reachable_at
from tests.stories.scopes import lets_out
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone

# Words of posts and roll calls in scopes that let none out; names where not even these are let out.
WORDS = (
    "SECRETpost",
    "SECRETedit",
    "SECREToldedit",
    "SECRETdeleted",
    "SECRETnamed",
    "SECRETroll",
    "SECRETdirect",
)
NAMES = ("SECRETward", "SECRETyard")
FAILURES: tuple[dict[str, Any], ...] = (
    {"status": 400, "error_code": "INVALID_ARGUMENT", "times": 1},
    {"status": 500, "error_code": "INTERNAL", "times": 1},
    {"status": 404, "error_code": "UNREGISTERED"},
)


def says(author: Phone, org: Organisation, scope: str, named: Phone) -> None:
    """Every way of saying something, in a scope that lets no words out."""
    author.posts(scope, "SECRETpost")
    author.posts(scope, "SECRETnamed", mentions=[named.id])
    edited = author.posts(scope, "SECREToldedit")
    author.patch(f"/v1/posts/{edited['id']}", {"text": "SECRETedit"})
    deleted = author.posts(scope, "SECRETdeleted")
    author.delete(f"/v1/posts/{deleted['id']}")
    alerts(org.admin, scope, "SECRETpost")


def kept(product: Product, org: Organisation) -> str:
    """All rows of push, as text."""
    rows: list[str] = []
    with product.world.worker.transaction() as session:
        for table in ("notifications", "deliveries"):
            whole = text(f"SELECT CAST(t AS text) FROM {table} t WHERE organisation_id = :org")  # noqa: S608
            rows += session.scalars(whole, {"org": org.id}).all()
    return "\n".join(rows)


def test_planted_secrets_are_found_nowhere(product: Product) -> None:
    org = product.world.organisation()
    org.admin.put("/v1/admin/privacy", {"push_content": "full"})
    site = org.site("Depot", admission="assigned")
    ward = org.zone(site, "SECRETward", admission="assigned")
    yard = org.zone(site, "SECRETyard", admission="assigned")
    lets_out(org, ward, "id")
    lets_out(org, yard, "id")
    lets_out(org, site, "place")
    author, _ = reachable_at(org, "SECRETauthor", site)
    phones = [reachable_at(org, name, site) for name in ("Bob", "Mina", "Jonas", "Sora")]
    bob, bobs = phones[0]
    for phone in (author, *(phone for phone, _ in phones)):
        for zone in (ward, yard):
            org.admin.put(f"/v1/admin/scopes/{zone}/memberships/{phone.id}", {"role": "member"})
    product.behave(**{address: way for (_, address), way in zip(phones[1:], FAILURES, strict=True)})
    direct = author.post("/v1/direct-conversations", {"person_ids": [bob.id]}, 201)["scope"]["id"]
    with product.world.worker.transaction() as session:
        session.execute(text("UPDATE scopes SET push_content = 'id' WHERE id = :id"), {"id": direct})
    for scope in (site, ward, yard):
        says(author, org, scope, bob)
    author.posts(direct, "SECRETdirect")
    is_seen(org, bob, ward)
    calls(org.admin, ward, message="SECRETroll")
    open_one = org.admin.posts(str(org.id), "OPENwords")
    messages = product.pushed(bobs, count=15)
    pushed = json.dumps(messages)
    assert "OPENwords" in pushed, "what is let out comes"
    assert open_one["id"] in pushed
    assert {message["data"]["why"] for message in messages} >= {"alert", "mention", "direct", "muster"}
    everywhere = {"rows": kept(product, org), "pushes": pushed}
    everywhere |= {log.name: log.read_text(errors="replace") for log in product.folder.glob("*.log")}
    secrets = (*WORDS, *NAMES, "SECRETauthor")
    found = {(where, secret) for where, there in everywhere.items() for secret in secrets if secret in there}
    assert found == set()
