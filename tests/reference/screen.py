"""The lock screen of a phone that follows docs/push.md to the letter, and knows nothing else."""

from typing import Any

Data = dict[str, str]


class LockScreen:
    """What is shown, by tag. Android's way and that of iOS differ in what a withdrawal takes down."""

    def __init__(self, platform: str) -> None:
        self._takes_down = self._by_tag if platform == "android" else self._by_post
        self.shown: dict[str, Data] = {}
        self._had: set[str] = set()

    def gets(self, message: dict[str, Any]) -> None:
        """A message of FCM's; the same one may come twice."""
        data: Data = message["data"]
        if data["delivery_id"] in self._had:
            return
        self._had.add(data["delivery_id"])
        if data["action"] == "show":
            self.shown[data["tag"]] = data
        elif data["action"] == "withdraw":
            self._takes_down(data)

    def _by_tag(self, withdrawal: Data) -> None:
        shown = self.shown.get(withdrawal["tag"])
        of_scope = withdrawal["tag"] == withdrawal.get("scope_id")
        if shown is not None and not (of_scope and shown["post_id"] != withdrawal["post_id"]):
            del self.shown[withdrawal["tag"]]

    def _by_post(self, withdrawal: Data) -> None:
        kept = self.shown.items()
        self.shown = {tag: data for tag, data in kept if data.get("post_id") != withdrawal["post_id"]}
