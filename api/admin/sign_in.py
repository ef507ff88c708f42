"""What an organisation asks of those who sign in, and help for whoever has lost a second factor."""

from typing import Any
from uuid import UUID

from flask import request

from api.answers import Answer
from api.etags import check_if_match, etag
from api.route import Call, Routes
from people.accounts import authenticators, sign_in_policy
from people.permissions import Permission
from schemas.sign_in_policy import SignInPolicy

routes = Routes("admin-sign-in", "Administration: signing in", "/v1/admin")


@routes.route("GET", "/sign-in-policy", permission=Permission.POLICY_MANAGE, answer=SignInPolicy)
def read_sign_in_policy(call: Call) -> Answer:
    """What is asked of everyone, and of some roles more: factors, how long, from where. Its ETag is for editing it."""
    policy, version = sign_in_policy.read_policy(call.session, call.actor.organisation_id)
    return Answer(policy, headers=etag(version))


@routes.route(
    "PUT",
    "/sign-in-policy",
    permission=Permission.POLICY_MANAGE,
    fresh=True,
    body=SignInPolicy,
    answer=SignInPolicy,
)
def write_sign_in_policy(call: Call, body: dict[str, Any]) -> Answer:
    """Ask for something else from now on; open sessions are judged by it as they are refreshed. Takes If-Match."""
    check_if_match(sign_in_policy.held_version(call.session, call.actor.organisation_id))
    before, _ = sign_in_policy.read_policy(call.session, call.actor.organisation_id)
    policy, version = sign_in_policy.write_policy(call.session, call.actor, body, request.remote_addr)
    call.notes(before, policy)
    return Answer(policy, headers=etag(version))


@routes.route(
    "DELETE",
    "/people/<uuid:person_id>/totp",
    permission=Permission.PEOPLE_MANAGE,
    fresh=True,
    status=204,
)
def remove_authenticator_of(call: Call, person_id: UUID) -> None:
    """Take the authenticator app from somebody who has lost it and the recovery codes."""
    authenticators.remove_authenticator_of(call.session, call.actor, person_id)
    call.notes({"totp": True}, {"totp": False})
