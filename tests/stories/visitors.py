"""Strangers who come in by a code at the gate."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from base import clock
from tests.world import Organisation, Phone

_ACCOUNTS = """
    WITH made AS (
        INSERT INTO persons (id, organisation_id, email, name, role)
        SELECT gen_random_uuid(), :org, gen_random_uuid() || '@visitors.invalid', 'Ghost', 'visitor'
        FROM generate_series(1, :count) n RETURNING id),
    opened AS (
        INSERT INTO gate_accounts
            (person_id, organisation_id, marker_id, turn, installation_id, address, opened_at, in_burst)
        SELECT id, :org, :gate, :turn, coalesce(:installation, id::text), CAST(:address AS inet), :at, :in_burst
        FROM made RETURNING person_id)
    INSERT INTO visits (id, organisation_id, person_id, place_id, source, entered_at)
    SELECT gen_random_uuid(), :org, person_id, :place, 'qr', :at FROM opened WHERE CAST(:place AS uuid) IS NOT NULL
"""


def comes_as_visitor(org: Organisation, shown: str, status: int = 201) -> Phone:
    """Vera scans a code without an account, and has one for as long as the door says."""
    phone = Phone(org, "Vera")
    body = {"code": shown, "name": "Vera", "locale": "ko", "device": phone.app}
    answer = phone.post("/v1/visitors", body, status)
    phone.keeps(answer if status == 201 else {})
    return phone


def stranger(
    org: Organisation,
    shown: str,
    *,
    phone: Phone | None = None,
    address: str = "127.0.0.1",
    status: int = 201,
    name: str = "Vera",
) -> Phone:
    """Somebody scans a code on a phone, a new one unless it is named, behind an address."""
    known = phone or Phone(org, name)
    phone = Phone(org, name)
    phone.app = known.app
    client = org.world.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    answer = client.post("/v1/visitors", json={"code": shown, "name": name, "device": phone.app})
    assert answer.status_code == status, answer.get_data(as_text=True)
    phone.keeps(answer.get_json() if status == 201 else {})
    return phone


def ghosts(org: Organisation, gate: str, count: int, **said: Any) -> None:
    """So many accounts were opened with the first turn of a gate's code, in the last minute if nothing else is said."""
    ordinary = {"address": None, "turn": 1, "installation": None, "place": None, "in_burst": False, "ago": 60}
    values = {**ordinary, **said, "org": org.id, "gate": gate, "count": count}
    values["at"] = clock.now() - timedelta(seconds=values.pop("ago"))
    with org.world.worker.transaction() as session:
        session.execute(text(_ACCOUNTS), values)
