#!/bin/sh
# node.sh FOLDER…: installs what each folder's package-lock.json names, hashes and all, unless just that is there already.
# Node.js is the environment's own.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
export PATH="$root/.venv/bin:$PATH"
for folder; do
    cd "$root/$folder"
    stamp=node_modules/.installed
    lock=$(cksum <package-lock.json)
    if ! [ -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
        npm ci --silent --no-fund --no-audit
        mkdir -p node_modules
        echo "$lock" >"$stamp"
    fi
done
