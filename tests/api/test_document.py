"""The OpenAPI document and its page."""

import re

from openapi_spec_validator import validate

from tests.world import World


def test_the_document_is_valid_openapi(world: World) -> None:
    document = world.app.test_client().get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_the_page_needs_nothing_from_outside(world: World) -> None:
    client = world.app.test_client()
    page = client.get("/docs/").get_data(as_text=True)
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(files) == 6
    assert {client.get(f"/docs/{file}").status_code for file in files} == {200}
    assert "/openapi.json" in client.get("/docs/start.js").get_data(as_text=True)
    assert "//" not in page.replace("<!DOCTYPE", "")
