"""nginx in front of several web processes: its configuration, and the ports behind it.

Who connects anew goes to the process with the fewest connections. A polling client must come back to the process that
has its session: every process begins its session ids with its own name (`WEB_NAME`), and nginx reads the name from the
query. So no cookie is needed, many phones behind one address spread, and a WebSocket needs no stickiness at all.
"""

import grp
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

_INNER = "127.0.0.1"
_FARTHEST_PORT = 200
_CONFIGURATION = """\
daemon off;
worker_processes auto;
worker_rlimit_nofile 65536;
pid nginx.pid;
error_log stderr warn;
{user}
events {{ worker_connections 16384; }}

http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path answers;
    fastcgi_temp_path unused; uwsgi_temp_path unused; scgi_temp_path unused;

    map $http_upgrade $hop {{ default upgrade; "" ""; }}
    map $arg_sid $web {{
        default web;
{names}
    }}
    upstream web {{
        zone web 256k;
        least_conn;
{servers}
        keepalive 64;
    }}
{singles}
    server {{
        listen {host}:{port};
        client_max_body_size 0;  # the application says what is too large
        location / {{
            proxy_pass http://$web;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $hop;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_connect_timeout 2s;
            proxy_read_timeout 75s;  # longer than the heartbeat of a socket and the longest wait of sync
        }}
    }}
}}
"""


def has_nginx() -> bool:
    """Whether nginx is installed."""
    return nginx() is not None


def nginx() -> str | None:
    """The program; it may lie where only root looks."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_ports(count: int, after: int) -> list[int]:
    """Ports of the loopback that nobody uses, the next ones after a port; fewer when there are not so many."""
    found: list[int] = []
    for port in range(after + 1, min(after + _FARTHEST_PORT, 65536)):
        if len(found) == count:
            break
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_INNER, port))
            except OSError:
                continue
        found.append(port)
    return found


def write_configuration(folder: Path, host: str, port: int, webs: Mapping[str, int]) -> Path:
    """Write it for web processes (name to port) into a folder that nginx may use as its own; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "nginx.conf"
    text = _CONFIGURATION.format(
        user=f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else "",
        names="\n".join(f'        "~^{name}\\." web_{name};' for name in webs),
        servers="\n".join(f"        server {_INNER}:{p} max_fails=1 fail_timeout=1s;" for p in webs.values()),
        singles="\n".join(_single(name, inner) for name, inner in webs.items()),
        host=host,
        port=port,
    )
    path.write_text(text)
    return path


def _single(name: str, port: int) -> str:
    return f"    upstream web_{name} {{ zone web_{name} 64k; server {_INNER}:{port}; keepalive 64; }}"
