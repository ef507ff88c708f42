"""A TCP proxy that breaks what passes through it: between phones and the web, and between us and PostgreSQL.

    client ──▶ FaultProxy (127.0.0.1) ──▶ upstream (a port, or a Unix socket)

A network that loses packets for good does not lose bytes in the middle of a TCP stream: it goes silent, or it breaks.
So these are the faults: `drop` resets connections, `delay` holds every piece of data back, `swallow` lets requests
pass and loses the answers (then the connection breaks), and `blackhole` is silence: new connections are taken and
nothing comes back, and those that were there stay silent for ever, as behind a router that forgot them.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_PIECE = 65_536
_RESET = struct.pack("ii", 1, 0)
Upstream = int | Path


class _Link:
    """One connection through the proxy. A forgotten one never carries anything again."""

    def __init__(self, near: asyncio.StreamWriter) -> None:
        self.near = near
        self.far: asyncio.StreamWriter | None = None
        self.forgotten = False

    def reset(self) -> None:
        """Break both sides at once, without a goodbye."""
        for side in (self.near, self.far):
            if side is not None:
                sock = side.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    if sock.family != socket.AF_UNIX:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                side.transport.abort()


class FaultProxy:
    """Listens on `port` of the loopback. A thread of its own; the faults may be called from any."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delay_s, self._swallows, self._silent = 0.0, False, False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def drop(self) -> None:
        """Reset every connection that is there now."""
        self._soon(self._reset_all)

    def delay(self, seconds: float) -> None:
        """From now on hold back what passes, each way; 0 ends it."""
        self._delay_s = seconds

    def swallow(self, on: bool) -> None:
        """Lose what upstream answers; at the end of it every connection breaks, since bytes are missing."""
        self._swallows = on
        if not on:
            self.drop()

    def blackhole(self, on: bool) -> None:
        """Silence. What was connected when it began, or connected meanwhile, is silent for ever after."""
        self._silent = on
        self._soon(self._forget_all)

    def close(self) -> None:
        """End everything."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _soon(self, act: Callable[[], None]) -> None:
        """Do it in the proxy's thread, and wait until it is done."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (act(), done.set()))
        done.wait(10)

    def _reset_all(self) -> None:
        for link in self._links:
            if not link.forgotten:
                link.reset()

    def _forget_all(self) -> None:
        for link in self._links:
            link.forgotten = True

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0, backlog=512)
        return self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        tasks = list(self._tasks)
        for link in self._links:
            link.reset()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = _Link(near)
        self._links.add(link)
        try:
            await self._carry(link, reader)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            link.reset()
            self._links.discard(link)
            self._tasks.discard(task)

    async def _carry(self, link: _Link, reader: asyncio.StreamReader) -> None:
        if self._silent:
            link.forgotten = True
            await self._never(reader)
            return
        if isinstance(self._upstream, Path):
            answers, link.far = await asyncio.open_unix_connection(str(self._upstream))
        else:
            answers, link.far = await asyncio.open_connection("127.0.0.1", self._upstream)
        ways = (self._pump(link, reader, link.far, False), self._pump(link, answers, link.near, True))
        pumps = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answers: bool
    ) -> None:
        """One way of one connection; a slow reader holds its writer back, as without us."""
        while data := await source.read(_PIECE):
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            if link.forgotten:
                await self._never(source)
                return
            if not (answers and self._swallows):
                sink.write(data)
                await sink.drain()
        if link.forgotten:
            await asyncio.get_running_loop().create_future()  # not even the goodbye arrives

    @staticmethod
    async def _never(source: asyncio.StreamReader) -> None:
        """Take what comes, and let nobody know; for ever, even when the one who sent it has gone."""
        while await source.read(_PIECE):
            pass
        await asyncio.get_running_loop().create_future()
