"""A real redis-server of a test's own, that can be killed and started again at the same address."""

import os
import subprocess
from pathlib import Path

import pytest
import redis

from deploy.local.processes import dies_with
from deploy.local.redis import redis_server, write_redis_configuration
from tests.product import free_port

needs_redis = pytest.mark.skipif(redis_server() is None, reason="needs Redis: sh deploy/local/redis.sh")


class RedisServer:
    """The process; `url` stays the same."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._file, self.url = write_redis_configuration(folder, self.port)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [str(redis_server()), str(self._file)],
            stdout=subprocess.DEVNULL,
            preexec_fn=dies_with(os.getpid()),
        )
        patience = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 4_000)
        client = redis.Redis.from_url(self.url, retry=patience)
        client.ping()
        client.close()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def says(self, channel: str, message: bytes) -> int:
        """Publish as a stranger who has the password."""
        client = redis.Redis.from_url(self.url)
        told = client.publish(channel, message)
        client.close()
        return int(told)

    def channels(self) -> list[str]:
        """The channels that somebody listens to."""
        client = redis.Redis.from_url(self.url)
        found = [name.decode() for name in client.pubsub_channels("*")]
        client.close()
        return found
