"""The private parts of firebase-admin that push/fcm/sdk.py touches: whoever moves one hears of it here."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from firebase_admin import exceptions, messaging
from google.auth.transport.requests import AuthorizedSession

from push.fcm.sdk import GOOGLE, Sdk
from tests.product import Product

ADDRESS = "a" * 20


@pytest.fixture
def sdk(product: Product) -> Iterator[Sdk]:
    made = Sdk(product.folder / "credentials.json", None, None, 3)
    yield made
    made.close()


def test_the_session_and_its_limits_are_where_we_look(sdk: Sdk) -> None:
    session: Any = messaging._get_messaging_service(sdk.app)._client.session
    assert isinstance(session, AuthorizedSession)
    assert session._max_refresh_attempts == 0
    assert session.get_adapter(f"{GOOGLE}/v1").max_retries.total == 0
    assert "max_refresh_attempts" in AuthorizedSession.__init__.__code__.co_varnames


def test_address_and_headers_are_the_sdks(sdk: Sdk) -> None:
    assert sdk.url == f"{GOOGLE}/v1/projects/hereabouts-standin/messages:send"
    assert sdk.headers["X-FIREBASE-CLIENT"].startswith("fire-admin-python/")


def test_a_message_is_encoded_as_the_sdk_encodes_it(sdk: Sdk) -> None:
    message = messaging.Message(token=ADDRESS, data={"n": "1"}, android=messaging.AndroidConfig(ttl=60))
    expected = b'{"message":{"android":{"ttl":"60s"},"data":{"n":"1"},"token":"' + ADDRESS.encode() + b'"}}'
    assert sdk.encode(message, dry_run=False) == expected
    assert sdk.encode(message, dry_run=True) == expected[:-1] + b',"validate_only":true}'
    with pytest.raises(ValueError, match="Exactly one"):
        sdk.encode(messaging.Message(data={"n": "1"}), dry_run=False)


def test_errors_are_read_as_the_sdk_reads_them(sdk: Sdk) -> None:
    body = (
        b'{"error":{"code":404,"message":"gone","status":"NOT_FOUND","details":[{"@type":'
        b'"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"}]}}'
    )
    assert isinstance(sdk.failure(404, body, 0), messaging.UnregisteredError)
    late = sdk.failure(503, b"<html>", 7)
    assert isinstance(late, exceptions.UnavailableError)
    assert isinstance(late.http_response, requests.Response)
    assert late.http_response.headers["Retry-After"] == "7"
