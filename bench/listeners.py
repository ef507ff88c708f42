"""Many sockets of one person in one process; prints when each heard each post."""

# ruff: noqa: E402 - greenlets instead of 200 threads, whose switching would be what is measured
from gevent import monkey

monkey.patch_all()

import json
import sys
import threading
import time

import socketio

from deploy.local.phone import Phone
from tests.world import PASSWORD


def main() -> None:
    """ADDRESS ORGANISATION SOCKETS POSTS."""
    address, slug, sockets, posts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    phone = Phone.signed_in(address, slug, "bob@example.com", PASSWORD)
    heard: dict[str, list[float]] = {str(n): [] for n in range(posts)}
    ready, done = threading.Semaphore(0), threading.Semaphore(0)

    def hear(message: dict[str, dict[str, str]]) -> None:
        times = heard[message["data"]["text"]]
        times.append(time.time())
        if message["data"]["text"] == str(posts - 1):
            done.release()

    clients = []
    for _ in range(sockets):
        client = socketio.Client(reconnection=False)
        client.on("post.created", hear)
        client.on("ready", lambda _message: ready.release())
        client.connect(address, auth={"token": phone.token}, transports=["websocket"])
        clients.append(client)
    for _ in range(sockets):
        ready.acquire(timeout=30)
    print("ready", flush=True)
    for _ in range(sockets):
        done.acquire(timeout=60)
    print(json.dumps(heard), flush=True)
    for client in clients:
        client.disconnect()


if __name__ == "__main__":
    main()
