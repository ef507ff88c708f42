#!/bin/sh
# newman, from its lock, for `make postman`; Node.js comes from the system's packages where missing.
set -eu
cd "$(dirname "$0")/../../postman"
command -v npm >/dev/null 2>&1 || sh ../deploy/local/as_root.sh "Node.js with npm" apt-get install -y -qq nodejs npm
[ -x node_modules/.bin/newman ] || npm ci --silent --no-fund --no-audit
