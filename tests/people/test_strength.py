"""Passwords that are guessed first are not taken, wherever one is chosen; others are, whatever they are made of."""

import time
import unicodedata

import pytest

from people.sign_in.strength import MAX_LENGTH, bits_of
from tests.stories.passwords import changes_password, redeems, reset_code
from tests.world import PASSWORD, Organisation, Phone

ALICE = "alice@example.com"
WEAK = [
    "1234567890",
    "0987654321",
    " " * 10,
    "\u3000" * 12,
    "password12",
    "Password123!",
    "P@ssw0rd12",
    "ｐａｓｓｗｏｒｄ１２",
    "drowssap12",
    "passwordpassword",
    "iloveyou2024",
    "qwertyuiop",
    "QWERTZUIOP",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "asdfghjkl;",
    "abcdefghij",
    "aaaaaaaaaa",
    "a" * MAX_LENGTH,
    "abababababab",
    "a1a1a1a1a1a1",
    "긁" * 50,
    "비밀번호123456",
    unicodedata.normalize("NFD", "비밀번호123456"),
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ",
    "가나다라마바사아자차",
    "Summer2024!",
    "2024-01-01",
    "hereabouts1",
]
OWN = [
    "Alice Liddell1",
    "alice.alice",
    "Alice@Example.com",
    "ecila alice",
    "ＡＬＩＣＥ２０２４！",
    "alice-example",
]
STRONG = [
    PASSWORD,
    "a stable for three horses",
    "비밀번호는 길어야 한다",
    "내가 그린 기린 그림",
    "xkqzvwjpty",
    "kp9#Wq2!xR",
    "alice likes her tea green",
    "🐢🐘🐇🐈🐓🐖🐄🐎🐑🐐",
]


def joins_with(org: Organisation, password: str, status: int, name: str = "Alice") -> dict[str, str]:
    """Somebody opens an account with a password."""
    code = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    phone = Phone(org, name)
    account = {"email": ALICE, "name": name, "password": password, "device": phone.app}
    return phone.post("/v1/invitations/accept", account | {"code": code}, status)


@pytest.mark.parametrize("weak", WEAK)
def test_what_everybody_tries_first_is_refused_and_told_so(org: Organisation, weak: str) -> None:
    refusal = joins_with(org, weak, 422)
    assert refusal["code"] == "password_weak"
    assert refusal["errors"][0]["pointer"] == "/password"


@pytest.mark.parametrize("own", OWN)
def test_so_is_what_is_known_of_the_person(org: Organisation, own: str) -> None:
    assert joins_with(org, own, 422, "Alice Liddell")["code"] == "password_weak"
    alice = org.person("Alice")
    alice.patch("/v1/me", {"name": "Alice Liddell"})
    assert changes_password(alice, PASSWORD, own, 422)["code"] == "password_weak"
    code = reset_code(org.admin, alice.id)
    assert redeems(org, ALICE, code, own, 422)["code"] == "password_weak"
    redeems(org, ALICE, code)


def test_and_the_organisations_name(org: Organisation) -> None:
    assert joins_with(org, f"{org.slug}!", 422)["code"] == "password_weak"


def test_a_reset_tells_nothing_of_who_has_an_account_and_what_they_are_called(org: Organisation) -> None:
    org.person("Alice").patch("/v1/me", {"name": "Wilhelmina"})
    for email in (ALICE, "nobody@example.com"):
        said = redeems(org, email, "ABCD-EFGH-JKMN-PQRS", "wilhelmina1990", 422)
        assert said["code"] == "reset_refused"


@pytest.mark.parametrize("strong", STRONG)
def test_others_are_taken_as_they_are(org: Organisation, strong: str) -> None:
    joins_with(org, strong, 201)


@pytest.mark.parametrize("longest", ["a" * MAX_LENGTH, "ab" * (MAX_LENGTH // 2), "x1" * 50 + "password" * 12])
def test_judging_holds_nobody_up(longest: str) -> None:
    bits_of("the list is read")
    began = time.thread_time()
    bits_of(longest, ["Alice Liddell", ALICE])
    assert time.thread_time() - began < 0.05
