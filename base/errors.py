"""Problems that a caller is told about (RFC 9457). The sentence of each stands here or with its class, once.

A `Problem` that is raised rolls the request's transaction back, unless it says `keeps_changes`: a failed
sign-in must be counted and a stolen refresh token must end its family although the answer is a refusal.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Faulty:
    """An item of a phone's list that cannot be read, and why; the others are taken all the same."""

    detail: str


class Problem(Exception):
    """A refusal with a stable `code`. `errors` are `{"pointer", "message"}` pairs into the caller's input."""

    status: ClassVar[int] = 400
    code: str = "bad_request"
    title: ClassVar[str] = "The request cannot be understood"
    keeps_changes: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or type(self).code
        self.errors = errors or []
        self.headers = headers or {}
        self.extra = extra


class Unauthenticated(Problem):
    """Nobody, or somebody whose session has ended."""

    status, code, title = 401, "unauthenticated", "Sign in first"


class Forbidden(Problem):
    """Known, but not allowed."""

    status, code, title = 403, "forbidden", "You may not do this here"


class NotFound(Problem):
    """Not there, or not for the caller to know of."""

    status, code, title = 404, "not_found", "There is no such thing here"


class Conflict(Problem):
    """The thing's present state does not allow it."""

    status, code, title = 409, "conflict", "This conflicts with what is there"


class Gone(Problem):
    """It was there and is no more."""

    status, code, title = 410, "gone", "This is no longer there"


class Stale(Problem):
    """If-Match names another version than the present one."""

    status, code, title = 412, "stale", "Someone else has changed this meanwhile"


class PreconditionMissing(Problem):
    """An edit without If-Match."""

    status, code, title = (
        428,
        "precondition_missing",
        "Send If-Match with the ETag of the version that you edit",
    )


class Invalid(Problem):
    """Well-formed, and still not acceptable."""

    status, code, title = 422, "invalid", "Some of the input is not acceptable"

    @classmethod
    def at(cls, pointer: str, message: str, code: str | None = None) -> "Invalid":
        """One fault at one place of the body, named by a JSON pointer."""
        return cls(message, code=code, errors=[{"pointer": pointer, "message": message}])


class TooManyRequests(Problem):
    """Slow down; `Retry-After` says until when."""

    status, code, title = 429, "too_many_requests", "Too many attempts; wait a little"
    keeps_changes = True
