"""What the app keeps: one SQLite file. Every change is one transaction, so a kill at any line leaves before or after.

`position` says up to which event of the server's `epoch` everything else here is right. A scope that is not `fetched`
still lacks history. It names the membership that we hold it by, since that is all that an emptied end tells; the
organisation's own has none.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value NOT NULL);
CREATE TABLE IF NOT EXISTS scopes
    (id TEXT PRIMARY KEY, membership_id TEXT, cursor TEXT, fetched INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS posts (id TEXT PRIMARY KEY, scope_id TEXT NOT NULL, version INTEGER, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS queue (number INTEGER PRIMARY KEY, item TEXT NOT NULL, problem TEXT);
"""
_NEWER = """
INSERT INTO posts (id, scope_id, version, body)
SELECT :id, :scope_id, :version, :body WHERE EXISTS (SELECT 1 FROM scopes WHERE id = :scope_id)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body WHERE excluded.version >= posts.version
"""


class Store:
    """The file, opened. `close` without more is what a kill does."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(_TABLES)

    @contextmanager
    def change(self) -> Iterator[None]:
        """All of it or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file; what was not committed is gone."""
        self._db.close()

    @property
    def position(self) -> int | None:
        """Up to where the store is right; None before the first start."""
        return self._state("position")

    @property
    def epoch(self) -> str | None:
        """Which epoch the position is of; None before the first start, and in a store of an app that knew of none."""
        return self._state("epoch")

    def move(self, position: int, epoch: str | None = None) -> None:
        """The store is right up to here; in the same epoch as before, where none is named."""
        self._db.execute("INSERT OR REPLACE INTO state VALUES ('position', ?)", (position,))
        if epoch is not None:
            self._db.execute("INSERT OR REPLACE INTO state VALUES ('epoch', ?)", (epoch,))

    def forget_everything(self) -> None:
        """Everything but the queue, which is nowhere else."""
        for table in ("state", "scopes", "posts"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above

    def begin_scope(self, scope_id: str, membership_id: str | None) -> None:
        """A scope is ours, and its history has to be fetched."""
        values = (scope_id, membership_id)
        self._db.execute("INSERT OR REPLACE INTO scopes (id, membership_id) VALUES (?, ?)", values)

    def end_scope(self, scope_id: str) -> None:
        """A scope is not ours any more, and nothing of it stays."""
        self._db.execute("DELETE FROM posts WHERE scope_id = ?", (scope_id,))
        self._db.execute("DELETE FROM scopes WHERE id = ?", (scope_id,))

    def end_membership(self, membership_id: str) -> None:
        """The scope that we hold by a membership is not ours any more; perhaps there is none."""
        held = "SELECT id FROM scopes WHERE membership_id = ?"
        for (scope_id,) in self._db.execute(held, (membership_id,)).fetchall():
            self.end_scope(scope_id)

    def doubt(self) -> None:
        """A membership began of which we could not read the scope: which are ours has to be asked."""
        self._db.execute("INSERT OR REPLACE INTO state VALUES ('doubt', 1)")

    @property
    def in_doubt(self) -> bool:
        """Whether it has to be asked which scopes are ours."""
        return self._db.execute("SELECT 1 FROM state WHERE name = 'doubt'").fetchone() is not None

    def settle(self, ours: dict[str, str | None]) -> None:
        """These scopes are ours, each by its membership, and no others."""
        held: dict[str, str | None] = dict(
            self._db.execute("SELECT id, membership_id FROM scopes").fetchall()
        )
        for scope_id in held.keys() - ours.keys():
            self.end_scope(scope_id)
        for scope_id, membership_id in ours.items():
            if scope_id not in held or held[scope_id] != membership_id:
                self.begin_scope(scope_id, membership_id)
        self._db.execute("DELETE FROM state WHERE name = 'doubt'")

    def unfetched(self) -> tuple[str, str | None] | None:
        """A scope that lacks history, and the cursor of its next page."""
        return self._db.execute("SELECT id, cursor FROM scopes WHERE NOT fetched LIMIT 1").fetchone()

    def fetched(self, scope_id: str, cursor: str | None) -> None:
        """A page of a scope's history is here; without a cursor it was the last."""
        values = (cursor, cursor is None, scope_id)
        self._db.execute("UPDATE scopes SET cursor = ?, fetched = ? WHERE id = ?", values)

    def keep(self, post: dict[str, Any]) -> None:
        """Keep a post of a scope that is ours, unless a later version of it is here."""
        self._db.execute(_NEWER, {**post, "body": json.dumps(post)})

    def _state(self, name: str) -> Any:
        row = self._db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def enqueue(self, item: dict[str, Any]) -> None:
        """Something to be sent."""
        self._db.execute("INSERT INTO queue (item) VALUES (?)", (json.dumps(item),))

    def queued(self, limit: int, after: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """The oldest of what is to be sent, behind a number."""
        oldest = "SELECT number, item FROM queue WHERE problem IS NULL AND number > ? ORDER BY number LIMIT ?"
        rows = self._db.execute(oldest, (after, limit))
        return [(number, json.loads(item)) for number, item in rows]

    def sent(self, number: int) -> None:
        """It was done."""
        self._db.execute("DELETE FROM queue WHERE number = ?", (number,))

    def refused(self, number: int, problem: dict[str, Any]) -> None:
        """It was refused; the person mends or drops it."""
        self._db.execute("UPDATE queue SET problem = ? WHERE number = ?", (json.dumps(problem), number))

    def refusals(self) -> list[str]:
        """The codes of what was refused."""
        rows = self._db.execute("SELECT problem FROM queue WHERE problem IS NOT NULL ORDER BY number")
        return [json.loads(problem)["code"] for (problem,) in rows]

    def posts(self) -> dict[str, dict[str, Any]]:
        """All posts, by id."""
        return {post_id: json.loads(body) for post_id, body in self._db.execute("SELECT id, body FROM posts")}

    def scopes(self) -> set[str]:
        """The scopes that are ours."""
        return {scope_id for (scope_id,) in self._db.execute("SELECT id FROM scopes")}
