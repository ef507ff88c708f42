"""The looks of `make audit`. Each runs one tool, and gives what it found as lines of text.

A tool that could look nothing up finds that: silence would be taken for health.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
_TOOLS = ROOT / ".venv-audit" / "bin"
_RULES = ROOT / "deploy" / "audit" / "rules"
_CODE = (
    "api",
    "base",
    "deploy",
    "geo",
    "jobs",
    "journal",
    "live",
    "migrations",
    "people",
    "push",
    "schemas",
    "social",
)
# Terms under which the product may be handed on with all that it stands on.
_FREE = frozenset(
    {
        *("0BSD", "Apache Software License", "Apache-2.0", "BSD 3-Clause", "BSD License", "BSD-2-Clause"),
        *("BSD-3-Clause", "CC0-1.0", "GNU Library or Lesser General Public License (LGPL)", "LGPL-2.1-only"),
        *("MIT", "MIT License", "MIT-0", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "PSF-2.0"),
        *("ZPL-2.1", "Zlib"),
    }
)


@dataclass(frozen=True)
class Finding:
    """One thing that a tool found: by which rule, in which file or package, and what it says."""

    rule: str
    where: str
    line: int
    says: str


class ToolFailed(Exception):
    """The tool did not do its work; its own words."""


def rules_find_what_they_are_for() -> tuple[int, list[Finding]]:
    """Whether each rule of our own finds what it must: semgrep's own test of them."""
    said = _run("semgrep", "--test", "--json", "--config", "product.yml", "product.py", cwd=_RULES)
    results: dict[str, Any] = json.loads(said)["results"]
    checks = {rule: check for each in results.values() for rule, check in each["checks"].items()}
    failed = [rule for rule, check in checks.items() if not check["passed"]]
    return len(checks), [Finding(rule, "product.yml", 0, "finds not what it must") for rule in failed]


def semgrep() -> tuple[int, list[Finding]]:
    """Mistakes of the product's own kind; how many files were read, and what was found."""
    said = _run(
        *("semgrep", "scan", "--config", str(_RULES / "product.yml"), "--metrics", "off"),
        *("--disable-version-check", "--quiet", "--json", "--exclude", "deploy/audit/rules", "."),
    )
    told = json.loads(said)
    if told["errors"]:
        raise ToolFailed(str(told["errors"][0]))
    found = [
        Finding(
            each["check_id"].rpartition(".")[2], each["path"], each["start"]["line"], each["extra"]["message"]
        )
        for each in told["results"]
    ]
    return len(told["paths"]["scanned"]), found


def bandit() -> tuple[int, list[Finding]]:
    """Known mistakes in Python of medium weight and more.

    But for two of which our own rules know more: SQL that is put together, and pickles.
    """
    options = ("-q", "-ll", "-f", "json", "-s", "B608,B301", "-x", "deploy/audit/rules")
    said = _run("bandit", *options, "-r", *_CODE, "wsgi.py", finds=1)
    told = json.loads(said)
    if told["errors"]:
        raise ToolFailed(str(told["errors"][0]))
    found = [
        Finding(each["test_id"], each["filename"], each["line_number"], each["issue_text"])
        for each in told["results"]
    ]
    return len(told["metrics"]) - 1, found


def licences() -> tuple[int, list[Finding]]:
    """Packages of the product's lock under other terms than those that are known to be free."""
    told = json.loads(_run("pip-licenses", "--python=.venv/bin/python", "--from=mixed", "--format=json"))
    terms = {_same(each["Name"]): each["License"] for each in told}
    locked = set(_locked())
    unknown = [
        Finding("licence", name, 0, "is not installed: nobody knows its terms")
        for name in locked - terms.keys()
    ]
    unfree = [
        Finding("licence", name, 0, terms[name]) for name in locked & terms.keys() if not is_free(terms[name])
    ]
    return len(locked), sorted(unknown + unfree, key=lambda each: each.where)


def pip_audit() -> tuple[int, list[Finding]]:
    """Known faults of what is locked. Whatever could not be looked up is a finding: it may have any."""
    told = json.loads(
        _run(
            *("pip-audit", "-r", "requirements.txt", "--disable-pip", "--require-hashes", "-f", "json"),
            *("--progress-spinner", "off"),
            finds=1,
        )
    )
    return len(told["dependencies"]), list(faults(told["dependencies"]))


def faults(dependencies: list[dict[str, Any]]) -> Iterator[Finding]:
    """What pip-audit told of each package: its known faults, or that nobody looked."""
    for each in dependencies:
        if "skip_reason" in each:
            yield Finding("not-looked-up", each["name"], 0, each["skip_reason"])
        for fault in each.get("vulns", []):
            yield Finding(
                fault["id"], each["name"], 0, f"{each['version']}; mended in {fault['fix_versions']}"
            )


def beyond(findings: list[Finding], accepted: Counter[tuple[str, str]]) -> list[str]:
    """What is not as accepted, by rule and file: more of it, or less."""
    there = Counter((each.rule, each.where) for each in findings)
    more = {key for key, times in there.items() if times > accepted[key]}
    told = [
        f"{each.where}:{each.line} {each.rule}: {each.says}"
        for each in findings
        if (each.rule, each.where) in more
    ]
    gone = [
        f"{where} {rule}: accepted more often than it is there"
        for (rule, where), times in accepted.items()
        if times > there[rule, where]
    ]
    return told + gone


def is_free(terms: str) -> bool:
    """Whether a package under these terms may be handed on with the product."""
    return terms in _FREE or all(part.strip(" ()") in _FREE for part in re.split(" AND | OR ", terms))


def _locked() -> Iterator[str]:
    """The packages that the lock has for this Python and system."""
    lines = re.findall(r"^([A-Za-z0-9._-]+==.*?) \\$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    for asked in map(Requirement, lines):
        if asked.marker is None or asked.marker.evaluate():
            yield _same(asked.name)


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(tool: str, *arguments: str, cwd: Path = ROOT, finds: int = 0) -> str:
    """What a tool prints; `finds`: with which status it ends when it found something."""
    done = subprocess.run([_TOOLS / tool, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in (0, finds) or not done.stdout:
        raise ToolFailed(done.stderr.strip()[-500:] or f"{tool} ended with {done.returncode}")
    return done.stdout
