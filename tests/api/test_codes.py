"""Codes as pictures: whatever a marker is called, the picture can be read."""

from xml.etree import ElementTree

import pytest

from api.codes import code_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Door & <gate>", "Door & <gate>"),
        ("a\x00b\x0bc\x1bd", "ab cd"),
        ("e\ufffef\uffff", "ef"),
        ("문 \U0001f6aa", "문 \U0001f6aa"),
        ("'\"]]>", "'\"]]>"),
    ],
)
def test_a_name_is_drawn_below_the_code(name: str, drawn: str) -> None:
    picture = ElementTree.fromstring(code_svg("HB1.CODE", name))  # noqa: S314 - our own
    assert [text.text for text in picture.iter(f"{SVG}text")] == [drawn]
