"""Phones that wait for news with sync."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from journal.wakeups import Wakeups
from tests.stories.waiting import until
from tests.world import Organisation, Phone, World

PATIENCE_S = 120


def wakeups(world: World) -> Wakeups:
    """What the waiting requests of the application share."""
    return world.app.extensions["hereabouts"].wakeups


class Waits:
    """One phone's request that waits beside the test; it does by the time that this is made."""

    def __init__(
        self, phone: Phone, after: int, status: int = 200, wait: int = 30, *, instead: "Waits | None" = None
    ) -> None:
        """`instead`: one of the same session that has to give way to it."""
        shared = wakeups(phone.organisation.world)
        before = shared.waiting()
        self._pool = ThreadPoolExecutor(1)
        path = f"/v1/sync?after={after}&wait={wait}"
        self._answer: Future[Any] = self._pool.submit(phone.get, path, status)
        if instead is None:
            until(lambda: shared.waiting() > before or self._answer.done())
        else:
            until(lambda: not instead.goes_on)

    @property
    def goes_on(self) -> bool:
        """Whether it still waits."""
        return not self._answer.done()

    def answer(self) -> Any:
        """What it gets in the end."""
        try:
            return self._answer.result(PATIENCE_S)
        finally:
            self._pool.shutdown()

    def texts(self) -> list[str]:
        """The texts of the posts that it gets."""
        return [event["data"]["text"] for event in self.answer()["items"]]


def is_handed_out(org: Organisation, position: int) -> None:
    """Wait until the process has told those who wait of everything up to a position."""
    until(lambda: (wakeups(org.world).handed_out(org.id) or 0) >= position)
