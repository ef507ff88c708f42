#!/bin/sh
# node.sh FOLDER PACKAGE: what a folder's package-lock.json names, unless PACKAGE is there already. Node.js comes from
# the system's packages where missing.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v npm >/dev/null 2>&1 || sh "$root/deploy/local/as_root.sh" "Node.js with npm" apt-get install -y -qq nodejs npm
cd "$root/$1"
[ -d "node_modules/$2" ] || npm ci --silent --no-fund --no-audit
