"""Messages to send, and what the stand-in has counted."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests
from firebase_admin import messaging

from push.words.messages import Push, build_message
from tests.product import Product

PUSH = Push("device-" + "a" * 20, "token", "Alice", "hello", {"n": "1"}, "c", "t", timedelta(hours=1))
TIMEOUT_S = 1.0


def message(name: str = "device", **changes: Any) -> messaging.Message:
    """A message to an address of its own."""
    return build_message(replace(PUSH, address=f"{name}-{secrets.token_hex(12)}", **changes))


def counts(product: Product) -> dict[str, Any]:
    return requests.get(f"{product.standin}/standin", timeout=60).json()


def address_of(sent: messaging.Message) -> str:
    return str(sent.token)
