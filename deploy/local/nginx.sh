#!/bin/sh
# nginx, for several web processes, from the system's packages where missing.
set -eu
cd "$(dirname "$0")/../.."

there() {
    .venv/bin/python -c 'import sys; from deploy.local.proxy import has_nginx; sys.exit(not has_nginx())'
}

there && exit 0
if command -v apt-get >/dev/null 2>&1; then
    sh deploy/local/apt.sh nginx --no-install-recommends nginx-light ||
        sh deploy/local/apt.sh nginx --no-install-recommends nginx || true
    # Debian starts a server of its own on port 80; ours is a child of `make run`.
    if there && [ -d /run/systemd/system ]; then
        sh deploy/local/as_root.sh nginx systemctl disable --now --quiet nginx
    fi
elif command -v brew >/dev/null 2>&1; then
    brew install nginx || true
fi
there || {
    echo "Several web processes need nginx; install it and try again." >&2
    exit 1
}
