"""The statement behind the list in the app: what concerned somebody, newest first, from the rows themselves.

Five sources, each walked backwards in its own index and cut at a page: mentions and replies (of all scopes that one may
read), notices and direct messages (of those that one follows, per scope in a LATERAL join, as the feed does it), and
roll calls. Their ids are put together, and only the page's rows are fetched. Nothing is copied into an inbox, so what
was deleted, or may not be read any more, is not there either.
"""

from sqlalchemy import ARRAY, Boolean, String, TextualSelect, Uuid, bindparam, column, text

# Read: up to there, or acknowledged. What was said before one came counts as read, but for a notice that still holds.
_READ = """(
    p.id <= CASE WHEN p.kind <> 'post' AND p.ended_at IS NULL AND coalesce(p.valid_until > now(), true)
        THEN coalesce(s.read_id, s.since_id) ELSE greatest(s.from_id, s.read_id) END
    OR EXISTS (SELECT FROM acknowledgements a WHERE a.post_id = p.id AND a.person_id = :me)
)"""
_MINE = f"p.id >= s.since_id AND p.author_id <> :me AND p.deleted_at IS NULL AND (:all OR NOT {_READ})"
_PAGE = f"""
    WITH seen AS MATERIALIZED (
        SELECT wanted.*, c.kind = 'direct' AS direct, r.post_id AS read_id
        FROM unnest(:scopes, :sinces, :froms, :follows) AS wanted(scope_id, since_id, from_id, follows)
        JOIN scopes c ON c.id = wanted.scope_id
        LEFT JOIN read_positions r ON r.person_id = :me AND r.scope_id = wanted.scope_id
    ), found AS (
        (SELECT p.id FROM mentions m JOIN seen s ON s.scope_id = m.scope_id JOIN posts p ON p.id = m.post_id
        WHERE m.person_id = :me AND m.post_id < :before AND {_MINE} ORDER BY m.post_id DESC LIMIT :most)
        UNION
        (SELECT p.id FROM posts p JOIN seen s ON s.scope_id = p.scope_id
        WHERE p.replied_to = :me AND p.id < :before AND {_MINE} ORDER BY p.id DESC LIMIT :most)
        UNION
        SELECT notice.id FROM seen s CROSS JOIN LATERAL (
            SELECT p.id FROM posts p WHERE p.scope_id = s.scope_id AND p.kind <> 'post' AND p.id < :before AND {_MINE}
            ORDER BY p.id DESC LIMIT :most) AS notice WHERE s.follows
        UNION
        SELECT message.id FROM seen s CROSS JOIN LATERAL (
            SELECT p.id FROM posts p WHERE p.scope_id = s.scope_id AND p.id < :before AND {_MINE}
            ORDER BY p.id DESC LIMIT :most) AS message WHERE s.follows AND s.direct
        UNION
        (SELECT e.muster_id FROM muster_entries e JOIN musters u ON u.id = e.muster_id
        WHERE e.person_id = :me AND e.muster_id < :before
            AND (:all OR (e.status = 'unaccounted' AND u.ended_at IS NULL)) ORDER BY e.muster_id DESC LIMIT :most)
        UNION
        (SELECT n.id FROM notifications n
        WHERE n.subject_id = :me AND n.kind = 'digest' AND n.id < :before AND :all ORDER BY n.id DESC LIMIT :most)
    ), page AS (SELECT id FROM found ORDER BY id DESC LIMIT :most)
"""  # noqa: S608 - no value is in it
_ITEMS = f"""{_PAGE}
    SELECT page.id AS item_id,
        CASE WHEN n.id IS NOT NULL THEN 'digest' WHEN p.id IS NULL THEN 'muster' WHEN p.kind <> 'post' THEN p.kind
            WHEN s.direct THEN 'direct'
            WHEN EXISTS (SELECT FROM mentions m WHERE m.post_id = p.id AND m.person_id = :me) THEN 'mention'
            ELSE 'reply' END AS why,
        CASE WHEN p.id IS NOT NULL THEN {_READ} ELSE n.id IS NOT NULL END AS read
    FROM page
    LEFT JOIN posts p ON p.id = page.id
    LEFT JOIN seen s ON s.scope_id = p.scope_id
    LEFT JOIN notifications n ON n.id = page.id AND n.kind = 'digest'
"""  # noqa: S608 - no value is in it
_BOUND = (
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("scopes", "sinces", "froms")),
    bindparam("follows", type_=ARRAY(Boolean)),
    bindparam("before", type_=Uuid),
    bindparam("me", type_=Uuid),
    bindparam("all", type_=Boolean),
)

ITEMS: TextualSelect = (
    text(_ITEMS)
    .bindparams(*_BOUND)
    .columns(column("item_id", Uuid), column("why", String), column("read", Boolean))
)
COUNT = text(f"{_PAGE} SELECT count(*) FROM page").bindparams(*_BOUND)  # noqa: S608 - no value is in it
