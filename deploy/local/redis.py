"""A private Redis on the loopback: behind a password, and without a file of its data."""

import os
import secrets
import shutil
from pathlib import Path

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
daemonize no
dir {folder}
maxmemory 64mb
proto-max-bulk-len 1mb
"""


def redis_server() -> str | None:
    """The program, where it is installed."""
    return shutil.which("redis-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def write_redis_configuration(folder: Path, port: int) -> tuple[Path, str]:
    """Write it, with a new password; returns the file and the URL for `REDIS_URL`."""
    folder.mkdir(parents=True, exist_ok=True)
    path, password = folder / "redis.conf", secrets.token_urlsafe(24)
    path.touch(mode=0o600)
    path.write_text(_CONFIGURATION.format(port=port, password=password, folder=folder))
    return path, f"redis://:{password}@127.0.0.1:{port}"
