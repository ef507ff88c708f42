"""What every answer tells browsers: to run nothing of it, to show it in no frame, to guess at nothing.

A page says what it needs instead (`PAGE`): scripts and styles of its own address, as files and never within the page.
Nothing here protects phones, which heed none of it; it keeps what people wrote from running where somebody opens an
answer in a browser.
"""

from flask import Flask, Response, request

_CLOSED = "; ".join(
    f"{directive} 'none'" for directive in ("default-src", "base-uri", "form-action", "frame-ancestors")
)
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page of ours may load: files of the same address, and pictures that stand in its styles."""
_ALWAYS = {
    "Content-Security-Policy": _CLOSED,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # No cache keeps what no view has allowed it to.
    "Cache-Control": "no-store",
}
_TWO_YEARS_S = 63_072_000


def register_browser_rules(app: Flask) -> None:
    """Put them on every answer that does not say otherwise."""

    def after(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:  # over a plain line nobody can promise it
            response.headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS_S}")
        return response

    app.after_request(after)
