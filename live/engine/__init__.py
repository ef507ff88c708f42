"""An Engine.IO v4 server for many quiet sockets, under the interface of `engineio.Server`.

    pywsgi handler ── EngineServer ── EngineSocket ── Channel ── the kernel
                      (HTTP, polling)  (one client)   (one WebSocket: frames, backlog)

What it is for. The stock server keeps a greenlet, a writer, a queue, a WSGI environment and two buffers for every
WebSocket, and frames every packet for every client in Python. Here an idle WebSocket is a file descriptor, a read
watcher of the event loop and a few slots: no greenlet lives while nothing happens. A broadcast is encoded, framed and
deflated once (`Outgoing`) and the same bytes are written straight to each socket.

Order. A channel writes straight only while its backlog is empty; what the kernel does not take waits there, and
whatever follows queues behind it. So nothing overtakes, and a slow phone costs a bounded backlog and then its
connection, never anybody's time.

Who runs where. Watchers' callbacks run in the event loop and never yield: they parse, write and note. Handlers run in
a greenlet that exists while a socket has unhandled messages, one per socket, so a client's messages and its end are
handled in order. Heartbeats and deadlines of all sockets are kept by one task.

Ends. A session ends at once for everybody else. Its client gets what was sent before the end, and then the end of the
stream; nobody's answer is waited for, and there is no close frame where the client is to connect again by itself
(docs/decisions/0022). Who polls has the rest kept for the next polls (`Farewells`).

Seams. `EngineServer` overrides what serves a request and makes a socket; `tests/live/test_seams.py` fails, with what
to do, when an upgrade of the libraries changes what is overridden or relied on.
"""
