"""Bundles on the wire: a site, for where there is no network."""

from marshmallow import fields

from schemas.base import ID, Some, Whole, Wire
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
    places = Whole(
        fields.Nested(PlaceToKeep),
        of="zones of the site",
        required=True,
        metadata={"description": "The site, then its zones, with boundaries"},
    )
    readable_ids = Whole(
        ID(),
        of="zones of the site",
        required=True,
        metadata={"description": "The places whose posts you may read"},
    )
    charter = fields.Nested(Charter, required=True)
    contacts = Whole(
        fields.Nested(Contact),
        of="managers of the site",
        required=True,
        metadata={"description": "The managers"},
    )
    posts = Some(fields.Nested(Post), most=50, required=True, metadata={"description": "The newest 50"})
    notices = Some(
        fields.Nested(Notice),
        most=100,
        required=True,
        metadata={"description": "The announcements and alerts that are open, 100 at most"},
    )
    musters = Whole(
        fields.Nested(MusterCard),
        of="roll calls that run at once",
        required=True,
        metadata={"description": "Running, and expecting you"},
    )
