"""Who is asking, for tests that call a function where a route would."""

from uuid import UUID

from people.actor import Actor
from tests.world import Phone


def actor_of(phone: Phone) -> Actor:
    """The actor that the web makes of a phone's requests."""
    me = phone.get("/v1/me")
    named = (me["person"]["id"], me["organisation"]["id"], me["session_id"], me["device"]["id"])
    return Actor(*map(UUID, named), me["person"]["role"], me["person"]["locale"])
