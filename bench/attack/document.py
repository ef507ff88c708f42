"""Requests that nobody thought of: schemathesis reads the API document and asks, as everybody who may ask."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.attack.case import Case
from bench.attack.stage import Kind, Stage
from bench.stage import lasting
from tests.api.operations import OPERATIONS
from tests.stories.checkins import marker
from tests.stories.visitors import comes_as_visitor

CASES_EACH = int(os.environ.get("SCHEMATHESIS_CASES", "15000"))
# These end the session of whoever asks, or their account: then everything else would be asked by nobody.
_ENDING = ("sign_out", "change_password", "change_own_address", "end_person")
# What a phone has gathered is answered item by item: a faulty one is refused in its place, and not the request.
_SETTINGS = """
[checks]
negative_data_rejection.expected-statuses = [
    400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 422, 428, 429, 431
]
positive_data_acceptance.enabled = false  # ids are made up
use_after_free.enabled = false
ensure_resource_availability.enabled = false
object_level_authorization.enabled = false

[[operations]]
include-operation-id = [
    "import_collection", "import_streaming", "report_deliveries", "report_fixes", "report_region_events", "send_queued"
]
checks.negative_data_rejection.enabled = false
"""


def asked_by(role: str, stage: Stage) -> list[str]:
    """Every operation of the document, as somebody of that role."""
    token = _token(role, stage)
    operations = len(OPERATIONS)
    (stage.product.folder / "schemathesis.toml").write_text(_SETTINGS)
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        "schemathesis.toml",
        "run",
        f"{stage.address}/openapi.json",
    ]
    command += ["--phases", "examples,coverage,fuzzing", "-w", "2"]
    command += ["-n", str(max(1, CASES_EACH // operations)), "--continue-on-failure", "--no-shrink"]
    command += ["--seed", "13", "--request-timeout", "30", "--suppress-health-check", "all"]
    for operation in _ENDING:
        command += ["--exclude-operation-id", operation]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    run = subprocess.run(command, cwd=stage.product.folder, capture_output=True, text=True, check=False)
    Path(stage.product.folder / f"schemathesis-{role}.log").write_text(run.stdout + run.stderr)
    print("  " + " ".join(_counts(run.stdout)))
    return [] if run.returncode == 0 else _failures(run.stdout)


def _token(role: str, stage: Stage) -> str | None:
    org = stage.new_organisation()
    if role == "administrator":
        return lasting(org.admin)
    if role == "member":
        return lasting(org.person("Mel", scopes=[org.site()]))
    if role == "visitor":
        shown = marker(org, org.site(), admits_visitors_hours=8)
        code = org.admin.get(f"/v1/admin/markers/{shown}/code")["code"]
        return lasting(comes_as_visitor(org, code))
    return None


def _counts(said: str) -> list[str]:
    return re.findall(r"Test cases:.*|\d+ generated.*", said)[-2:]


def _failures(said: str) -> list[str]:
    """Which operations failed, each with the first words of why."""
    told = re.findall(r"^_+ (.+?) _+$(.*?)(?=^_{3,}|\Z)", said, re.MULTILINE | re.DOTALL)
    return [f"{operation}: {' '.join(why.split())[:300]}" for operation, why in told[:20]] or [said[-800:]]


CASES = tuple(
    Case(f"document.{role}", partial(asked_by, role), 256, on=Kind.UNPACED)
    for role in ("administrator", "member", "visitor", "nobody")
)
