"""Redis for `make chaos`, behind a proxy of its own: what carries signals between the web processes."""

import subprocess
from pathlib import Path

from bench.chaos.apart import ProxyApart
from deploy.local.redis import redis_server, write_redis_configuration
from tests.product import free_port


class RedisPart:
    """`url` is for the processes, and leads through `proxy`."""

    def __init__(self, folder: Path) -> None:
        program, port = redis_server(), free_port()
        assert program is not None, "redis-server is not installed"
        file, url = write_redis_configuration(folder / "redis", port)
        self._command = [program, str(file)]
        self.proxy = ProxyApart(port)
        self.url = url.replace(f":{port}", f":{self.proxy.port}")
        self.start()

    def start(self) -> None:
        """Start it; the processes find it by themselves."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """kill -9, and a new one at once."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and the proxy."""
        self.stop()
        self.proxy.close()
