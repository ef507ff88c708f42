"""`make postman`: runs the collection with newman against a fresh server, and stops the server."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.local.cluster import ClusterError
from deploy.local.run import CannotRun, Product
from tests.product import free_port

HERE = Path(__file__).resolve().parent


def main() -> None:
    """A server on a free port with a database of its own, newman, and away with both."""
    with tempfile.TemporaryDirectory(prefix="hereabouts-postman-") as folder:
        Path(folder).chmod(0o711)
        product = Product(Path(folder), "127.0.0.1", free_port())
        try:
            facts = product.start()
            code = _newman(facts["address"])
        except (CannotRun, ClusterError) as reason:
            sys.exit(str(reason))
        finally:
            product.stop()
    sys.exit(code)


def _newman(address: str) -> int:
    command = [
        str(HERE / "node_modules" / ".bin" / "newman"),
        "run",
        str(HERE / "hereabouts.postman_collection.json"),
        *("--environment", str(HERE / "local.postman_environment.json")),
        *("--env-var", f"address={address}"),
        *("--reporters", "cli", "--reporter-cli-no-success-assertions", "--color", "off"),
    ]
    return subprocess.run(command, env=os.environ, check=False).returncode


if __name__ == "__main__":
    main()
