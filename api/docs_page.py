"""The API document as a page, at /docs/: Swagger UI from our own address, offline, and nothing inside the page runs."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory

from api.browsers import PAGE
from base.errors import NotFound

blueprint = Blueprint("docs", __name__, url_prefix="/docs")
_FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
_FILES = frozenset(
    {
        "favicon-16x16.png",
        "favicon-32x32.png",
        "index.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "swagger-ui.css",
    }
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Hereabouts</title>
<link rel="stylesheet" href="index.css">
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" type="image/png" href="favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-ui-standalone-preset.js"></script>
<script src="start.js"></script>
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "/openapi.json",
  layout: "StandaloneLayout",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  plugins: [SwaggerUIBundle.plugins.DownloadUrl],
});
"""
_HEADERS = {"Content-Security-Policy": PAGE, "Cache-Control": "no-cache"}


@blueprint.get("/")
def page() -> Response:
    """The page itself."""
    return Response(_PAGE, mimetype="text/html", headers=_HEADERS)


@blueprint.get("/start.js")
def start() -> Response:
    """What the page runs."""
    return Response(_START, mimetype="text/javascript", headers=_HEADERS)


@blueprint.get("/<name>")
def file(name: str) -> Response:
    """One of Swagger UI's files that the page needs."""
    if name not in _FILES:
        raise NotFound
    response = send_from_directory(_FOLDER, name)
    response.headers.update(_HEADERS)
    return response
