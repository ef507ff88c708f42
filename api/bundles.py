"""A site for where there is no network."""

from uuid import UUID

from api.answers import Answer
from api.etags import conditional
from api.route import Call, Routes
from people.permissions import Permission
from schemas.bundles import Bundle
from social.bundle import bundle

routes = Routes("bundles", "Bundles: a site for where there is no network")


@routes.route(
    "GET",
    "/sites/<uuid:site_id>/bundle",
    permission=Permission.ACCOUNT_USE,
    answer=Bundle,
    headers={"ETag": "For If-None-Match: 304 when nothing has changed"},
)
def read_bundle(call: Call, site_id: UUID) -> Answer:
    """All that I may know of a site, in one answer to keep: places, charter, managers, newest posts, roll calls."""
    return conditional(bundle(call.session, call.actor, site_id))
