"""People with an authenticator app: what it shows, signing in with it, and proofs that grow old."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from werkzeug.test import TestResponse

from base import clock
from people.models import SignedInSession
from people.sign_in.totp import code_of, step_now
from people.sign_in.ways import FRESH_FOR
from tests.world import PASSWORD, Organisation, Phone


@dataclass
class Authenticator:
    """An app that counts. Each code is good once, so it shows each once: three of them are good at a moment."""

    secret: str
    recovery_codes: list[str] = field(default_factory=list[str])
    shown: int = 0

    def shows(self) -> str:
        """The next code that is good now."""
        self.shown = max(self.shown + 1, step_now() - 1)
        assert self.shown <= step_now() + 1, "no more codes in this half minute"
        return code_of(self.secret, self.shown)

    def never_shows(self) -> str:
        """Six digits that are no code of now."""
        good = {code_of(self.secret, step_now() + step) for step in range(-3, 4)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in good)


def sets_up(phone: Phone) -> Authenticator:
    """Somebody who is signed in begins to use an authenticator app."""
    app = Authenticator(phone.post("/v1/me/totp", None, 201)["secret"])
    confirmed = phone.post("/v1/me/totp/confirmation", {"totp": app.shows()})
    app.recovery_codes = confirmed["recovery_codes"]
    return app


def begins(org: Organisation, email: str, phone: Phone) -> TestResponse:
    """The first step of signing in: organisation, address and password."""
    body = {"organisation": org.slug, "email": email, "password": PASSWORD, "device": phone.app}
    return phone.request("POST", "/v1/sessions", body)


def challenged(org: Organisation, email: str, phone: Phone) -> str:
    """The same; what it is answered with."""
    answer = begins(org, email, phone)
    assert answer.status_code == 401, answer.get_data(as_text=True)
    return answer.get_json()["challenge"]


def goes_on(phone: Phone, challenge: str, **given: str) -> TestResponse:
    """The second step, with a code of the app (`totp`) or a `recovery_code`."""
    body = {"challenge": challenge, "installation_id": phone.app["installation_id"], **given}
    return phone.request("POST", "/v1/sessions/second-factor", body)


def comes_in(org: Organisation, email: str, app: Authenticator, phone: Phone | None = None) -> Phone:
    """Both steps."""
    phone = phone or Phone(org, email.partition("@")[0].title())
    answer = goes_on(phone, challenged(org, email, phone), totp=app.shows())
    assert answer.status_code == 201, answer.get_data(as_text=True)
    phone.keeps(answer.get_json())
    return phone


def grows_old(phone: Phone) -> None:
    """The last proof of a session is more than five minutes ago."""
    mine = update(SignedInSession).where(SignedInSession.id == phone.session_id)
    with phone.organisation.world.worker.transaction() as session:
        session.execute(mine.values(proven_at=clock.now() - FRESH_FOR - timedelta(seconds=1)))


def asks_from(phone: Phone, address: str, method: str, path: str, body: Any = None) -> TestResponse:
    """A request from a network address."""
    token = {"Authorization": f"Bearer {phone.tokens['access_token']}"} if phone.tokens else {}
    given: dict[str, Any] = {} if body is None else {"json": body}
    client = phone.organisation.world.app.test_client()
    return client.open(path, method=method, headers=token, environ_base={"REMOTE_ADDR": address}, **given)
