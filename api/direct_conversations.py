"""Direct conversations: opened by naming their persons; posts in them are posts of a scope like any other."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.route import Call, Routes
from people.permissions import Permission
from people.scopes.directs import leave_direct, open_direct, read_direct
from schemas.direct_conversations import DirectConversation, NewDirectConversation

routes = Routes("direct-conversations", "Direct conversations: a few people among themselves")
_CONVERSATION = "/direct-conversations/<uuid:conversation_id>"


@routes.route(
    "POST",
    "/direct-conversations",
    permission=Permission.ACCOUNT_USE,
    body=NewDirectConversation,
    answer=DirectConversation,
    status=201,
)
def open_direct_conversation(call: Call, body: dict[str, Any]) -> Answer:
    """Open the conversation with these persons; 200 with the one that there is, since each set has one."""
    conversation, new = open_direct(call.session, call.actor, body["person_ids"])
    return Answer(conversation, 201 if new else 200)


@routes.route("GET", _CONVERSATION, permission=Permission.POSTS_READ, answer=DirectConversation)
def read_direct_conversation(call: Call, conversation_id: UUID) -> dict[str, Any]:
    """A conversation that I am in: for whom it is, and who left it."""
    return read_direct(call.session, call.actor, conversation_id)


@routes.route("DELETE", _CONVERSATION, permission=Permission.POSTS_READ, status=204)
def leave_direct_conversation(call: Call, conversation_id: UUID) -> None:
    """Leave it, or refuse it: nobody takes me into it again. I come back by opening it."""
    leave_direct(call.session, call.actor, conversation_id)
