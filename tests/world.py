"""Helpers that let tests read like the story: `alice = world.person("Alice")`, `alice.posts(gate, "…")`.

Everything goes through the real HTTP application (Flask's client), the real database roles and the real relay.
"""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Connection
from werkzeug.test import TestResponse

from api.app import create_app
from api.pacing import paces_of
from api.resources import DECLARATIONS
from api.route import Declaration
from base.database import Database, make_engine
from base.settings import load_settings
from deploy.local.cluster import Cluster
from journal.relay import Relay
from people.accounts.organisations import create_organisation
from people.sign_in.passwords import hash_password
from tests.holds import Held

PASSWORD = "correct horse battery"
_names = itertools.count(1)


class World:
    """One database with the product on it."""

    def __init__(self, cluster: Cluster, database: str, **changed: str) -> None:
        self.environment = {
            "DATABASE_URL": cluster.url("hereabouts_web", database),
            "WORKER_DATABASE_URL": cluster.url("hereabouts_worker", database),
            "OWNER_DATABASE_URL": cluster.url("hereabouts_owner", database),
            "ADMIN_DATABASE_URL": cluster.url(cluster.superuser, database),
            "SECRET_KEY": "a secret for tests, thirty-two characters long",
            "PASSWORD_MEMORY_KIB": "64",
            "LOG_LEVEL": "ERROR",
            "POOL_SIZE": "5",
            # Messages are queued; a test that wants them sent has a postman of its own.
            "SMTP_URL": "smtp://127.0.0.1:9",
            "MAIL_FROM": "no-reply@hereabouts.example",
            "SMS_GATEWAY_URL": "http://127.0.0.1:9/sms",
            "SMS_GATEWAY_TOKEN": "a-token-for-tests",
            "ACCESS_TOKEN_TTL": "7200",  # stories do not end because the machine is slow
            **changed,
        }
        self.settings = load_settings(self.environment)
        self.web = Database(make_engine(self.settings.database_url, 5))
        self.worker = Database(make_engine(self.settings.worker_database_url, 5))
        self.app: Flask = create_app(self.settings, self.web)
        self.held = Held(self.app)
        self._relay = Relay(self.worker.engine)

    def organisation(self, name: str = "Org") -> "Organisation":
        """A new organisation with its first administrator signed in."""
        slug = f"{name.lower()}-{next(_names)}-{secrets.token_hex(4)}"
        hashed = hash_password(PASSWORD)
        with self.worker.transaction() as session:
            organisation_id, _ = create_organisation(
                session, slug, name, email="admin@example.com", administrator="Ada", password_hash=hashed
            )
        organisation = Organisation(self, organisation_id, slug)
        organisation.admin = organisation.signs_in("admin@example.com", "Ada")
        return organisation

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        """A transaction of the role that owns the tables."""
        engine = make_engine(self.settings.owner_database_url, 1)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def relays(self) -> int:
        """Move everything into the journal, as the worker does."""
        return self._relay.drain()

    def rests(self) -> None:
        """Everybody has done nothing for a while: what was counted is made good."""
        paces_of(self.app).buckets.forget()

    def connections_in_use(self) -> int:
        """How many connections somebody holds."""
        return sum(database.engine.pool.checkedout() for database in (self.web, self.worker))  # type: ignore[attr-defined]

    def close(self) -> None:
        """Give all connections back."""
        self.web.engine.dispose()
        self.worker.engine.dispose()


@dataclass
class Organisation:
    """A tenant and its people."""

    world: World
    id: UUID
    slug: str
    admin: "Phone" = field(init=False)

    def person(
        self, name: str, *, scopes: list[str] | None = None, role: str = "member", consents: bool = True
    ) -> "Phone":
        """Invite somebody, who accepts on a phone and agrees to presence."""
        made = self.admin.post("/v1/admin/invitations", {"role": role, "scope_ids": scopes or []}, 201)
        phone = Phone(self, name)
        account = {"email": f"{name.lower()}@example.com", "name": name, "password": PASSWORD}
        phone.keeps(
            phone.post("/v1/invitations/accept", {"code": made["code"], "device": phone.app, **account}, 201)
        )
        return phone.agrees() if consents else phone

    def signs_in(self, email: str, name: str) -> "Phone":
        """The same person on another phone."""
        phone = Phone(self, name)
        body = {"organisation": self.slug, "email": email, "password": PASSWORD, "device": phone.app}
        phone.keeps(phone.post("/v1/sessions", body, 201))
        return phone

    def site(self, name: str = "Depot", at: tuple[float, float] = (127.0, 37.5), **properties: Any) -> str:
        """Draw a square site of about 200 m; returns its id."""
        body = feature(square(*at, 0.001), name=name, **properties)
        return self.admin.post("/v1/admin/sites", body, 201)["id"]

    def zone(
        self, site: str, name: str = "Gate", at: tuple[float, float] = (127.0, 37.5), **properties: Any
    ) -> str:
        """Draw a square zone of about 80 m; returns its id."""
        body = feature(square(*at, 0.0004), name=name, **properties)
        return self.admin.post(f"/v1/admin/sites/{site}/zones", body, 201)["id"]


class Phone:
    """A person with an app. Every JSON answer is held to the schema that its route declares."""

    def __init__(self, organisation: Organisation, name: str) -> None:
        self.organisation = organisation
        self.name = name
        self.app = {"installation_id": secrets.token_hex(8), "platform": "android", "name": f"{name}'s phone"}
        self.tokens: dict[str, Any] = {}
        self._client = organisation.world.app.test_client()

    def keeps(self, tokens: dict[str, Any]) -> None:
        """Remember a session."""
        self.tokens = tokens

    def agrees(self, kind: str = "presence") -> "Phone":
        """Consent to presence, or to a trail."""
        self.post("/v1/me/consents", {"kind": kind, "text_version": "1"}, 201)
        return self

    @property
    def id(self) -> str:
        """The person's id."""
        return self.get("/v1/me")["person"]["id"]

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self.tokens["session_id"]

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Any request, with the phone's token; header names with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.tokens:
            given.setdefault("Authorization", f"Bearer {self.tokens['access_token']}")
        kwargs: dict[str, Any] = {} if body is None else {"json": body}
        response = self._client.open(path, method=method, headers=given, **kwargs)
        hold_to_schema(self.organisation.world.app, method, response)
        return response

    def get(self, path: str, status: int = 200) -> Any:
        """GET, with the status that is expected."""
        return self._expect("GET", path, None, status)

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """POST."""
        return self._expect("POST", path, body if body is not None else {}, status, **headers)

    def put(self, path: str, body: Any = None, status: int = 200) -> Any:
        """PUT."""
        return self._expect("PUT", path, body if body is not None else {}, status)

    def patch(self, path: str, body: Any, status: int = 200, **headers: str) -> Any:
        """PATCH."""
        return self._expect("PATCH", path, body, status, **headers)

    def delete(self, path: str, status: int = 204, **headers: str) -> Any:
        """DELETE."""
        return self._expect("DELETE", path, None, status, **headers)

    def posts(self, scope: str, text: str, status: int = 201, **members: Any) -> Any:
        """Publish a post."""
        return self.post(f"/v1/scopes/{scope}/posts", {"text": text, **members}, status)

    def reads(self, scope: str) -> list[str | None]:
        """The texts of a scope's feed, newest first."""
        return [post["text"] for post in self.get(f"/v1/scopes/{scope}/posts")["items"]]

    def feed(self) -> list[str | None]:
        """The texts of the home feed, newest first."""
        return [post["text"] for post in self.get("/v1/feed")["items"]]

    def syncs(self, after: int) -> list[dict[str, Any]]:
        """All events after a position."""
        self.organisation.world.relays()
        events: list[dict[str, Any]] = []
        while True:
            page = self.get(f"/v1/sync?after={after}")
            events += page["items"]
            after = page["position"]
            if not page["more"]:
                return events

    def _expect(self, method: str, path: str, body: Any, status: int, **headers: str) -> Any:
        response = self.request(method, path, body, **headers)
        assert response.status_code == status, (
            method,
            path,
            response.status_code,
            response.get_data(as_text=True),
        )
        return response.get_json(silent=True)


def hold_to_schema(app: Flask, method: str, response: TestResponse) -> None:
    """Fail when an answer is not what its route's schema says (missing and unknown members alike)."""
    request = response.request
    ok = 200 <= response.status_code < 300 and "Content-Encoding" not in response.headers
    rule = app.url_map.bind("localhost").match(request.path, method, return_rule=True)[0] if ok else None
    if rule is None or not response.is_json or not response.get_data():
        return
    declared: Declaration | None = app.extensions[DECLARATIONS].get(rule.endpoint)
    if declared is not None and declared.answer is not None:
        faults = declared.answer().validate(response.get_json())
        assert not faults, (method, request.path, faults)


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A GeoJSON Feature."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def square(lon: float, lat: float, half: float) -> dict[str, Any]:
    """A square around a point, `half` degrees each way."""
    ring = [
        [lon - half, lat - half],
        [lon + half, lat - half],
        [lon + half, lat + half],
        [lon - half, lat + half],
        [lon - half, lat - half],
    ]
    return {"type": "Polygon", "coordinates": [ring]}
