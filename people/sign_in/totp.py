"""Codes of authenticator apps (RFC 6238): six digits, another half minute each, SHA-1, as all of those apps take them.

The time is the database's. A phone's clock may be off by a step either way, and a code is good once: whoever read it
over a shoulder comes too late.
"""

import hmac

from pyotp import random_base32
from pyotp.totp import TOTP

from base import clock

_STEP_S, _OFF = 30, 1
_NAME = 40  # characters: all of it fits into a QR code, whatever it is written in


def new_secret() -> str:
    """160 random bits, in base 32."""
    return random_base32()


def uri_of(secret: str, account: str, organisation: str) -> str:
    """What the app scans (`otpauth://totp/…`)."""
    return TOTP(secret).provisioning_uri(name=account[:_NAME], issuer_name=organisation[:_NAME])


def step_of(secret: str, code: str, after: int) -> int | None:
    """The step whose code it is, later than `after`; None where it is none of now."""
    now = int(clock.seconds()) // _STEP_S
    steps = [step for step in range(now - _OFF, now + _OFF + 1) if step > after]
    return next((step for step in steps if hmac.compare_digest(code_of(secret, step), code)), None)


def code_of(secret: str, step: int) -> str:
    """The code of a step, counted from 1970 on."""
    return TOTP(secret).generate_otp(step)


def step_now() -> int:
    """The present step."""
    return int(clock.seconds()) // _STEP_S
