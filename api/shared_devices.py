"""What shared devices ask for by themselves, and signing in on them: the device says which it is."""

from typing import Any

from flask import request

from api.route import Call, Routes
from geo.stays.handover import hand_over
from people.runtime import Runtime
from people.shared_devices import pin_sign_in
from people.shared_devices.enrolment import DeviceRefused, enrol
from schemas.sessions import Tokens
from schemas.shared_devices import EnrolledDevice, NameQuery, NamesOnDevice, PinSignIn, SharedDeviceEnrolment

routes = Routes("shared-devices", "Shared devices: a tablet at the gate")


def _secret() -> str:
    """The device's own, from `Authorization: Device …`; raises `DeviceRefused`."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "device" or not secret.isascii() or not 1 <= len(secret) <= 100:
        raise DeviceRefused
    return secret


@routes.route(
    "POST",
    "/shared-devices/enrol",
    public=True,
    body=SharedDeviceEnrolment,
    answer=EnrolledDevice,
    status=201,
)
def enrol_device(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Become the shared device for which an administrator made a code. Whatever was it before is it no longer."""
    device, organisation, secret = enrol(call.session, body.pop("code"), body)
    return {
        "id": str(device.id),
        "name": device.name,
        "organisation": organisation.name,
        "site_id": str(device.site_id),
        "pause_seconds": device.pause_seconds,
        "secret": secret,
    }


@routes.route("GET", "/shared-devices/people", public=True, query=NameQuery, answer=NamesOnDevice)
def list_names(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """Who may sign in here and has a name that begins so: at most 20. Takes `Authorization: Device` and the secret."""
    return {"items": pin_sign_in.names_on(call.session, _secret(), query["q"])}


def _proven(runtime: Runtime, body: dict[str, Any]) -> dict[str, Any]:
    """The PIN is checked before the transaction that signs in: a hash takes long."""
    locale = body.pop("locale")
    asked: dict[str, Any] = {"secret": _secret(), "address": request.remote_addr, **body}
    proof = pin_sign_in.prove_pin(runtime.database, runtime.settings, **asked)
    return {"proof": proof, "locale": locale}


@routes.route(
    "POST",
    "/shared-devices/sessions",
    public=True,
    body=PinSignIn,
    prepare=_proven,
    answer=Tokens,
    status=201,
)
def sign_in_with_pin(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a PIN. Who was signed in here is no longer; the session ends after the device's pause.

    Takes `Authorization: Device` and the secret.
    """
    tokens = pin_sign_in.sign_in_with_pin(
        call.session, call.runtime.tokens, **body, address=request.remote_addr
    )
    hand_over(call.session, tokens.session_id)
    return tokens.wire()
