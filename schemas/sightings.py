"""What an app says over its socket that its person saw."""

from marshmallow import validate

from schemas.base import ID, Each, Wire

MOST_SEEN = 50


class SeenPosts(Wire):
    """Posts that were on the screen."""

    post_ids = Each(ID(), required=True, validate=validate.Length(1, MOST_SEEN))
