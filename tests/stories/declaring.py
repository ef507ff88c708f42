"""Types of events as a later release may declare them, for the length of a test."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from journal.catalogue import CATALOGUE
from journal.event_types import EventType

Declares = Callable[..., EventType]


@pytest.fixture
def declares(monkeypatch: pytest.MonkeyPatch) -> Declares:
    """Declare a type as this one but for what is named."""

    def declare(like: EventType, **changes: Any) -> EventType:
        declared = replace(like, **changes)
        monkeypatch.setitem(CATALOGUE, declared.name, declared)
        return declared

    return declare
