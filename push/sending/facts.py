"""What the checks at the moment of sending need to know, for a whole batch: a handful of queries, whatever its size."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from geo.presence.sightings import LOST
from people.audience import followers_among, managing_among
from push.sending.checks import IN_A_SCOPE, Known, Phone, Reads, Subject, Wishes

# A phone tells where it is when it was seen at the site within this time.
_TELLS = timedelta(days=30)
_PLACES = ("site", "zone")
_pairs = (bindparam("firsts", type_=ARRAY(Uuid)), bindparam("persons", type_=ARRAY(Uuid)))

# Words and names are those of this moment: what was edited out or renamed since the planning is not told any more. How
# much is let out is up to the scope that it is about, also where it is told to one person alone.
_NOTES = text(
    """
    SELECT note.id, note.kind, note.scope_id, note.subject_id, note.actor_id, note.position,
        note.facts || jsonb_build_object(
            'scope_name', scope.name, 'scope_kind', scope.kind, 'author_name', author.name, 'message', muster.message,
            'text', CASE WHEN author.id IS NOT NULL THEN post.text END
        ) AS facts,
        note.created_at, note.expires_at, scope.kind AS scope_kind,
        coalesce(scope.push_content, organisation.settings ->> 'push_content', 'sender') AS content,
        scope.id AS about_id, post.asks_acknowledgement, post.valid_until,
        CASE WHEN post.deleted_at IS NOT NULL THEN 'deleted' WHEN post.ended_at IS NOT NULL THEN 'ended'
             WHEN muster.ended_at IS NOT NULL OR (note.kind = 'muster' AND muster.id IS NULL) THEN 'muster_ended'
        END AS over
    FROM notifications note
    JOIN organisations organisation ON organisation.id = note.organisation_id
    LEFT JOIN posts post ON post.id = note.subject_id
    LEFT JOIN persons author ON author.id = post.author_id AND note.kind <> 'unanswered'
    LEFT JOIN musters muster ON muster.id = note.subject_id
    LEFT JOIN scopes scope ON scope.id = coalesce(note.scope_id, post.scope_id, muster.place_id)
    WHERE note.id = ANY (:ids)
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_MET = text(
    """
    SELECT wanted.subject_id, wanted.person_id,
        EXISTS (SELECT FROM acknowledgements a
                WHERE a.post_id = wanted.subject_id AND a.person_id = wanted.person_id) AS acknowledged,
        EXISTS (SELECT FROM posts p JOIN read_positions r ON r.scope_id = p.scope_id
                WHERE p.id = wanted.subject_id AND r.person_id = wanted.person_id AND r.post_id >= p.id) AS read,
        EXISTS (SELECT FROM sightings s
                WHERE s.subject_id = wanted.subject_id AND s.person_id = wanted.person_id) AS seen
    FROM unnest(:firsts, :persons) AS wanted(subject_id, person_id)
    """
).bindparams(*_pairs)
# A roll call calls those who are on it and silent.
_CALLED = text(
    """
    SELECT wanted.muster_id, wanted.person_id
    FROM unnest(:firsts, :persons) AS wanted(muster_id, person_id)
    JOIN muster_entries e ON e.muster_id = wanted.muster_id AND e.person_id = wanted.person_id
    WHERE e.status = 'unaccounted'
    """
).bindparams(*_pairs)
# Who has been at the gate alone is not out of a zone in which they were never seen; and of whom the server has lost
# track nobody knows that they left.
_OFF_SITE = text(
    """
    SELECT wanted.place_id, wanted.person_id
    FROM unnest(:firsts, :persons) AS wanted(place_id, person_id)
    JOIN places place ON place.id = wanted.place_id
    JOIN LATERAL (
        SELECT v.left_at, v.end_reason
        FROM visits v JOIN places part ON part.id = v.place_id
        WHERE v.person_id = wanted.person_id AND part.site_id = place.site_id
            AND (v.left_at IS NULL OR v.left_at > :since)
        ORDER BY place.kind = 'zone' AND v.place_id = place.id DESC, v.left_at DESC NULLS FIRST LIMIT 1
    ) AS stay ON stay.left_at IS NOT NULL AND coalesce(stay.end_reason, '') <> ALL (:lost)
    """
).bindparams(*_pairs)


def notes_of(session: Session, rows: Iterable[AnyRow]) -> dict[UUID, AnyRow]:
    """The notifications of claimed rows, with what their scope lets out and whether they are over."""
    found = session.execute(_NOTES, {"ids": list({row.notification_id for row in rows})})
    return {note.id: note for note in found}


def gather(session: Session, rows: Sequence[AnyRow], notes: dict[UUID, AnyRow]) -> list[Known]:
    """What is known of each claimed row, in their order."""
    shown = [(row, notes[row.notification_id]) for row in rows if row.action == "show"]
    said = [(row, note) for row, note in shown if row.why in IN_A_SCOPE]
    met = _met(session, said)
    called = _asked(session, _CALLED, _pairs_of(shown, "muster"))
    of_others = {(note.about_id, row.person_id) for row, note in shown if note.kind == "unanswered"}
    manage = managing_among(session, of_others)
    follows = followers_among(
        session, list({(note.scope_id, row.person_id) for row, note in shown if note.scope_id is not None})
    )
    of_places = {
        (note.scope_id, row.person_id)
        for row, note in said
        if note.scope_kind in _PLACES and row.why != "alert" and row.off_site == "quiet"
    }
    away = _asked(session, _OFF_SITE, of_places, since=clock.now() - _TELLS, lost=list(LOST))
    subjects = {note.id: _subject(note) for note in notes.values()}

    def known(row: AnyRow) -> Known:
        note = notes[row.notification_id]
        about, here = (note.subject_id, row.person_id), (note.scope_id, row.person_id)
        follower = follows.get(here)
        silent = row.why != "muster" or about in called
        return Known(
            row.action,
            row.why,
            row.person_id,
            row.expires_at,
            Phone(row.holder_id == row.person_id, row.signed_in, row.push_address, row.last_seen_at),
            _wishes(row),
            subjects[note.id],
            follower and Reads(follower.level, follower.since_id, follower.muted_until),
            met.get(about, frozenset[str]()) if silent else frozenset(("answered",)),
            here in away,
            note.kind != "unanswered" or (note.about_id, row.person_id) in manage,
        )

    return [known(row) for row in rows]


def _wishes(row: AnyRow) -> Wishes:
    return Wishes(
        row.timezone, row.quiet_hours, row.working_hours, row.do_not_disturb_until, row.on_call_until
    )


def _subject(note: AnyRow) -> Subject:
    return Subject(
        note.subject_id,
        note.scope_id,
        note.facts.get("type") or "",
        note.actor_id,
        bool(note.asks_acknowledgement),
        note.over,
        note.valid_until,
    )


def _met(session: Session, said: Sequence[tuple[AnyRow, AnyRow]]) -> dict[tuple[UUID, UUID], frozenset[str]]:
    pairs = {(note.subject_id, row.person_id) for row, note in said}
    return {
        (row.subject_id, row.person_id): frozenset(
            way for way in ("acknowledged", "read", "seen") if getattr(row, way)
        )
        for row in _rows(session, _MET, pairs)
        if row.acknowledged or row.read or row.seen
    }


def _pairs_of(shown: Sequence[tuple[AnyRow, AnyRow]], why: str) -> set[tuple[UUID, UUID]]:
    return {(note.subject_id, row.person_id) for row, note in shown if row.why == why}


def _asked(
    session: Session, query: Any, pairs: set[tuple[UUID, UUID]], **values: Any
) -> set[tuple[UUID, UUID]]:
    """Those of the pairs for which the query has a row."""
    return {(first, person_id) for first, person_id in _rows(session, query, pairs, **values)}


def _rows(session: Session, query: Any, pairs: set[tuple[UUID, UUID]], **values: Any) -> Sequence[AnyRow]:
    if not pairs:
        return []
    firsts, persons = zip(*pairs, strict=True)
    return session.execute(query, {"firsts": list(firsts), "persons": list(persons), **values}).all()
