"""What a view answers, and how it is put into a response."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response

from journal.waiters import Waiting

_JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What a view answers, when it is more than a body."""

    body: dict[str, Any] | None = None
    status: int | None = None
    """Instead of the status that the route declares."""
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | Iterator[bytes] | None = None
    """Instead of a body: a file, JSON that is encoded already, or pieces that are made and sent after the commit."""
    media: str | None = None
    """The content's media type, where it is not the one that the route declares."""
    waiting: Waiting | None = None
    """Not yet: look again when something has come that this waits for."""

    def response(self, status: int, media: str | None) -> Response:
        """The response, with the route's status and media type where the answer names none."""
        status = self.status or status
        if self.content is not None:
            return Response(self.content, status, self.headers, content_type=self.media or media or _JSON)
        if self.body is None:
            return Response(status=status, headers=self.headers)
        return Response(orjson.dumps(self.body), status, self.headers, mimetype=_JSON)
