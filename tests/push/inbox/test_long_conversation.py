"""What of a long conversation is unread costs by what is unread, and not by what was ever said."""

from tests.stories.directs import talks_with
from tests.stories.reads import reads_up_to
from tests.stories.statements import explained
from tests.world import World

_READ = """
WITH more AS (
    INSERT INTO posts (id, organisation_id, scope_id, author_id, text)
    SELECT (substr(%(id)s, 1, 19) || '8' || lpad(to_hex(n), 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid,
        organisation_id, scope_id, author_id, 'more'
    FROM posts, generate_series(1, 10000) n WHERE posts.id = %(id)s::uuid
    RETURNING id, organisation_id, scope_id
)
INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
SELECT id, organisation_id, scope_id, 0 FROM more
"""


def test_a_long_conversation_that_is_read_is_not_walked_through_for_what_is_not(fresh_world: World) -> None:
    org = fresh_world.organisation()
    bob, amy = org.person("Bob"), org.person("Amy")
    scope = talks_with(bob, amy)
    first = amy.posts(scope, "long ago")
    with fresh_world.owner() as connection:
        connection.exec_driver_sql(_READ, {"id": first["id"]})
        connection.exec_driver_sql("ANALYZE")
    fresh_world.relays()
    reads_up_to(bob, first)
    amy.posts(scope, "told of")
    fresh_world.relays()
    amy.posts(scope, "not told of yet")
    plan = explained(org, bob, "/v1/me/notifications/count", "WITH seen")
    removed = [int(line.rpartition(": ")[2]) for line in plan if "Rows Removed by" in line]
    assert max(removed, default=0) < 100, "\n".join(plan)
    assert bob.get("/v1/me/notifications/count")["unread"] == 2
