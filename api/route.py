"""How a route is declared: once, beside its view, as one value.

    routes = Routes("me", "Me: who I am")

    @routes.route("GET", "/me", permission=Permission.ACCOUNT_USE, answer=Me)
    def read_me(call: Call) -> dict[str, Any]:

The view gets (call, path arguments…, query=…, body=…) as far as declared. Everybody else reads the declaration:
`api/life.py` answers requests by it, `api/document.py` describes it, `api/resources.py` registers it, and tests walk
all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy.orm import Session

from api import bounds
from api.answers import Answer
from api.kept import Keep, kept_by_default
from api.pace import Pace
from people.actor import Actor
from people.permissions import FOR_SERVICES, Permission
from people.runtime import Runtime
from schemas.base import Wire


@dataclass(frozen=True)
class Call:
    """One request, as a view sees it. `actor` is there in every view but the public ones."""

    session: Session
    runtime: Runtime
    actor: Actor = field(default=None)  # type: ignore[assignment]
    noted: dict[str, Any] = field(default_factory=dict[str, Any])

    def notes(self, before: Any, after: Any) -> None:
        """Say what the request changed, as the audit log keeps it: plain data, without secrets or people's words."""
        self.noted.update(before=before, after=after)

    def concerns(self, person_id: UUID) -> None:
        """Say whom the request concerned, for the audit log, where neither its path nor its body names them."""
        self.noted.update(person_id=person_id)


View = Callable[..., dict[str, Any] | Answer | None]


@dataclass(frozen=True)
class Declaration:
    """What one route is, and its view's decorator. Raises `ValueError` unless it says who may call it."""

    routes: "Routes"
    method: str
    path: str
    _: KW_ONLY
    permission: Permission | None = None
    public: bool = False
    credential: str | None = None
    """The scheme by which a public route knows who asks, where it has one of its own (`api/document.py`)."""
    body: type[Wire] | None = None
    query: type[Schema] | None = None
    answer: type[Schema] | None = None
    status: int = 200
    headers: Mapping[str, str] | None = None
    """What the answer's headers mean, by their names."""
    media: str | None = None
    """The media type, where the answer is a file."""
    secret: bool = False
    """Whether body or answer holds a password or code: nothing is kept of it, so no `Idempotency-Key` is heeded."""
    personal: bool = False
    """Whether it is somebody's own act, which no service does for itself."""
    fresh: bool = False
    """Whether it takes a proof of the last five minutes (`people/sign_in/fresh.py`)."""
    pace: Pace | None = None
    """How often it may be done (`api/pace.py`); None for the default of its method."""
    audit: Keep | None = None
    """What the audit log keeps of it (`api/kept.py`); None for the default."""
    prepare: Callable[[Runtime, Any], Any] | None = None
    """What takes long (a hash, a file), done to the body before the transaction opens; the view gets the outcome."""
    prepare_for: Callable[[Runtime, Actor, Any], Any] | None = None
    """The same, where it depends on who asks."""
    max_body: int | None = None
    """The greatest body in bytes; None for the default of `api/bounds.py`."""
    work: Callable[[Any], Any] | None = None
    """What is made of a body that was loaded, before it comes to the view: a pure function of a module, which neither
    fails nor asks the database. Large bodies are loaded and worked on in another process, before the transaction."""

    at_once: Callable[..., Answer | None] | None = None
    """Answers without a look at the database, where it can: a function of the runtime, the token's claims, and one that
    gives the request's arguments. Only routes that have it may wait (`Answer.waiting`)."""

    def __post_init__(self) -> None:
        if (self.permission is None) is not self.public:
            raise ValueError(f"{self.method} {self.path}: name a permission, or say that it is public")

    def __call__(self, view: View) -> View:
        self.routes.declared.append((self, view))
        return view

    @property
    def paced(self) -> Pace:
        """How often it may be done. What is public and names nothing else opens a session; what takes more than usual
        takes outlines."""
        if self.pace is not None:
            return self.pace
        if self.public:
            return Pace.SIGN_IN
        if self.most_bytes > bounds.USUAL:
            return Pace.DRAW
        return Pace.READ if self.method == "GET" else Pace.WRITE

    @property
    def serves_services(self) -> bool:
        """Whether a service may ask for it, where its token says so."""
        return self.permission in FOR_SERVICES and not self.personal

    @property
    def kept(self) -> Keep:
        """What the audit log keeps of it."""
        return self.audit or kept_by_default(self.method, self.permission, self.answer)

    @property
    def most_bytes(self) -> int:
        """The greatest body that is read."""
        return self.max_body or (bounds.PUBLIC if self.public else bounds.USUAL)


class Routes:
    """The routes of one resource, in the order of their declaration."""

    def __init__(self, name: str, description: str, prefix: str = "/v1") -> None:
        self.name, self.description, self.prefix = name, description, prefix
        self.declared: list[tuple[Declaration, View]] = []
        self.route = partial(Declaration, self)
