"""Strangers who guess at somebody's password, from one address or from many, and phones that are known."""

from typing import Any

from tests.world import PASSWORD, Organisation, Phone

WRONG = "a guess that is wrong"


def tries_from(
    org: Organisation, address: str, email: str, password: str = WRONG, phone: Phone | None = None
) -> int:
    """Sign in from a network address, on a phone of one's own or on one that is known; returns the status."""
    return asks_to_enter(org, address, email, password, phone).status_code


def asks_to_enter(
    org: Organisation, address: str, email: str, password: str = PASSWORD, phone: Phone | None = None
) -> Any:
    """The same; returns the whole answer."""
    phone = phone or Phone(org, "Somebody")
    body = {"organisation": org.slug, "email": email, "password": password, "device": phone.app}
    client = org.world.app.test_client()
    return client.post("/v1/sessions", json=body, environ_base={"REMOTE_ADDR": address})


def guesses_from(org: Organisation, address: str, email: str, times: int) -> list[int]:
    """The same wrong guess again and again."""
    return [tries_from(org, address, email) for _ in range(times)]
