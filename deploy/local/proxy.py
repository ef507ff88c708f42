"""nginx in front of several web processes: its configuration, and the ports behind it.

Who connects anew goes to the process with the fewest connections. A polling client must come back to the process that
has its session: every process begins its session ids with its own name (`WEB_NAME`), and nginx reads the name from the
query. So no cookie is needed, many phones behind one address spread, and a WebSocket needs no stickiness at all.

It keeps nothing for anybody: bodies and answers pass through bounded buffers and never lie on its disk, so the process
says to a body what it thinks of it before it has come. What does not come or is not read in its time is cut. One
address has so many requests and sockets at a time, and so many new requests a second: enough for hundreds of phones
behind a carrier's one address. Addresses of the machine itself are not counted.

No process is ever left alone for having failed (`max_fails=0`): a dead one refuses at once, and the next is tried; a
living one may end connections that keep it waiting, and whoever brings that about must not take it from everybody.
"""

import grp
import json
import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
    server_tokens off;

    # Heads and bodies: within their time, and no larger than any route of the application takes.
    client_header_timeout {header_s}s;
    client_header_buffer_size 4k;
    large_client_header_buffers 4 16k;
    client_body_timeout {transfer_s}s;  # between two reads
    client_max_body_size 16m;  # what a route takes is said by the application
    client_body_buffer_size 64k;
    proxy_request_buffering off;
    # Answers: what a phone does not take waits in these buffers and then in the application, which cuts it.
    send_timeout {transfer_s}s;
    reset_timedout_connection on;
    proxy_buffers 8 16k;
    proxy_max_temp_file_size 0;
    keepalive_timeout {rest_s}s;
    lingering_time 10s;

    geo $stranger {{ default 1; {own} }}
    map $stranger $counted {{ 0 ""; default $binary_remote_addr; }}
    limit_conn_zone $counted zone=connections:10m;
    limit_req_zone $counted zone=requests:10m rate=500r/s;
    limit_conn_status 503;
    limit_req_status 429;

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
        keepalive 64;  # for 60 s, less than a process's KEEP_ALIVE
    }}
{singles}
    server {{
        listen {host}:{port};
        error_page 413 @too_large;
        error_page 429 @too_many;
        error_page 503 @full;
        location @too_large {{
            default_type application/problem+json;
            return 413 '{too_large}';
        }}
        location @too_many {{
            default_type application/problem+json;
            add_header Retry-After 1 always;
            return 429 '{too_many}';
        }}
        location @full {{
            default_type application/problem+json;
            add_header Retry-After 5 always;
            return 503 '{full}';
        }}
        location / {{
            limit_conn connections {per_address};
            limit_req zone=requests burst=2000 nodelay;
            proxy_pass http://$web;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $hop;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_connect_timeout 2s;
            proxy_send_timeout {transfer_s}s;
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


@dataclass(frozen=True)
class Bounds:
    """Seconds for heads, between two reads or writes, of rest between requests; then connections of one address.

    `count_own`: addresses of the machine itself are counted, too.
    """

    header_s: int = 15
    transfer_s: int = 20
    rest_s: int = 75
    per_address: int = 1_000
    count_own: bool = False


def write_configuration(
    folder: Path, host: str, port: int, webs: Mapping[str, int], bounds: Bounds | None = None
) -> Path:
    """Write it for web processes (name to port) into a folder that nginx may use as its own; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path, bounds = folder / "nginx.conf", bounds or Bounds()
    text = _CONFIGURATION.format(
        user=f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else "",
        names="\n".join(f'        "~^{name}\\." web_{name};' for name in webs),
        servers="\n".join(f"        server {_INNER}:{p} max_fails=0;" for p in webs.values()),
        singles="\n".join(_single(name, inner) for name, inner in webs.items()),
        host=host,
        port=port,
        too_large=_problem(413, "too_large", "The body is too large"),
        too_many=_problem(429, "too_many_requests", "Too many requests from this address; wait a little"),
        full=_problem(503, "unavailable", "Too many connections from this address"),
        own="" if bounds.count_own else "127.0.0.0/8 0; ::1 0;",
        **asdict(bounds),
    )
    path.write_text(text)
    return path


def _problem(status: int, code: str, title: str) -> str:
    """A refusal of nginx's own in the form of the application's."""
    return json.dumps(
        {"type": f"/errors#{code}", "title": title, "status": status, "detail": title, "code": code}
    )


def _single(name: str, port: int) -> str:
    return f"    upstream web_{name} {{ zone web_{name} 64k; server {_INNER}:{port}; keepalive 64; }}"
