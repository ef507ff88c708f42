"""Reading a batch of fixes the quick way gives what the schema gives, faults included."""

import itertools
from typing import Any

import orjson
import pytest
from marshmallow import Schema, ValidationError

from base.errors import Faulty
from schemas.visits import FixBatch, _plain_batch

GOOD = {"at": "2026-11-24T02:00:00Z", "lon": 7.1, "lat": 46, "accuracy": 8}
MOMENTS = [
    "2026-11-24T02:00:00.123456+09:00",
    "2026-11-24T02:00:00.1Z",
    "2026-11-24T02:00:00.1234567Z",
    "2026-11-24T02:00:00,5Z",
    "2026-11-24 02:00:00Z",
    "2026-11-24T02:00:00z",
    "2026-11-24T02:00Z",
    "20261124T020000Z",
    "2026-11-24T24:00:00Z",
    "2026-11-24T02:00:60Z",
    "2026-02-30T02:00:00Z",
    "2026-11-24T02:00:00",
    "2026-11-24T02:00:00+24:00",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "２０２６-11-24T02:00:00Z",
    "2026-11-24T02:00:00Z\n",
    "2026-11-24",
    "",
]
ODD = [
    None,
    True,
    False,
    0,
    1,
    -1,
    46,
    5.7,
    5.0,
    180,
    180.0000001,
    -91,
    1e6,
    1e7,
    1e308,
    999,
    1000,
    -99,
    -100,
]
ODD += [2**70, "7", "", [], {}, [1], {"a": 1}]
BATCHES: list[Any] = [None, [], "x", 1, {}, {"fixes": None}, {"fixes": []}, {"fixes": {}}, {"fixes": [None]}]
BATCHES += [{"fixes": [GOOD] * count} for count in (1, 100, 101)]
BATCHES += [{"fixes": [GOOD], "sent_at": sent_at} for sent_at in (None, *MOMENTS, 1, True)]
BATCHES += [{"fixes": [GOOD], "more": 1}, {"fixes": [GOOD, {**GOOD, "more": 1}]}, {"fixes": [GOOD, 7]}]
BATCHES += [{"fixes": [{**GOOD, "at": at}]} for at in MOMENTS]
BATCHES += [
    {"fixes": [GOOD, {**GOOD, name: value}]}
    for name, value in itertools.product(("at", "lon", "lat", "accuracy", "speed", "floor", "mock"), ODD)
]
BATCHES += [{"fixes": [{key: value for key, value in GOOD.items() if key != name}]} for name in GOOD]


def outcome(load: Any, batch: Any) -> Any:
    """What was read, with the types (46 and 46.0 are equal, and one of them is no float), or the faults."""
    try:
        read = load(batch)
    except ValidationError as error:
        return error.messages
    return read["sent_at"], [
        fix if isinstance(fix, Faulty) else sorted((name, repr(value)) for name, value in fix.items())
        for fix in read["fixes"]
    ]


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: repr(batch)[:60])
def test_quick_or_not_a_batch_is_read_the_same(batch: Any) -> None:
    schema, before = FixBatch(), repr(batch)
    assert outcome(schema.load, batch) == outcome(lambda given: Schema.load(schema, given), batch)
    assert repr(batch) == before


def test_plain_batches_are_read_the_quick_way() -> None:
    full = {**GOOD, "speed": 0.5, "floor": 2, "mock": False}
    raw = orjson.dumps({"sent_at": GOOD["at"], "fixes": [GOOD, full]})
    assert _plain_batch(orjson.loads(raw)) is not None
