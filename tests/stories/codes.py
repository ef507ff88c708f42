"""People who come in by a code that is sent to them, and who verify where they are reached."""

from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from base import clock
from people.accounts.identifiers import add, parse_in
from people.models import Person
from people.sign_in.asked_codes import answer_asked
from people.sign_in.short_codes import CodeKeys
from tests.stories.messages import sealer_of, waiting
from tests.world import Organisation, Phone, World

HOME = "198.51.100.7"


def has(
    org: Organisation, person: Phone, value: str, *, verified: bool = True, kind: str | None = None
) -> str:
    """Somebody signs in with this, too, and has perhaps shown that it reaches them; returns the identifier's id."""
    person_id = UUID(person.id)
    with org.world.worker.transaction() as session:
        form = parse_in(session, org.id, kind or ("email" if "@" in value else "phone"), value)
        identifier = add(session, session.get_one(Person, person_id), form)
        identifier.verified_at = clock.now() if verified else None
        return str(identifier.id)


def keys_of(world: World) -> CodeKeys:
    """The installation's."""
    return CodeKeys(world.settings.secret_key, world.settings.former_secret_key)


def asks_for_code(
    phone: Phone, identifier: str, address: str = HOME, slug: str | None = None
) -> TestResponse:
    """Somebody asks on a phone, from a network address."""
    body = {"organisation": slug or phone.organisation.slug, "identifier": identifier, "device": phone.app}
    return _posts(phone, "/v1/sessions/codes", body, address)


def worker_answers(org: Organisation) -> None:
    """The worker looks at all who have asked."""
    while answer_asked(org.world.worker, sealer_of(org), keys_of(org.world)):
        pass


def codes_sent(org: Organisation, to: str) -> list[str]:
    """The codes that wait to be sent to an address, the newest last."""
    worker_answers(org)
    return [message["values"]["code"] for message in waiting(org) if message["to"] == to]


def gets_code(phone: Phone, identifier: str, address: str = HOME) -> str:
    """Somebody asks, and reads the code."""
    answer = asks_for_code(phone, identifier, address)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    return codes_sent(phone.organisation, identifier)[-1]


def tries_code(phone: Phone, identifier: str, code: str, address: str = HOME, **changed: Any) -> TestResponse:
    """Somebody types a code on a phone."""
    body = {"organisation": phone.organisation.slug, "identifier": identifier, "code": code}
    return _posts(phone, "/v1/sessions/by-code", {**body, "device": phone.app, **changed}, address)


def comes_in(phone: Phone, identifier: str, code: str, address: str = HOME) -> None:
    """The same, and keeps the session."""
    answer = tries_code(phone, identifier, code, address)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    phone.keeps(answer.get_json())


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def _posts(phone: Phone, path: str, body: dict[str, Any], address: str) -> TestResponse:
    client = phone.organisation.world.app.test_client()
    return client.post(path, json=body, environ_base={"REMOTE_ADDR": address})
