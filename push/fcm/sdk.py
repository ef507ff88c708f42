"""The seam to firebase-admin: its application, credentials, encoding and reading of errors.

The SDK retries by itself, sleeps in the caller's thread for as long as a server says, re-sends after a read timeout,
and asks for a new access token twice more after a 401 that no token would mend. Here all of that is off. The access
token is fetched by one thread while the others wait, so that many threads do not storm the token server.

Everything private of the SDK that is touched is touched in this file; tests/push/fcm/test_sdk.py holds it.
"""

import io
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import firebase_admin
import orjson
import requests
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from requests.adapters import HTTPAdapter

GOOGLE = "https://fcm.googleapis.com"
_POOL = 64
_FAILURE_S = 1.0


class _OneRequest(HTTPAdapter):
    """Sends each request once, to `endpoint` instead of Google where one is given."""

    def __init__(self, endpoint: str | None) -> None:
        super().__init__(pool_connections=_POOL, pool_maxsize=_POOL, max_retries=0)
        self._endpoint = endpoint

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send once."""
        if self._endpoint is not None and request.url is not None:
            request.url = request.url.replace(GOOGLE, self._endpoint, 1)
        return super().send(request, *args, **kwargs)


class Sdk:
    """One Firebase project, as the SDK knows it; may be used from many threads. Durations are seconds."""

    def __init__(
        self, credentials_file: Path, project_id: str | None, endpoint: str | None, timeout_s: float
    ) -> None:
        options: dict[str, Any] = {"httpTimeout": timeout_s}
        if project_id:
            options["projectId"] = project_id
        certificate = credentials.Certificate(str(credentials_file))
        self.app = firebase_admin.initialize_app(certificate, options, name=f"hereabouts-{id(self)}")
        self.timeout_s = timeout_s
        service: Any = messaging._get_messaging_service(self.app)  # pyright: ignore[reportPrivateUsage]
        self._service = service
        session = service._client.session
        for prefix in ("http://", "https://", GOOGLE):
            session.mount(prefix, _OneRequest(endpoint))
        session._max_refresh_attempts = 0
        self.url: str = service._fcm_url.replace(GOOGLE, endpoint or GOOGLE, 1)
        self.headers: dict[str, str] = service._fcm_headers
        self._credential: Any = certificate.get_credential()
        self._request = partial(cast(Callable[..., Any], Request()), timeout=timeout_s)
        self._lock = threading.Lock()
        self._failure: GoogleAuthError | None = None
        self._failed_at = 0.0

    def token(self, refused: str | None = None) -> str:
        """A good access token, another one than `refused`; raises google.auth's errors."""
        if not self._credential.valid or self._credential.token == refused:
            with self._lock:
                if not self._credential.valid or self._credential.token == refused:
                    self._refresh()
        return self._credential.token

    def _refresh(self) -> None:
        """Ask for an access token. Who was waiting while another one asked in vain does not ask again."""
        if self._failure is not None and time.monotonic() - self._failed_at < _FAILURE_S:
            raise self._failure
        try:
            self._credential.refresh(self._request)
            self._failure = None
        except GoogleAuthError as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise

    def encode(self, message: messaging.Message, dry_run: bool) -> bytes:
        """The body of the request, validated by the SDK; raises ValueError."""
        return orjson.dumps(self._service._message_data(message, dry_run))

    def failure(self, status: int, body: bytes, retry_after_s: int) -> exceptions.FirebaseError:
        """The SDK's error for an answer that is none of success."""
        response = requests.Response()
        response.status_code = status
        response.raw = io.BytesIO(body)
        if retry_after_s:
            response.headers["Retry-After"] = str(retry_after_s)
        return self._service._handle_fcm_error(requests.HTTPError(str(status), response=response))

    def close(self) -> None:
        """Forget the application."""
        firebase_admin.delete_app(self.app)


def token_refused(error: Exception) -> bool:
    """Whether an error says that our access token is no good; a third party's refusal looks much the same."""
    return isinstance(error, exceptions.UnauthenticatedError) and not isinstance(
        error, messaging.ThirdPartyAuthError
    )
