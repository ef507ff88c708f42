#!/bin/sh
# libfaketime, for machines whose clocks are wrong, from the system's packages where missing.
set -eu
cd "$(dirname "$0")/../.."

there() {
    .venv/bin/python -c 'import sys; from bench.chaos.skew import library; sys.exit(library() is None)'
}

there && exit 0
if command -v apt-get >/dev/null 2>&1; then
    sh deploy/local/apt.sh libfaketime --no-install-recommends libfaketime || true
fi
there || {
    echo "Clocks that are wrong need libfaketime; install it and try again." >&2
    exit 1
}
