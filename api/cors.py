"""Web pages of other addresses: browsers let them read answers where we name their origin, and ask us first.

A token goes with every request by the page's own doing, and never by itself as a cookie would. So nothing is allowed
"with credentials", and a page that is not listed can do no more than any program: it has no token.
"""

from flask import Flask, Response, request

from base.origins import is_welcome

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_ASKED = (
    "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
)
_TOLD = (
    "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, X-Request-Id, "
    "WWW-Authenticate, Content-Disposition"
)
_KEPT_S = 7_200  # how long a browser need not ask again; none keeps it longer


def register_cors(app: Flask, listed: frozenset[str]) -> None:
    """Answer browsers that ask first, before anybody is asked for a token; name a page's origin where it is welcome."""

    def before() -> Response | None:
        return Response(status=204) if _asks_first() else None

    def after(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        # With trusted proxies werkzeug has put their word into the environment already, which is then taken as it is.
        if is_welcome(origin, request.environ, listed, proxies=0):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _TOLD
            if _asks_first():
                response.headers["Access-Control-Allow-Methods"] = _METHODS
                response.headers["Access-Control-Allow-Headers"] = _ASKED
                response.headers["Access-Control-Max-Age"] = str(_KEPT_S)
        return response

    app.before_request(before)
    app.after_request(after)


def _asks_first() -> bool:
    """Whether a browser asks whether a page may send a request."""
    headers = request.headers
    return request.method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers
