#!/bin/sh
# node.sh FOLDER…: installs what each folder's package-lock.json names, hashes and all, unless it is there already.
# Node.js is the environment's own.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
export PATH="$root/.venv/bin:$PATH"
for folder; do
    cd "$root/$folder"
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-fund --no-audit
done
