#!/bin/sh
# Makes .venv-audit from requirements-audit.txt; does nothing when that has not changed.
set -eu
cd "$(dirname "$0")/../.."

stamp=.venv-audit/lock.stamp
lock=$(cksum <requirements-audit.txt)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock" ] && exit 0
.venv/bin/uv venv -q --clear --python .venv/bin/python .venv-audit
VIRTUAL_ENV=.venv-audit .venv/bin/uv pip sync -q --require-hashes requirements-audit.txt
echo "$lock" >"$stamp"
