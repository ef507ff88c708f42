"""Many people with one phone each, written straight into the tables, and what the stand-in got for them."""

from typing import Any

import requests
from sqlalchemy import text

from tests.product import Product
from tests.world import Organisation

_PEOPLE = """
WITH people AS (
    INSERT INTO persons (id, organisation_id, email, name)
    SELECT gen_random_uuid(), '{org}', '{prefix}-' || n || '@example.com', '{prefix} ' || n
    FROM generate_series(1, {count}) n RETURNING id, name
), phones AS (
    INSERT INTO devices (id, organisation_id, person_id, installation_id, platform, push_address,
        push_address_kind, push_address_at, last_seen_at)
    SELECT gen_random_uuid(), '{org}', id, id::text, 'android', replace(name, ' ', '-') || '-{org}', 'token', now(),
        now() - interval '{silent_days} days' - interval '5 minutes'
    FROM people RETURNING id, person_id
)
INSERT INTO sessions (id, organisation_id, person_id, device_id, expires_at, ended_at)
SELECT gen_random_uuid(), '{org}', person_id, id, now() + interval '30 days', {ended_at} FROM phones
"""


def add_people(
    product: Product,
    org: Organisation,
    prefix: str,
    count: int,
    *,
    silent_days: int = 0,
    signed_out: bool = False,
) -> list[str]:
    """New people of an organisation, who follow its own scope; returns the addresses of their phones.

    They are not connected: who is has a head start before a push.
    """
    ended_at = "now()" if signed_out else "NULL"
    values = {"org": org.id, "prefix": prefix, "count": count, "silent_days": silent_days}
    with product.world.worker.transaction() as session:
        session.execute(text(_PEOPLE.format(**values, ended_at=ended_at)))
    return [f"{prefix}-{number}-{org.id}" for number in range(1, count + 1)]


def analyse(product: Product) -> None:
    """Tell PostgreSQL how the tables look, as it finds out by itself in a life longer than a benchmark's."""
    with product.world.owner() as connection:
        connection.execute(text("ANALYZE persons, devices, sessions, memberships, scopes"))


def set_faults(product: Product, **faults: Any) -> None:
    """Make the stand-in fail, by shares (push/standin/mailbox.py)."""
    requests.post(f"{product.standin}/standin/faults", json=faults, timeout=10).raise_for_status()


def counts(product: Product) -> dict[str, Any]:
    """The stand-in's own counts."""
    return requests.get(f"{product.standin}/standin", timeout=30).json()


def messages(product: Product) -> list[dict[str, Any]]:
    """Everything that the stand-in accepted."""
    return requests.get(f"{product.standin}/standin/messages", timeout=120).json()["messages"]


def statuses(product: Product) -> dict[str, int]:
    """How many deliveries are in each state."""
    with product.world.worker.transaction() as session:
        rows = session.execute(text("SELECT status, count(*) FROM deliveries GROUP BY status"))
        return {row[0]: row[1] for row in rows}
