"""People who come in by themselves, and administrators who decide."""

from typing import Any

from people.registration.answering import answer_asked
from people.registration.rules import set_rules
from people.sign_in.short_codes import CodeKeys
from tests.stories.messages import sealer_of, waiting
from tests.world import PASSWORD, Organisation, Phone


def lets_in(org: Organisation, *domains: str, approval: bool = False) -> None:
    """The organisation opens its door to whoever has an address of these domains."""
    with org.world.web.transaction(org.id) as session:
        set_rules(session, org.id, domains, approval=approval)


def asks(phone: Phone, email: str, status: int = 202, address: str = "127.0.0.1", **said: Any) -> Any:
    """Ask for an account, and have the worker look at it."""
    org = phone.organisation
    body = {"organisation": org.slug, "email": email, "name": phone.name, "device": phone.app, **said}
    client = org.world.app.test_client()
    answer = client.post("/v1/registrations", json=body, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status, answer.get_data(as_text=True)
    worker_looks(org)
    return answer


def worker_looks(org: Organisation) -> None:
    """The worker looks at all who asked."""
    settings = org.world.settings
    keys = CodeKeys(settings.secret_key, settings.former_secret_key)
    while answer_asked(org.world.worker, sealer_of(org), keys):
        pass


def mails(org: Organisation, email: str) -> list[str]:
    """The templates of the mails that wait for an address, in their order."""
    return [each["template"] for each in waiting(org) if each["to"] == email]


def code_of(org: Organisation, email: str) -> str:
    """The code in the last mail to an address."""
    return [each for each in waiting(org) if each["to"] == email][-1]["values"]["code"]


def confirms(phone: Phone, email: str, code: str, status: int = 201, **given: Any) -> Any:
    """Give the code, with a password; signed in then, unless somebody has to decide."""
    org = phone.organisation
    body = {"organisation": org.slug, "email": email, "code": code, "password": PASSWORD, "device": phone.app}
    answer = phone.post("/v1/registrations/confirm", {**body, **given}, status)
    if status == 201:
        phone.keeps(answer["tokens"])
    return answer


def registers(org: Organisation, name: str, email: str, status: int = 201) -> Phone:
    """The whole way."""
    phone = Phone(org, name)
    asks(phone, email)
    confirms(phone, email, code_of(org, email), status)
    return phone


def waiting_registration(org: Organisation, email: str) -> str:
    """Somebody registers, and waits for an administrator; returns the registration's id."""
    lets_in(org, email.partition("@")[2], approval=True)
    registers(org, "Waiting", email, 202)
    return waits(org, email)


def waits(org: Organisation, email: str) -> str:
    """The id of the registration of an address that waits."""
    items = org.admin.get("/v1/admin/registrations")["items"]
    return next(item["id"] for item in items if item["email"] == email)
