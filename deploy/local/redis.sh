#!/bin/sh
# Redis, for signals between several web processes, from the system's packages where missing.
set -eu
cd "$(dirname "$0")/../.."

.venv/bin/python -c 'import sys; from deploy.local.redis import redis_server; sys.exit(redis_server() is None)' && exit 0

if command -v apt-get >/dev/null 2>&1; then
    # Without it the product runs too, with signals inside each process alone.
    sh deploy/local/as_root.sh Redis apt-get install -y -qq --no-install-recommends redis-server >/dev/null || exit 0
    # Debian starts a server of its own; ours is a child of `make run`.
    if [ -d /run/systemd/system ]; then
        sh deploy/local/as_root.sh Redis systemctl disable --now --quiet redis-server
    fi
elif command -v brew >/dev/null 2>&1; then
    brew install redis
fi
