"""Tables of what people say."""

from datetime import datetime
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    Uuid,
    column,
    false,
    func,
    table,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from base.database import Model


class Post(Model):
    """A post, or a reply to one (`parent_id`). A deleted post stays as a tombstone without words.

    Announcements and alerts are posts, too (`kind`), with an end. `reminders` counts the rounds of an alert that asked
    the silent again; one more than there are means that the managers were told.
    """

    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint(
            "deleted_at IS NOT NULL OR char_length(text) BETWEEN 1 AND 10000", name="text_length"
        ),
        # The feed walks this index; it carries the organisation so that row-level security needs no heap visit.
        Index("ix_posts_feed", "scope_id", text("id DESC"), postgresql_include=["organisation_id"]),
        Index("ix_posts_replies", "parent_id", "id", postgresql_where=text("parent_id IS NOT NULL")),
        Index(
            "uq_posts_client_id",
            "author_id",
            "client_id",
            unique=True,
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        CheckConstraint("kind IN ('post', 'announcement', 'alert')", name="kind"),
        # What the list in the app looks up: answers to somebody, and the notices of a scope, over or not.
        Index(
            "ix_posts_replied_to",
            "replied_to",
            text("id DESC"),
            postgresql_where=text("replied_to IS NOT NULL"),
        ),
        Index(
            "ix_posts_notices",
            "scope_id",
            text("id DESC"),
            postgresql_include=["organisation_id"],
            postgresql_where=text("kind <> 'post'"),
        ),
        Index(
            "ix_posts_open_notices",
            "scope_id",
            text("id DESC"),
            postgresql_include=["organisation_id"],
            postgresql_where=text("kind <> 'post' AND ended_at IS NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_posts_valid_until",
            "valid_until",
            postgresql_where=text("valid_until IS NOT NULL AND ended_at IS NULL AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("posts.id"))
    # The author of the post that this one answers, unless one answers oneself.
    replied_to: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"))
    kind: Mapped[str] = mapped_column(Text, server_default="post")
    text: Mapped[str] = mapped_column(Text)
    point: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    asks_acknowledgement: Mapped[bool] = mapped_column(Boolean, server_default=false())
    valid_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reminders: Mapped[int] = mapped_column(Integer, server_default="0")
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    client_id: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    # The phone's time of a post that waited for a network, corrected; created_at orders everything.
    written_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Mention(Model):
    """A person whom a post names. The scope stands beside it, so that unread mentions are one look at an index."""

    __tablename__ = "mentions"
    __table_args__ = (
        Index("ix_mentions_unread", "person_id", "scope_id", text("post_id DESC")),
        Index("ix_mentions_inbox", "person_id", text("post_id DESC")),
    )

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))


class Acknowledgement(Model):
    """A person's word that they know of a notice, from which device. The first time stands."""

    __tablename__ = "acknowledgements"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"))
    acknowledged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id"))


class ReadPosition(Model):
    """How far a person has read in a scope: up to where a post stands in the journal, or to `position` where that is
    later. It never goes back."""

    __tablename__ = "read_positions"
    __table_args__ = (Index("ix_read_positions_scope", "scope_id", "post_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("scopes.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    post_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    read_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


# Each read position with where it stands (`read_to`, see `social/reads.py`).
reads = table(
    "reads",
    column("person_id", Uuid),
    column("scope_id", Uuid),
    column("post_id", Uuid),
    column("read_at", DateTime(timezone=True)),
    column("read_to", BigInteger),
)
