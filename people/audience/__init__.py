"""Who sees what. Feeds, sync, live and push all ask here: nothing else works out a window.

A window is a scope and after which position of the journal somebody reads it. Statements that walk posts take it in
and compare (`told_after`); whom it is given to, and from where on it reaches, is decided here alone.

`following` decides what comes to a person unasked: home feed, sync, live rooms, push. It is the live memberships,
and the organisation's own scope, where membership is implied. `sight` adds what may be read on asking: open scopes, and
for managers the places that they run. One scope is judged by one statement, and of many none is loaded that is not
asked for: there may be ten thousand.

A visitor belongs to nothing by itself: neither to the organisation's own scope nor to open ones, and knows of no other
places than those of the scopes that they were let into.

What somebody was given beside that (`people/roles/`) is part of what they read on asking, and brings them no news.

A presence membership of a scope whose history is `since_entry` reads from its start on, and so does every membership
of a visitor: what the journal tells of after it told of the membership (`journal/order.py`). What still holds (an
announcement or alert with an end, until that) is for everybody who is in it now.
"""

from people.audience.followers import (
    Follower,
    audience,
    audience_of,
    everyone_of,
    followers_among,
    members_of,
)
from people.audience.following import (
    Followed,
    Follows,
    followed_since,
    following,
    following_at_head,
    follows_of,
)
from people.audience.holders import holders_of, live_grant, was_given
from people.audience.managers import managers_of, managing_among
from people.audience.rules import (
    FIRST_ID,
    PRIVATE,
    Window,
    administers,
    history_of,
    live_membership,
    manages,
    since,
    window_of,
)
from people.audience.sight import (
    ScopeInSight,
    followed_by,
    known_among,
    known_of,
    lets_in,
    managed_by,
    sight_of,
    visible_of,
)

__all__ = [
    "FIRST_ID",
    "PRIVATE",
    "Followed",
    "Follower",
    "Follows",
    "ScopeInSight",
    "Window",
    "administers",
    "audience",
    "audience_of",
    "everyone_of",
    "followed_by",
    "followed_since",
    "followers_among",
    "following",
    "following_at_head",
    "follows_of",
    "history_of",
    "holders_of",
    "known_among",
    "known_of",
    "lets_in",
    "live_grant",
    "live_membership",
    "managed_by",
    "managers_of",
    "manages",
    "managing_among",
    "members_of",
    "sight_of",
    "since",
    "visible_of",
    "was_given",
    "window_of",
]
