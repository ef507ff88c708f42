"""The Postman collection is what the API document and the flows say."""

from postman.build import TARGET, built


def test_the_collection_is_up_to_date() -> None:
    assert TARGET.read_text() == built(), "run `make collection`"
