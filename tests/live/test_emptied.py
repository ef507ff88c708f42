"""An event that is emptied before a process reads it does not say which room it changes: the sockets begin anew."""

import pytest
from sqlalchemy import text

from tests.live.apps import App
from tests.product import Product

_EMPTIED = text(
    """
    WITH head AS (
        UPDATE journal_heads SET position = position + 1 WHERE organisation_id = :organisation RETURNING position)
    INSERT INTO journal (organisation_id, position, recorded_at, seq, event_id, type, person_id, subject_id,
        occurred_at, payload, salt, digest, hash)
    SELECT :organisation, position, now(), nextval('journal_seq'), gen_random_uuid(), :type, :person,
        gen_random_uuid(), now(), NULL, '', '', ''
    FROM head
    RETURNING pg_notify('journal', CAST(:organisation AS text))
    """
)


@pytest.mark.parametrize("kind", ["membership.started", "membership.ended"])
def test_whose_scopes_changed_unread_is_asked_to_connect_again(product: Product, kind: str) -> None:
    org = product.world.organisation()
    alice, bob = (App(product.address, org.person(name)) for name in ("Alice", "Bob"))
    alice.until_post(org)
    with org.world.worker.transaction() as session:
        values = {"organisation": org.id, "type": kind, "person": alice.person.id}
        session.execute(_EMPTIED, values)
    told = alice.tells(kind)
    assert (told["data"], "subject_id" in told) == (None, True)
    assert alice.tells("connection.closing") == {"code": "try_again"}
    assert "disconnect" not in bob.kinds_so_far()
    bob.until_post(org)
    alice.close()
    bob.close()
