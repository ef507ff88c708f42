"""`python -m api.openapi` prints the OpenAPI document."""

import sys

import orjson

from api.app import create_app
from api.document import openapi
from base.settings import load_settings

if __name__ == "__main__":
    app = create_app(load_settings({"DATABASE_URL": "postgresql:///none", "SECRET_KEY": "-" * 32}))
    sys.stdout.buffer.write(orjson.dumps(openapi(app), option=orjson.OPT_INDENT_2) + b"\n")
