"""What `make audit` makes of its tools' findings: nothing passes that was not looked at, or is not named."""

from collections import Counter

import pytest

from deploy.audit.looks import Finding, beyond, faults, is_free

PICKLE = Finding("pickle", "a.py", 3, "loads")
ACCEPTED = Counter({("pickle", "a.py"): 1})


def test_what_is_accepted_is_no_finding_and_whatever_else_is() -> None:
    assert beyond([PICKLE], ACCEPTED) == []
    assert beyond([PICKLE], Counter()) == ["a.py:3 pickle: loads"]
    assert len(beyond([PICKLE, Finding("pickle", "b.py", 1, "loads")], ACCEPTED)) == 1


def test_more_of_it_than_was_accepted_tells_all_of_them() -> None:
    assert len(beyond([PICKLE, Finding("pickle", "a.py", 9, "loads")], ACCEPTED)) == 2


def test_an_exception_that_nothing_needs_any_more_is_a_finding() -> None:
    assert beyond([], ACCEPTED) == ["a.py pickle: accepted more often than it is there"]


def test_what_could_not_be_looked_up_is_a_finding_as_a_known_fault_is() -> None:
    told = [
        {"name": "quiet", "skip_reason": "not found"},
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]},
    ]
    assert [(fault.where, fault.rule) for fault in faults(told)] == [
        ("quiet", "not-looked-up"),
        ("bad", "PYSEC-1"),
    ]


@pytest.mark.parametrize("terms", ["MIT", "Apache-2.0 OR BSD-3-Clause", "MPL-2.0 AND (Apache-2.0 OR MIT)"])
def test_free_terms_are_known(terms: str) -> None:
    assert is_free(terms)


@pytest.mark.parametrize("terms", ["UNKNOWN", "", "AGPL-3.0", "MIT AND Proprietary"])
def test_others_are_not(terms: str) -> None:
    assert not is_free(terms)
