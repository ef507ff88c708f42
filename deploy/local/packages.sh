#!/bin/sh
# PostgreSQL >= 15 with PostGIS, from the system's packages where missing; nginx and Redis, where WEB_PROCESSES is more than 1.
set -eu
cd "$(dirname "$0")/../.."

case ${WEB_PROCESSES:-1} in
    1) ;;
    *)
        sh deploy/local/nginx.sh
        # Without it the product runs, too, with signals inside each process alone.
        sh deploy/local/redis.sh || echo "It goes on without Redis." >&2
        ;;
esac

newest_postgis() {
    apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | sort -t- -k2 -n | tail -n 1 | cut -d' ' -f1
}

.venv/bin/python -m deploy.local.postgis && exit 0

if command -v apt-get >/dev/null 2>&1; then
    what="PostgreSQL 15 or newer with PostGIS"
    # Debian would start a cluster of its own; ours is private.
    if ! [ -e /etc/postgresql-common/createcluster.conf ] && [ "$(id -u)" = 0 ]; then
        mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    fi
    newest=$(newest_postgis)
    if [ -z "$newest" ]; then
        sh deploy/local/as_root.sh "$what" apt-get update -qq
        newest=$(newest_postgis)
    fi
    [ -n "$newest" ] || { echo "This system has no package with PostGIS; install $what." >&2; exit 1; }
    sh deploy/local/apt.sh "$what" "$newest" "$(echo "$newest" | cut -d- -f1,2)" || true
elif command -v brew >/dev/null 2>&1; then
    brew install postgresql@17 postgis || true
fi
.venv/bin/python -m deploy.local.postgis || {
    echo "PostgreSQL 15 or newer with PostGIS is needed; install it and try again." >&2
    exit 1
}
