"""What was right when it was looked at, and is no longer when it is acted upon."""

from typing import Any

import pytest

from people.accounts.addresses import change_own_address
from people.accounts.own_password import PasswordRefused, change_password, prove, prove_and_hash
from people.accounts.resets import ResetRefused, prove_code, redeem_code
from people.invitations.redeeming import InvitationRefused, accept, prove_invitation
from people.sign_in import signing_in
from people.sign_in.signing_in import SignInRefused, sign_in
from people.sign_in.tokens import TokenMaker
from tests.stories.actors import actor_of
from tests.stories.passwords import NEW, can_sign_in, changes_password, redeems, reset_code
from tests.world import PASSWORD, Organisation, Phone, World

ALICE, HOME = "alice@example.com", "198.51.100.7"


def proof_of(world: World, org: Organisation, phone: Phone) -> signing_in.Proof:
    return signing_in.prove(
        world.web,
        organisation=org.slug,
        identifier=ALICE,
        password=PASSWORD,
        installation=phone.app["installation_id"],
        address=HOME,
    )


def test_a_password_that_changed_while_it_was_checked_lets_nobody_in(world: World, org: Organisation) -> None:
    alice, eve = org.person("Alice"), Phone(org, "Eve")
    proof = proof_of(world, org, eve)
    changes_password(alice, PASSWORD, NEW)
    maker = TokenMaker("s" * 32, 900)
    with pytest.raises(SignInRefused), world.web.transaction() as session:
        sign_in(session, maker, 3_600, proof, eve.app, HOME)


def test_nor_does_one_of_an_account_that_was_closed(world: World, org: Organisation) -> None:
    alice, eve = org.person("Alice"), Phone(org, "Eve")
    proof = proof_of(world, org, eve)
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    with pytest.raises(SignInRefused), world.web.transaction() as session:
        sign_in(session, TokenMaker("s" * 32, 900), 3_600, proof, eve.app, HOME)


def test_of_two_who_change_it_at_once_the_second_is_refused(world: World, org: Organisation) -> None:
    actor = actor_of(org.person("Alice"))
    proof, first = prove_and_hash(world.web, actor, PASSWORD, NEW)
    _, second = prove_and_hash(world.web, actor, PASSWORD, "another stable for mice")
    with world.web.transaction(org.id) as session:
        change_password(session, actor, proof=proof, new_hash=first)
    with pytest.raises(PasswordRefused), world.web.transaction(org.id) as session:
        change_password(session, actor, proof=proof, new_hash=second)
    assert can_sign_in(org, ALICE, NEW)


def test_an_address_is_not_changed_with_the_former_password(world: World, org: Organisation) -> None:
    alice = org.person("Alice")
    actor = actor_of(alice)
    proof = prove(world.web, actor, PASSWORD)
    changes_password(alice, PASSWORD, NEW)
    with pytest.raises(PasswordRefused), world.web.transaction(org.id) as session:
        change_own_address(session, actor, email="mina@example.com", proof=proof)


def test_a_code_that_is_redeemed_twice_at_once_is_good_once(world: World, org: Organisation) -> None:
    code = reset_code(org.admin, org.person("Alice").id)
    given: dict[str, Any] = {"organisation": org.slug, "identifier": ALICE, "code": code, "address": HOME}
    redemption = prove_code(world.web, **given, new_password="another stable for mice")
    redeems(org, ALICE, code)
    with pytest.raises(ResetRefused), world.web.transaction() as session:
        redeem_code(session, redemption)
    assert can_sign_in(org, ALICE, NEW)


def test_so_is_an_invitation_for_one(world: World, org: Organisation) -> None:
    code = org.admin.post("/v1/admin/invitations", {"uses": 1}, 201)["code"]
    names, more = ("Ann", "Bo"), {"locale": "en", "timezone": "UTC"}
    accounts = [{"identifier": f"{name}@example.com", "name": name, **more} for name in names]
    first, second = (prove_invitation(world.web, code, account, PASSWORD, HOME) for account in accounts)
    with world.web.transaction() as session:
        accept(session, first, accounts[0])
    with pytest.raises(InvitationRefused), world.web.transaction() as session:
        accept(session, second, accounts[1])


@pytest.mark.parametrize("path", ["/v1/me/password", "/v1/me/email"])
def test_who_is_not_signed_in_is_told_so_before_the_body_is_judged(org: Organisation, path: str) -> None:
    alice = org.person("Alice")
    alice.delete("/v1/sessions/current")
    assert alice.put(path, {"nonsense": 1}, 401)["code"] == "session_ended"
