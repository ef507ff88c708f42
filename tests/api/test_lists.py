"""Every list says how long it gets at most, and every value that is sent how large: all schemas are walked."""

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from api.document import openapi
from api.resources import DECLARATIONS
from api.route import Declaration
from base.errors import Faulty
from schemas.base import MOST_FAULTS, SOME_ID, Each, Separated, Some, Text, Whole, Wire
from schemas.events import PAYLOADS
from schemas.online import Typing, Watch
from schemas.phone_queue import KINDS
from schemas.sightings import SeenPosts
from tests.api.operations import APP

ALL: dict[str, Declaration] = APP.extensions[DECLARATIONS]
SENT: set[type[Schema]] = {
    *(schema for declared in ALL.values() for schema in (declared.body, declared.query) if schema),
    *KINDS.values(),
    SeenPosts,
    Typing,
    Watch,
}
ANSWERED: set[type[Schema]] = {
    *(declared.answer for declared in ALL.values() if declared.answer),
    *PAYLOADS.values(),
}
Field = fields.Field[Any]


def walked(schemas: set[type[Schema]]) -> Iterator[tuple[str, Field]]:
    """Every field of the schemas, of those nested in them, and of the items of their lists, with its place."""
    pending, known = list(schemas), set(schemas)
    while pending:
        schema = pending.pop()
        for name, field in schema().fields.items():
            inner: Field | None = field
            while inner is not None:
                yield f"{schema.__name__}.{name}", inner
                if isinstance(inner, fields.Nested) and (nested := type(inner.schema)) not in known:
                    known.add(nested)
                    pending.append(nested)
                inner = inner.inner if isinstance(inner, fields.List) else None


BY_THEMSELVES = {"Point.coordinates", "Fix.speed"}
"""Numbers whose own type says how large they may be."""


def is_bounded(field: Field) -> bool:
    """Whether its length, or its size, has an end."""
    rules = field.validators
    if isinstance(field, fields.Integer | fields.Float):
        return any(isinstance(rule, validate.Range) and None not in (rule.min, rule.max) for rule in rules)
    if not isinstance(field, fields.String) or isinstance(field, fields.UUID | Separated):
        return True
    lengths = [rule for rule in rules if isinstance(rule, validate.Length)]
    if lengths:
        return all(rule.max is not None for rule in lengths)
    return (
        bool(rules) or "maxLength" in field.metadata
    )  # one of a few, in a form of one length, or a password


def test_no_list_that_is_sent_is_without_a_greatest_length() -> None:
    lists = {where: field for where, field in walked(SENT) if isinstance(field, fields.List)}
    assert lists.keys() >= {
        "FixBatch.fixes",
        "NewRehearsal.fixes",
        "OutboxBatch.items",
        "NewPost.mentions",
        "Watch.person_ids",
    }
    assert [where for where, field in lists.items() if not isinstance(field, Some)] == []


def test_no_list_in_an_answer_is_without_a_bound_or_the_word_what_it_grows_with() -> None:
    lists = {where: field for where, field in walked(ANSWERED) if isinstance(field, fields.List)}
    assert [where for where, field in lists.items() if not isinstance(field, Some | Whole)] == []


def test_only_these_answers_grow_with_what_there_is() -> None:
    grow = {
        where: field.metadata["x-grows-with"] for where, field in walked(ANSWERED) if isinstance(field, Whole)
    }
    assert grow == {
        "Access.items": "reasons of one person",
        "Bundle.contacts": "managers of the site",
        "Bundle.musters": "roll calls that run at once",
        "Bundle.places": "zones of the site",
        "Bundle.readable_ids": "zones of the site",
        "ChangedVisits.visits": "places around the marker",
        "DraftReport.advice": "places around the draft",
        "FixReport.visits": "places around the fixes",
        "Me.memberships": "memberships of one person",
        "MusterCards.items": "roll calls that run at once",
        "MusterReport.entries": "persons on the roll",
        "MyPlaces.memberships": "memberships of one person",
        "MyPlaces.visits": "places that one is in at once",
        "Occupancy.now": "zones of the site",
        "Occupancy.over_time": "zones of the site, times the steps",
        "RoleGrantList.items": "roles of one person",
        "UnreadScopes.items": "scopes that one person follows",
    }


def test_every_text_and_number_that_is_sent_has_a_bound() -> None:
    assert {where for where, field in walked(SENT) if not is_bounded(field)} == BY_THEMSELVES


def test_the_document_tells_how_long_lists_are() -> None:
    told = openapi(APP)["components"]["schemas"]
    assert told["FixBatch"]["properties"]["fixes"] | {"items": 0} == {
        "type": "array",
        "items": 0,
        "minItems": 1,
        "maxItems": 100,
    }
    assert told["PostPage"]["properties"]["items"]["maxItems"] == 100
    assert told["ProblemDetails"]["properties"]["errors"]["maxItems"] == MOST_FAULTS
    assert told["Me"]["properties"]["memberships"]["x-grows-with"] == "memberships of one person"
    lists = [
        p
        for schema in told.values()
        for p in schema.get("properties", {}).values()
        if p.get("type") == "array"
    ]
    assert all(
        "maxItems" in each or "x-grows-with" in each or each["items"] == {"type": "object"} for each in lists
    )


class Untouchable(fields.Field[Any]):
    """An item that nobody may look at."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        raise AssertionError("an item was read")


@pytest.mark.parametrize("kind", [Some, Each])
@pytest.mark.parametrize("items", [[], [{}] * 4, {"0": 1}, "abc", None, 3])
def test_a_list_is_measured_before_its_items_are_read(kind: type[Some], items: Any) -> None:
    with pytest.raises(ValidationError):
        kind(Untouchable(), least=1, most=3, required=True).deserialize(items)


def test_a_list_is_read_no_further_than_faults_are_told() -> None:
    looked = []

    class Bad(fields.Field[Any]):
        def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
            looked.append(value)
            raise ValidationError("No.")

    with pytest.raises(ValidationError) as refused:
        Some(Bad(), most=1_000).deserialize(list(range(1_000)))
    assert len(looked) == len(refused.value.messages) == MOST_FAULTS + 1


def test_good_items_between_faulty_ones_are_read_and_the_faults_keep_their_places() -> None:
    with pytest.raises(ValidationError) as refused:
        Some(fields.UUID(), most=5).deserialize(["x", SOME_ID, "y"])
    assert set(refused.value.messages) == {0, 2}


def test_a_gathered_list_tells_a_fault_of_its_own_item_and_never_at_length() -> None:
    class Item(Wire):
        word = Text(1, 5, required=True)

    read = Each(fields.Nested(Item), most=3).deserialize([{"word": "gate"}, {"word": "g", "x" * 50_000: 1}])
    assert read[0] == {"word": "gate"}
    assert isinstance(read[1], Faulty)
    assert len(read[1].detail) <= 300
