"""The resources of the API, and how their routes become the application's."""

from functools import update_wrapper
from importlib import import_module
from typing import Any

from flask import Flask, Response
from flask_smorest import Api, Blueprint

from api.document import described
from api.life import handle
from api.route import Declaration, Routes, View

DECLARATIONS = "hereabouts_declarations"
"""The name under which `app.extensions` keeps every route's declaration, by its endpoint."""
# In the order in which the API document and the collection show them: what a phone needs, as it comes to need it, then
# what managers do. Each names a file in api/ that has `routes`.
RESOURCES = (
    "sessions",
    "invitations",
    "passwords",
    "me",
    "devices",
    "direct_conversations",
    "places",
    "fixes",
    "checkins",
    "regions",
    "musters",
    "privacy",
    "feed",
    "posts",
    "preferences",
    "reads",
    "notices",
    "notifications",
    "online",
    "memberships",
    "roles",
    "sync",
    "phone_queue",
    "bundles",
    "admin.people",
    "admin.invitations",
    "admin.memberships",
    "admin.roles",
    "admin.scopes",
    "admin.places",
    "admin.markers",
    "admin.musters",
    "admin.notices",
    "admin.presence",
    "admin.push",
    "admin.imports",
    "admin.services",
    "admin.drafts",
    "admin.audit",
)


def register_resources(app: Flask, api: Api) -> None:
    """Answer and document every route of every resource."""
    declarations: dict[str, Declaration] = app.extensions.setdefault(DECLARATIONS, {})
    for name in RESOURCES:
        routes: Routes = import_module(f"api.{name}").routes
        blueprint = Blueprint(
            routes.name, routes.name, description=routes.description, url_prefix=routes.prefix
        )
        for declared, view in routes.declared:
            handler = blueprint.doc(**described(declared, view))(_handler(declared, view))
            blueprint.route(declared.path, methods=[declared.method])(handler)
            declarations[f"{routes.name}.{view.__name__}"] = declared
        api.register_blueprint(blueprint)


def _handler(declared: Declaration, view: View) -> Any:
    """What Flask calls; it has the view's name and docstring, which the document tells."""

    def handler(**path: Any) -> Response:
        return handle(declared, view, path)

    return update_wrapper(handler, view, assigned=("__name__", "__doc__"))
