"""The seam to firebase-admin: one message a call, one request a message, and a closed set of outcomes.

The SDK retries by itself, sleeps in the caller's thread for as long as a server says, and re-sends after a read
timeout. Here its retries are off, by an adapter mounted on its HTTP session, and the queue decides when to try
again. The same adapter sends the requests elsewhere when an endpoint is set (the stand-in). The access token is
fetched by one thread while the others wait, so that many threads do not storm the token server.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import firebase_admin
import requests
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from requests.adapters import HTTPAdapter

GOOGLE = "https://fcm.googleapis.com"
_POOL = 64


@dataclass(frozen=True)
class Sent:
    """FCM took it, under this name."""

    message_id: str


@dataclass(frozen=True)
class Gone:
    """The app was uninstalled or the address replaced: forget the address."""


@dataclass(frozen=True)
class Mismatch:
    """The address belongs to another sender: it was never ours to use."""


@dataclass(frozen=True)
class Refused:
    """FCM will not take this message, now or later; the address may be fine."""

    reason: str


@dataclass(frozen=True)
class Later:
    """Try again, not before `after_s` seconds where the server said so."""

    reason: str
    after_s: float | None = None


Outcome = Sent | Gone | Mismatch | Refused | Later


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


class FcmSender:
    """Sends messages for one Firebase project; its methods may be called from many threads."""

    def __init__(
        self,
        credentials_file: Path,
        project_id: str | None,
        endpoint: str | None = None,
        timeout_s: float = 10,
    ) -> None:
        options: dict[str, Any] = {"httpTimeout": timeout_s}
        if project_id:
            options["projectId"] = project_id
        certificate = credentials.Certificate(str(credentials_file))
        self._app = firebase_admin.initialize_app(certificate, options, name=f"hereabouts-{id(self)}")
        session = sdk_session(self._app)
        for prefix in ("http://", "https://", GOOGLE):
            session.mount(prefix, _OneRequest(endpoint))
        self._google_credential: Any = certificate.get_credential()
        self._token_lock = threading.Lock()

    def send(self, message: messaging.Message) -> Outcome:
        """Send one message, once; never raises what the SDK raises."""
        try:
            self._warm_token()
            return Sent(messaging.send(message, app=self._app))
        except messaging.UnregisteredError:
            return Gone()
        except messaging.SenderIdMismatchError:
            return Mismatch()
        except (exceptions.InvalidArgumentError, ValueError) as error:
            return Refused(f"invalid_argument: {error}"[:300])
        except exceptions.FirebaseError as error:
            return Later(error.code, _retry_after(error.http_response))
        except (GoogleAuthError, requests.RequestException) as error:
            return Later(type(error).__name__)

    def close(self) -> None:
        """Forget the SDK's application."""
        firebase_admin.delete_app(self._app)

    def _warm_token(self) -> None:
        if self._google_credential.valid:
            return
        with self._token_lock:
            if not self._google_credential.valid:
                self._google_credential.refresh(Request())


def sdk_session(app: firebase_admin.App) -> requests.Session:
    """The HTTP session inside the SDK: the one private thing that is touched, held by a contract test."""
    service = messaging._get_messaging_service(app)  # pyright: ignore[reportPrivateUsage]
    session = service._client.session  # pyright: ignore[reportPrivateUsage]
    if not isinstance(session, requests.Session):
        raise TypeError("firebase-admin keeps its HTTP session elsewhere now; see push/fcm.py")
    return session


def _retry_after(response: requests.Response | None) -> float | None:
    value = "" if response is None else response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
