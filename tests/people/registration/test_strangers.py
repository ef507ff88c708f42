"""Strangers at the door: nothing is told, mailboxes are left in peace, and codes are not guessed."""

from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import ProgrammingError

from people.registration.answering import MOST_MAILS
from people.registration.models import Registration, RegistrationRequest
from people.sign_in.short_codes import TRIES
from tests.stories.messages import waiting
from tests.stories.passwords import joins
from tests.stories.registrations import asks, code_of, confirms, lets_in, mails, worker_looks
from tests.world import PASSWORD, Organisation, Phone, World

MINA = "mina@example.com"


def asked(org: Organisation, path: str, body: dict[str, Any]) -> tuple[Any, list[str]]:
    """What is answered, without what differs each time, and the statements that it took."""
    phone, statements = Phone(org, "Eve"), list[str]()

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = org.world.web.engine
    event.listen(engine, "before_cursor_execute", note)
    answer = phone.request("POST", path, {"device": phone.app, **body})
    event.remove(engine, "before_cursor_execute", note)
    told = answer.get_json(silent=True) or {}
    return (answer.status_code, {n: v for n, v in told.items() if n != "request_id"}), statements


def test_asking_tells_nothing_of_organisations_domains_or_accounts(org: Organisation) -> None:
    lets_in(org, "example.com")
    joins(org, "Mina", MINA)
    known = {"organisation": org.slug, "email": "new@example.com", "name": "Eve"}
    first, *others = (
        asked(org, "/v1/registrations", {**known, **changed})
        for changed in (
            {},
            {"email": MINA},
            {"email": "new@example.org"},
            {"organisation": "no-such-organisation"},
            {"email": "other@sub.example.com"},
        )
    )
    assert first[0] == (202, {})
    assert all(other == first for other in others)
    worker_looks(org)
    assert [(each["to"], each["template"]) for each in waiting(org)] == [
        ("new@example.com", "registration"),
        (MINA, "registration_known"),
    ]


def test_confirming_tells_as_little(org: Organisation) -> None:
    lets_in(org, "example.com")
    asks(Phone(org, "Mina"), MINA)
    joins(org, "Taken", "taken@example.com")
    known = {"organisation": org.slug, "email": MINA, "code": "000000", "password": PASSWORD}
    first, *others = (
        asked(org, "/v1/registrations/confirm", {**known, **changed})
        for changed in (
            {},
            {"email": "taken@example.com"},
            {"email": "nobody@example.com"},
            {"organisation": "no-such-organisation"},
            {"code": code_of(org, MINA)},  # another's phone
        )
    )
    assert first[0][0] == 422
    assert first[0][1]["code"] == "registration_refused"
    assert all(other == first for other in others)


def test_a_code_is_tried_a_few_times(org: Organisation) -> None:
    lets_in(org, "example.com")
    mina = Phone(org, "Mina")
    asks(mina, MINA)
    code = code_of(org, MINA)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(TRIES):
        confirms(mina, MINA, wrong, 422)
    assert confirms(mina, MINA, code, 422)["code"] == "registration_refused"


def test_guesses_are_counted_for_names_that_nobody_has_too(org: Organisation) -> None:
    eve = Phone(org, "Eve")
    for _ in range(10):
        confirms(eve, "nobody@example.com", "000000", 422)
    assert confirms(eve, "nobody@example.com", "000000", 429)["code"] == "too_many_one_time_codes"


def test_a_mailbox_is_left_in_peace(org: Organisation) -> None:
    """Whoever asks, from wherever, and with whatever behind a plus."""
    lets_in(org, "example.com")
    for number in range(MOST_MAILS + 3):
        asks(Phone(org, "Eve"), f"mina+{number}@example.com", address=f"198.51.{number}.7")
    assert len(waiting(org)) == MOST_MAILS


def test_one_who_asks_on_and_on_is_not_heard(org: Organisation) -> None:
    lets_in(org, "example.com")
    for slug in (org.slug, "no-such-organisation"):
        for number in range(3):
            asks(Phone(org, "Eve"), f"mina+{number}@example.com", organisation=slug)
        refusal = asks(Phone(org, "Eve"), MINA, 429, organisation=slug).get_json()
        assert refusal["code"] == "too_many_messages"


def test_what_waits_for_the_worker_is_sealed_and_not_the_webs_to_read(
    world: World, org: Organisation
) -> None:
    phone = Phone(org, "Mina")
    body = {"organisation": org.slug, "email": MINA, "name": "Mina", "device": phone.app}
    phone.post("/v1/registrations", body, 202)
    with world.worker.transaction() as session:
        kept = session.scalars(select(RegistrationRequest.sealed)).all()
    assert kept
    assert not any(MINA in each or org.slug in each for each in kept)
    for statement in ("SELECT * FROM registration_requests", "DELETE FROM registration_requests"):
        with pytest.raises(ProgrammingError), world.web.transaction(org.id) as session:
            session.execute(text(statement))
    worker_looks(org)


def test_no_code_is_kept_and_no_other_organisation_sees_who_registers(
    world: World, org: Organisation
) -> None:
    lets_in(org, "example.com")
    asks(Phone(org, "Mina"), MINA)
    with world.web.transaction(org.id) as session:
        (kept,) = session.scalars(select(Registration)).all()
        assert kept.code_digest is not None
        assert code_of(org, MINA).encode() not in kept.code_digest
    with world.web.transaction(world.organisation().id) as session:
        assert session.scalars(select(Registration)).all() == []


def test_a_code_of_one_organisation_is_none_of_another(world: World, org: Organisation) -> None:
    other = world.organisation()
    for each in (org, other):
        lets_in(each, "example.com")
    mina = Phone(org, "Mina")
    asks(mina, MINA)
    confirms(mina, MINA, code_of(org, MINA), 422, organisation=other.slug)
    assert mails(other, MINA) == []
    confirms(mina, MINA, code_of(org, MINA))
