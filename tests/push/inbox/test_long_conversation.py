"""What of a long conversation is unread costs by what is unread, and not by what was ever said."""

from tests.push.inbox.test_inbox import MANY, direct, explained, unread
from tests.stories.reads import reads_up_to
from tests.world import World

_TOLD = """
INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
SELECT id, organisation_id, scope_id, 0 FROM posts WHERE scope_id = %(scope)s AND text = 'more'
"""


def test_a_long_conversation_that_is_read_is_not_walked_through_for_what_is_not(fresh_world: World) -> None:
    org = fresh_world.organisation()
    bob, amy = org.person("Bob"), org.person("Amy")
    scope = direct(org, bob, amy)
    first = amy.posts(scope, "long ago")
    with fresh_world.owner() as connection:
        connection.exec_driver_sql(MANY, {"id": first["id"], "bob": None})
        connection.exec_driver_sql(_TOLD, {"scope": scope})
        connection.exec_driver_sql("ANALYZE")
    fresh_world.relays()
    reads_up_to(bob, first)
    amy.posts(scope, "told of")
    fresh_world.relays()
    amy.posts(scope, "not told of yet")
    plan = explained(org, bob, "/v1/me/notifications/count")
    removed = [int(line.rpartition(": ")[2]) for line in plan if "Rows Removed by" in line]
    assert max(removed, default=0) < 100, "\n".join(plan)
    assert unread(bob) == 2
