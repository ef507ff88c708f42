"""Pages that ask for a socket: browsers name their origin, and are told whether they may read the answer."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from base.origins import is_welcome

Welcomes = Callable[[str, Mapping[str, Any]], bool]
NOBODY_ELSE: Welcomes = partial(is_welcome, listed=frozenset(), proxies=0)


class Origins:
    """Those that `welcomes` says yes to. Phones name none."""

    def __init__(self, welcomes: Welcomes) -> None:
        self._welcomes = welcomes

    def let_in(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request may be served."""
        return "HTTP_ORIGIN" not in environ or self._welcomes(environ["HTTP_ORIGIN"], environ)

    def headers(self, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What a browser asks of an answer before a page of another address may read it."""
        told = [("Vary", "Origin")]
        if "HTTP_ORIGIN" in environ and self.let_in(environ):
            told.append(("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]))
            if environ["REQUEST_METHOD"] == "OPTIONS":
                told.append(("Access-Control-Allow-Methods", "GET, POST"))
                told.append(("Access-Control-Allow-Headers", "Content-Type"))
        return told
