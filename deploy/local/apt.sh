#!/bin/sh
# apt.sh WHAT ARGUMENT…: `apt-get install` of packages; where its lists are empty or old, they are fetched first.
# WHAT names them in the sentence that says what to install.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
what=$1
shift

install() {
    sh "$here/as_root.sh" "$what" apt-get install -y -qq "$@" >/dev/null
}

# Whether what is missing is a package, the network or the right is said by the second try.
install "$@" 2>/dev/null && exit 0
sh "$here/as_root.sh" "$what" apt-get update -qq
install "$@"
