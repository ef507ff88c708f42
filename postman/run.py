"""`make postman`: runs the collection with newman against a fresh server, and stops the server.

Once, and then twice at the same time: it has to work on a database that lives, for several operators at once.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.local.cluster import ClusterError
from deploy.local.run import CannotRun, Product
from tests.product import free_port

HERE = Path(__file__).resolve().parent
_OPERATORS = 2
_LONGEST_S = 600


def main() -> None:
    """A server on a free port with a database of its own, newman, and away with both."""
    with tempfile.TemporaryDirectory(prefix="hereabouts-postman-") as folder:
        Path(folder).chmod(0o711)
        product = Product(Path(folder), "127.0.0.1", free_port())
        try:
            facts = product.start()
            with ThreadPoolExecutor(_OPERATORS) as operators:
                codes = [_newman(facts), *operators.map(_newman, [facts] * _OPERATORS)]
        except (CannotRun, ClusterError) as reason:
            sys.exit(str(reason))
        finally:
            product.stop()
    sys.exit(max(codes))


def _newman(facts: dict[str, Any]) -> int:
    """Run it; what it said comes in one piece."""
    command = [
        str(HERE / "node_modules" / ".bin" / "newman"),
        "run",
        str(HERE / "hereabouts.postman_collection.json"),
        *("--environment", str(HERE / "local.postman_environment.json")),
        *("--env-var", f"address={facts['address']}"),
        *("--env-var", f"mailbox={facts['mailbox']}"),
        *("--reporters", "cli", "--reporter-cli-no-success-assertions", "--color", "off"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    sys.stdout.write(done.stdout + done.stderr)
    return abs(done.returncode)


if __name__ == "__main__":
    main()
