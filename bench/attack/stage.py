"""The product as it is attacked: one web process with the limits of production, its relay and its worker."""

import os
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import orjson

from bench.attack.client import Client, Tally
from bench.attack.honest import Honest
from bench.live_world import OTHER_CORE, SERVER_CORE, rss, signed_in
from bench.stage import lasting, running_product
from tests.product import Product
from tests.world import Organisation

PEOPLE, DESCRIPTORS = 10, 300
_SETTINGS = {"PASSWORD_MEMORY_KIB": "65536", "POOL_SIZE": "20"}
_REST_S = 3.0


class Kind(StrEnum):
    """How the web process is set up."""

    UNPACED = (
        "without limits of pace: so much is tried that nobody who is held to one would get through with it"
    )
    PACED = "as in production"
    NARROW = "as in production, with few descriptors"


class Stage:
    """What a case finds: the organisation that is attacked, its people at work, and the process that serves them."""

    def __init__(self, product: Product, kind: Kind) -> None:
        self.product, self.world = product, product.world
        self.org: Organisation = self.world.organisation("Attacked")
        self.site = self.org.site("Depot", admission="assigned")
        self.world.relays()
        settings = _SETTINGS | {"PACE": "0" if kind is Kind.UNPACED else "1"}
        if kind is Kind.NARROW:
            address = product.start_narrow_web("attacked", DESCRIPTORS, **settings)
        else:
            (address,) = product.start_other_webs("attacked", **settings)
        product.kill("web")
        self.port = int(address.rpartition(":")[2])
        self.address, self.pid = address, product.pid("attacked")
        os.sched_setaffinity(self.pid, SERVER_CORE)
        self.tally = Tally()
        self.honest = Honest(self.port, self.tokens(PEOPLE), self.site)
        os.sched_setaffinity(0, OTHER_CORE)
        os.nice(10)  # what is measured is the server and not that the attacker takes the machine

    def tokens(self, count: int) -> list[str]:
        """Access tokens of so many new members of the site, each with a session of their own."""
        return signed_in(self.org, count, [self.site])

    def client(self, token: str | None = None, source: str = "127.0.0.2") -> Client:
        """Somebody who asks, with or without a token."""
        return Client(self.port, self.tally, source, token)

    def administrator(self, source: str = "127.0.0.2") -> Client:
        """The organisation's administrator, whose token has been stolen."""
        return self.client(lasting(self.org.admin), source)

    def memory(self) -> float:
        """The web process's resident memory, in MB, after a moment of rest."""
        time.sleep(_REST_S)
        return rss(self.pid) / 1024 / 1024

    def log(self) -> str:
        """What the web process has said."""
        return Path(self.product.folder / "attacked.log").read_text(errors="replace")

    def holds(self) -> list[str]:
        """What has held the event loop for 50 ms or more so far: doing what, for how long, computing how much of it."""
        lines = [orjson.loads(line) for line in self.log().splitlines() if '"loop_held"' in line]
        return [f"{line['doing']}: {line['ms']} ms ({line['cpu_ms']} computing)" for line in lines]

    def new_organisation(self) -> Organisation:
        """Another organisation on the same server."""
        return self.world.organisation(f"Other{secrets.token_hex(2)}")


@contextmanager
def staged(kind: Kind) -> Generator[Stage]:
    """A stage; everything that it started has ended behind it."""
    with running_product() as (_, product):
        stage = Stage(product, kind)
        try:
            yield stage
        finally:
            stage.honest.stop()
