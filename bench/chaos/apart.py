"""A `FaultProxy` in a process of its own: in the crowd's, every answer of PostgreSQL would wait for all its threads."""

import multiprocessing
from multiprocessing.connection import Connection

from bench.chaos.proxy import FaultProxy, Upstream

_ANSWER_S = 15.0


class ProxyApart:
    """The same faults as `FaultProxy`, told through a pipe."""

    def __init__(self, upstream: Upstream) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far, upstream), daemon=True)
        self._process.start()
        self.port: int = self._answer()

    def drop(self) -> None:
        """Reset every connection that is there now."""
        self._tell("drop")

    def delay(self, seconds: float) -> None:
        """Hold back what passes; 0 ends it."""
        self._tell("delay", seconds)

    def swallow(self, on: bool) -> None:
        """Lose what upstream answers."""
        self._tell("swallow", on)

    def blackhole(self, on: bool) -> None:
        """Silence."""
        self._tell("blackhole", on)

    def close(self) -> None:
        """End everything."""
        self._tell("close")
        self._process.join(_ANSWER_S)

    def _tell(self, name: str, *arguments: float) -> None:
        self._pipe.send((name, arguments))
        self._answer()

    def _answer(self) -> int:
        assert self._pipe.poll(_ANSWER_S), "the proxy is silent"
        return self._pipe.recv()


def _serve(pipe: Connection, upstream: Upstream) -> None:
    """What runs in the process, until `close`."""
    proxy = FaultProxy(upstream)
    pipe.send(proxy.port)
    name = ""
    while name != "close":
        name, arguments = pipe.recv()
        getattr(proxy, name)(*arguments)
        pipe.send(proxy.port)
