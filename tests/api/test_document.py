"""The OpenAPI document and its page."""

from openapi_spec_validator import validate

from tests.world import World


def test_the_document_is_valid_openapi(world: World) -> None:
    document = world.app.test_client().get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_the_page_needs_nothing_from_outside(world: World) -> None:
    client = world.app.test_client()
    page = client.get("/docs/").get_data(as_text=True)
    assert "/openapi.json" in page
    assert "https://" not in page.replace("https://github.com", "")
    assert client.get("/docs/swagger-ui-bundle.js").status_code == 200
