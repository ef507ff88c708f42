"""What a process loads before it works: not what other processes are for, nor what lies about installed."""

import os
import subprocess
import sys

import pytest

from tests.product import ROOT

SETTINGS = {"DATABASE_URL": "postgresql://nowhere/none", "SECRET_KEY": "-" * 32}
# Firebase belongs to the worker, GDAL to the process that reads files, Redis to several web processes.
FOREIGN = {
    "wsgi": {"firebase_admin", "google", "grpc", "pyogrio", "redis", "requests", "httpx"},
    "jobs.worker": {"flask", "marshmallow", "gevent", "socketio", "pyogrio", "redis"},
    "jobs.relay": {
        "flask",
        "marshmallow",
        "gevent",
        "socketio",
        "firebase_admin",
        "numpy",
        "shapely",
        "redis",
    },
    "geo.files.reader": {"flask", "marshmallow", "sqlalchemy", "gevent", "firebase_admin", "psycopg2"},
}
NOBODYS = {"google.cloud", "google.api_core", "hypothesis", "pytest", "openapi_spec_validator"}


@pytest.mark.parametrize("process", FOREIGN)
def test_a_process_loads_nothing_that_is_for_others(process: str) -> None:
    code = f"import sys, {process}; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **SETTINGS},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()) & (FOREIGN[process] | NOBODYS) == set()
