"""Bundles on the wire: a site, for where there is no network."""

from marshmallow import fields

from schemas.base import ID, Wire
from schemas.musters import MusterCard
from schemas.notices import Notice
from schemas.people import Person
from schemas.places import Place
from schemas.posts import Post
from schemas.privacy import Charter


class Contact(Wire):
    """Whom to turn to, and about which place."""

    place_id = ID(required=True)
    person = fields.Nested(Person, required=True)


class PlaceToKeep(Place):
    """A place with its boundary as simple as a phone needs it; null where the site has too many corners for that."""

    simplified_m = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "By how many metres the boundary may be off; null without a boundary"},
    )


class Bundle(Wire):
    """A site as you may know it."""

    site_id = ID(required=True)
    places = fields.List(
        fields.Nested(PlaceToKeep),
        required=True,
        metadata={"description": "The site, then its zones, with boundaries"},
    )
    readable_ids = fields.List(
        ID(), required=True, metadata={"description": "The places whose posts you may read"}
    )
    charter = fields.Nested(Charter, required=True)
    contacts = fields.List(fields.Nested(Contact), required=True, metadata={"description": "The managers"})
    posts = fields.List(fields.Nested(Post), required=True, metadata={"description": "The newest 50"})
    notices = fields.List(
        fields.Nested(Notice),
        required=True,
        metadata={"description": "The announcements and alerts that are open, 100 at most"},
    )
    musters = fields.List(
        fields.Nested(MusterCard), required=True, metadata={"description": "Running, and expecting you"}
    )
