"""People who let their colleagues see whether they are online."""

from tests.world import Organisation, Phone

SHOWN = {"last_seen": "colleagues"}


def shows(person: Phone) -> Phone:
    """Let colleagues see when one was last there."""
    person.patch("/v1/me", SHOWN)
    return person


def showing(org: Organisation, *names: str, scopes: list[str]) -> list[Phone]:
    """New people of some scopes who let colleagues see it."""
    return [shows(org.person(name, scopes=scopes)) for name in names]
