"""What I want of push."""

from typing import Any

from api.route import Call, Routes
from people.permissions import Permission
from push import preferences
from schemas.preferences import PushPreferences, PushPreferencesEdit

routes = Routes("preferences", "Preferences: when push may wake me")


@routes.route("GET", "/me/push-preferences", permission=Permission.ACCOUNT_USE, answer=PushPreferences)
def read_push_preferences(call: Call) -> dict[str, Any]:
    """Quiet hours, working hours, do-not-disturb, being on call, the digest."""
    return preferences.preferences(call.session, call.actor)


@routes.route(
    "PATCH",
    "/me/push-preferences",
    permission=Permission.ACCOUNT_USE,
    body=PushPreferencesEdit,
    answer=PushPreferences,
)
def change_push_preferences(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Change some of them; they hold for all of my devices."""
    return preferences.change_preferences(call.session, call.actor, body)
