"""What an app says over its socket that its person saw."""

from marshmallow import fields, validate

from schemas.base import ID, Wire

MOST_SEEN = 50


class SeenPosts(Wire):
    """Posts that were on the screen."""

    post_ids = fields.List(ID(), required=True, validate=validate.Length(1, MOST_SEEN))
