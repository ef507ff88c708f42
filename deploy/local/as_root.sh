#!/bin/sh
# as_root.sh WHAT COMMAND…: runs the command as root, or says what to install. WHAT names it in the sentence.
set -eu
what=$1
shift
if [ "$(id -u)" = 0 ]; then
    exec env DEBIAN_FRONTEND=noninteractive "$@"
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    exec sudo env DEBIAN_FRONTEND=noninteractive "$@"
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
    exec sudo env DEBIAN_FRONTEND=noninteractive "$@"
fi
echo "Please have an administrator install $what ($*), and try again." >&2
exit 1
