#!/bin/sh
# Redis, for signals between several web processes, from the system's packages where missing.
set -eu
cd "$(dirname "$0")/../.."

there() {
    .venv/bin/python -c 'import sys; from deploy.local.redis import redis_server; sys.exit(redis_server() is None)'
}

there && exit 0
if command -v apt-get >/dev/null 2>&1; then
    sh deploy/local/apt.sh Redis --no-install-recommends redis-server || true
    # Debian starts a server of its own; ours is a child of `make run`.
    if there && [ -d /run/systemd/system ]; then
        sh deploy/local/as_root.sh Redis systemctl disable --now --quiet redis-server
    fi
elif command -v brew >/dev/null 2>&1; then
    brew install redis || true
fi
there || {
    echo "Signals between web processes need Redis; install it and try again." >&2
    exit 1
}
