"""Exits with 0 where PostgreSQL and PostGIS are installed, else with 1."""

import subprocess
import sys
from pathlib import Path

from deploy.local.cluster import ClusterError, binaries


def has_postgis() -> bool:
    """Whether the newest PostgreSQL that is there has PostGIS."""
    try:
        folder = binaries()
    except ClusterError:
        return False
    config = folder / "pg_config"
    program = str(config) if config.exists() else "pg_config"
    asked = subprocess.run([program, "--sharedir"], capture_output=True, text=True, check=False)
    shares = [Path(asked.stdout.strip()), Path("/usr/share/postgresql") / folder.parent.name]
    return any((share / "extension" / "postgis.control").exists() for share in shares)


if __name__ == "__main__":
    sys.exit(0 if has_postgis() else 1)
