"""The lists of the wire format. Each is measured before it is read: looking at its items is what costs.

    Some(item, most=50)    a list that has a greatest length
    Each(item, most=100)   one that a phone has gathered: a faulty item is told of by itself
    Separated(most=20)     the values of a query's parameter, with commas between them
    Whole(item, of="…")    in answers alone: all there is of something, and of what

There are no others (`tests/api/test_lists.py` looks at every schema), so whatever comes in is bounded, and of whatever
goes out it is known how large it gets.
"""

from typing import Any

from marshmallow import ValidationError, fields, validate

from base import text
from base.errors import Faulty

MOST_FAULTS = 50
"""So much that is wrong is told in one answer; to look for more of it is in vain."""
_MOST_DETAIL = 300


class Some(fields.List[Any]):
    """A list of `least` to `most` items."""

    def __init__(self, item: Any, *, most: int, least: int = 0, **options: Any) -> None:
        super().__init__(item, validate=validate.Length(least or None, most), **options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        self._validate(value)
        return self._read_all(value, **options)

    def _read_all(self, items: list[Any], **options: Any) -> list[Any]:
        """The items; raises what is wrong with the first of the faulty ones, and one more than can be told."""
        read: list[Any] = []
        faults: dict[int, Any] = {}
        for index, item in enumerate(items):
            try:
                read.append(self.inner.deserialize(item, **options))
            except ValidationError as error:
                faults[index] = error.messages
                if len(faults) > MOST_FAULTS:
                    break
        if faults:
            raise ValidationError(faults)  # type: ignore[arg-type] - by index, as marshmallow's own lists do
        return read


class Each(Some):
    """A list that a phone has gathered: a faulty item is a `Faulty` among the others, which it must not hold up."""

    def _read_all(self, items: list[Any], **options: Any) -> list[Any]:
        return [self._read(item, **options) for item in items]

    def _read(self, item: Any, **options: Any) -> Any:
        if isinstance(item, Faulty):
            return item
        try:
            return self.inner.deserialize(item, **options)
        except ValidationError as error:
            return Faulty(text.shortened(_first_fault(error.messages), _MOST_DETAIL))


class Separated(fields.String):
    """In a query: at most `most` values with commas between them, which are counted before they are read."""

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def parts(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[str]:
        """The values; raises where there are more."""
        parts = super()._deserialize(value, attr, data, **options).split(",", self.most)
        if len(parts) > self.most:
            raise ValidationError(f"At most {self.most} at a time.")
        return parts


class Whole(fields.List[Any]):
    """In an answer: all there is of something that has no greatest number. `of` says with what it grows."""

    def __init__(self, item: Any, *, of: str, metadata: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(item, metadata={**(metadata or {}), "x-grows-with": of}, **options)


def _first_fault(found: Any) -> str:
    """The first of marshmallow's messages, behind the member that it is about."""
    if isinstance(found, dict):
        member, inner = next(iter(found.items()))
        return _first_fault(inner) if member == "_schema" else f"{member}: {_first_fault(inner)}"
    return _first_fault(found[0]) if isinstance(found, list) else str(found)
