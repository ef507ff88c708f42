"""What an app says over its socket that its person saw."""

from schemas.base import ID, Each, Wire

MOST_SEEN = 50


class SeenPosts(Wire):
    """Posts that were on the screen."""

    post_ids = Each(ID(), least=1, most=MOST_SEEN, required=True)
