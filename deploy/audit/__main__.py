"""`python -m deploy.audit`: one JSON object a look; exit 1 when any found what accepted.toml does not name.

What is accepted is named by its rule and file, with how often it is there and why. More of it is a finding, and so is
less: an exception that nothing needs any more would let the next mistake through.
"""

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Callable

from deploy.audit import looks
from deploy.audit.looks import Finding, ToolFailed

_LOOKS: dict[str, Callable[[], tuple[int, list[Finding]]]] = {
    "rules": looks.rules_find_what_they_are_for,
    "semgrep": looks.semgrep,
    "bandit": looks.bandit,
    "licences": looks.licences,
    "pip-audit": looks.pip_audit,
}


def main() -> int:
    """Every look, one after the other."""
    accepted = _accepted()
    clean = [_look(name, look, accepted.get(name, Counter())) for name, look in _LOOKS.items()]
    return 0 if all(clean) else 1


def _accepted() -> dict[str, Counter[tuple[str, str]]]:
    named = tomllib.loads((looks.ROOT / "deploy" / "audit" / "accepted.toml").read_text())
    return {
        look: Counter({(each["rule"], each["where"]): each["times"] for each in exceptions})
        for look, exceptions in named.items()
    }


def _look(
    name: str, look: Callable[[], tuple[int, list[Finding]]], accepted: Counter[tuple[str, str]]
) -> bool:
    try:
        looked_at, findings = look()
        found = looks.beyond(findings, accepted)
    except ToolFailed as failure:
        looked_at, found = 0, [f"did not work: {failure}"]
    told = {"look": name, "looked_at": looked_at, "accepted": accepted.total(), "found": found}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return looked_at > 0 and not found


if __name__ == "__main__":
    sys.exit(main())
