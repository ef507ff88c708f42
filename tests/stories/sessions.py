"""Signing in on phones that were others'."""

from tests.world import PASSWORD, Organisation, Phone


def takes_over(org: Organisation, former: Phone, name: str) -> Phone:
    """Somebody signs in on the phone of another."""
    phone = Phone(org, name)
    phone.app = former.app
    account = {"organisation": org.slug, "email": f"{name.lower()}@example.com", "password": PASSWORD}
    phone.keeps(phone.post("/v1/sessions", {**account, "device": former.app}, 201))
    return phone
