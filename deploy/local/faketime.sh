#!/bin/sh
# libfaketime, for machines whose clocks are wrong, from the system's packages where missing.
set -eu
cd "$(dirname "$0")/../.."

.venv/bin/python -c 'import sys; from bench.chaos.skew import library; sys.exit(library() is None)' && exit 0

if command -v apt-get >/dev/null 2>&1; then
    sh deploy/local/as_root.sh libfaketime apt-get install -y -qq --no-install-recommends libfaketime >/dev/null
fi
