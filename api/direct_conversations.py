"""Direct conversations: opened by naming their persons; posts in them are posts of a scope like any other."""

from typing import Any

from api.answers import Answer
from api.route import Call, Routes
from people.permissions import Permission
from people.scopes.directs import open_direct
from schemas.direct_conversations import DirectConversation, NewDirectConversation

routes = Routes("direct-conversations", "Direct conversations: a few people among themselves")


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
