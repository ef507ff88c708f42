"""Apps on real sockets, in the tests of signals."""

from typing import Any

from tests.stories.clients import PythonClient
from tests.world import Organisation, Phone


class App(PythonClient):
    """A person's app, connected. `until_post` shows by a later post which signals came, and that others did not."""

    def __init__(self, address: str, person: Phone) -> None:
        super().__init__()
        self.person = person
        self.open(address, person.tokens["access_token"], ("websocket",))
        self.tells("ready")

    def types(self, scope: str, kind: str = "start", **members: Any) -> None:
        """Type in a scope; the acknowledgement says that the server has done with it."""
        self.emit(f"typing.{kind}", {"scope_id": scope, **members})

    def send(self, name: str, data: Any) -> None:
        """Emit, and wait for nothing."""
        self._client.emit(name, data)

    def watches(self, *persons: Phone) -> dict[str, bool]:
        """Watch; returns whether each of those that one may see is online."""
        answer = self.emit("presence.watch", {"person_ids": [person.id for person in persons]})
        return {item["person_id"]: item["online"] for item in answer["items"]}

    def until_post(self, org: Organisation) -> list[str]:
        """The signals that came before a post that everyone hears."""
        org.admin.posts(str(org.id), "mark")
        kinds = []
        while True:
            kind, _ = self._told.get(timeout=120)
            if kind == "post.created":
                return kinds
            kinds += [kind] if kind.startswith(("typing.", "presence.")) else []
