"""Codes as pictures. A QR code in capitals and digits alone is a size smaller than the same in mixed letters."""

import io
import re
from html import escape

import segno

from base.text import steering, without_steering

_SCALE, _MARGIN, _LINE = 8, 4, 40
# What XML 1.0 has no way to write, not even escaped (its production 2, Char).
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def code_svg(code: str, name: str) -> bytes:
    """The code with the marker's name below, as SVG; of the name without what XML or a printer stumbles over."""
    name = name if steering(name) is None else without_steering(name)
    drawn = segno.make(code, error="m", micro=False)
    width, height = drawn.symbol_size(scale=_SCALE, border=_MARGIN)
    inside = drawn.svg_inline(scale=_SCALE, border=_MARGIN)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + _LINE}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{inside}'
        f'<text x="{width / 2}" y="{height + _LINE / 2}" text-anchor="middle" font-family="sans-serif" '
        f'font-size="20">{escape(_NOT_IN_XML.sub("", name))}</text></svg>'
    ).encode()


def plain_svg(text: str) -> str:
    """A text as a QR code alone, as SVG."""
    drawn = segno.make(text, error="m", micro=False)
    return drawn.svg_inline(scale=_SCALE, border=_MARGIN, light="#fff")


def code_pdf(code: str) -> bytes:
    """The code alone, as PDF."""
    out = io.BytesIO()
    segno.make(code, error="m", micro=False).save(out, kind="pdf", scale=_SCALE, border=_MARGIN)
    return out.getvalue()
