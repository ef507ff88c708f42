"""Push: what is told apart from whom, wishes of people, what was seen live, mutes, how much a scope lets out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

revision = "0006"
down_revision = "0005"

_MOMENT = sa.DateTime(timezone=True)
# What was queued before goes on: its words become facts of a notification of its own.
_CARRY_OVER = """
INSERT INTO notifications (id, organisation_id, kind, scope_id, subject_id, facts, created_at, expires_at)
SELECT DISTINCT ON (event_id) event_id, organisation_id,
    CASE WHEN content -> 'data' ? 'muster_id' THEN 'muster' ELSE 'message' END,
    scope_id, subject_id,
    jsonb_build_object(
        'author_name', split_part(content ->> 'title', ' · ', 1), 'text', content ->> 'body',
        'post_id', content -> 'data' ->> 'post_id', 'muster_id', content -> 'data' ->> 'muster_id',
        'place_id', content -> 'data' ->> 'place_id', 'message', content ->> 'body',
        'place_name', split_part(content ->> 'title', ' · ', 2), 'type', content -> 'data' ->> 'type'
    ),
    created_at, expires_at
FROM deliveries ORDER BY event_id;
UPDATE deliveries SET
    why = CASE WHEN content -> 'data' ? 'muster_id' THEN 'muster' ELSE 'message' END,
    priority = CASE WHEN content -> 'data' ? 'muster_id' THEN 0 ELSE 3 END;
"""
_SECURITY = f"""
{policy("notifications")}
{policy("push_preferences")}
{policy("sightings")}
GRANT SELECT, INSERT, UPDATE, DELETE ON push_preferences, sightings TO hereabouts_web;
GRANT SELECT, INSERT ON notifications TO hereabouts_web;
-- The web asks for a test push, takes what apps report, and tries dead letters again.
GRANT INSERT, UPDATE ON deliveries TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON notifications, push_preferences, sightings TO hereabouts_worker;
"""


def upgrade() -> None:
    _notifications()
    _deliveries()
    _wishes()
    op.execute(_SECURITY)


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_notifications_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_subject", "notifications", ["subject_id"])
    op.create_index("ix_notifications_created_at", "notifications", ["created_at"])


def _deliveries() -> None:
    op.add_column("deliveries", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("action", sa.Text(), server_default="show", nullable=False))
    op.add_column("deliveries", sa.Column("priority", sa.SmallInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("delivered_at", _MOMENT, nullable=True))
    op.add_column("deliveries", sa.Column("opened_at", _MOMENT, nullable=True))
    op.execute(_CARRY_OVER)
    op.alter_column("deliveries", "why", nullable=False)
    op.alter_column("deliveries", "priority", nullable=False)
    op.alter_column("deliveries", "id", server_default=sa.text("gen_random_uuid()"))
    op.drop_constraint("uq_deliveries_event_id_device_id", "deliveries")
    op.alter_column("deliveries", "event_id", new_column_name="notification_id")
    op.create_unique_constraint(
        op.f("uq_deliveries_notification_id_device_id_action"),
        "deliveries",
        ["notification_id", "device_id", "action"],
    )
    op.create_foreign_key(
        op.f("fk_deliveries_notification_id"),
        "deliveries",
        "notifications",
        ["notification_id"],
        ["id"],
        ondelete="CASCADE",
    )
    for column in ("scope_id", "subject_id", "content"):
        op.drop_column("deliveries", column)
    op.drop_constraint(op.f("ck_deliveries_status"), "deliveries")
    op.create_check_constraint(
        op.f("ck_deliveries_status"),
        "deliveries",
        "status IN ('queued', 'sending', 'sent', 'failed', 'expired', 'dropped', 'dead')",
    )
    op.create_check_constraint(
        op.f("ck_deliveries_action"), "deliveries", "action IN ('show', 'withdraw', 'wake')"
    )
    op.drop_index("ix_deliveries_due", "deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["organisation_id", "priority", "due_at"],
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
    op.create_index(
        "ix_deliveries_dead",
        "deliveries",
        ["organisation_id", "id"],
        postgresql_where=sa.text("status = 'dead'"),
    )
    op.create_index("ix_deliveries_created_at", "deliveries", ["created_at"])


def _wishes() -> None:
    op.add_column("memberships", sa.Column("muted_until", _MOMENT, nullable=True))
    op.add_column("scopes", sa.Column("push_content", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_scopes_push_content"), "scopes", "push_content IN ('place', 'sender', 'full', 'id')"
    )
    op.create_table(
        "push_preferences",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("quiet_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("working_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("do_not_disturb_until", _MOMENT, nullable=True),
        sa.Column("on_call_until", _MOMENT, nullable=True),
        sa.Column("off_site", sa.Text(), server_default="quiet", nullable=False),
        sa.Column("digest", sa.Text(), server_default="off", nullable=False),
        sa.Column("digest_at", sa.Text(), server_default="07:30", nullable=False),
        sa.Column("digested_on", sa.Text(), nullable=True),
        sa.Column("updated_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("off_site IN ('quiet', 'loud')", name=op.f("ck_push_preferences_off_site")),
        sa.CheckConstraint("digest IN ('off', 'push', 'inbox')", name=op.f("ck_push_preferences_digest")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_push_preferences_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_push_preferences_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_push_preferences")),
    )
    op.create_table(
        "sightings",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_sightings_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_sightings_person_id")),
        sa.PrimaryKeyConstraint("person_id", "subject_id", name=op.f("pk_sightings")),
    )
    op.create_index("ix_sightings_seen_at", "sightings", ["seen_at"])


def downgrade() -> None:
    """What is queued is let go: its words are not kept in the older form."""
    op.execute("DELETE FROM deliveries")
    op.drop_table("sightings")
    op.drop_table("push_preferences")
    op.drop_constraint(op.f("ck_scopes_push_content"), "scopes")
    op.drop_column("scopes", "push_content")
    op.drop_column("memberships", "muted_until")
    for index in ("ix_deliveries_created_at", "ix_deliveries_dead", "ix_deliveries_due"):
        op.drop_index(index, "deliveries")
    op.drop_constraint(op.f("ck_deliveries_action"), "deliveries")
    op.drop_constraint(op.f("ck_deliveries_status"), "deliveries")
    op.drop_constraint(op.f("fk_deliveries_notification_id"), "deliveries")
    op.drop_constraint(op.f("uq_deliveries_notification_id_device_id_action"), "deliveries")
    op.alter_column("deliveries", "notification_id", new_column_name="event_id")
    for column in ("why", "action", "priority", "delivered_at", "opened_at"):
        op.drop_column("deliveries", column)
    op.alter_column("deliveries", "id", server_default=None)
    op.add_column("deliveries", sa.Column("scope_id", sa.Uuid(), nullable=True))
    op.add_column("deliveries", sa.Column("subject_id", sa.Uuid(), nullable=False))
    op.add_column("deliveries", sa.Column("content", postgresql.JSONB(), nullable=False))
    op.create_unique_constraint(
        op.f("uq_deliveries_event_id_device_id"), "deliveries", ["event_id", "device_id"]
    )
    op.create_check_constraint(
        op.f("ck_deliveries_status"),
        "deliveries",
        "status IN ('queued', 'sending', 'sent', 'failed', 'expired', 'dropped')",
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due_at", "id"],
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
    op.drop_table("notifications")
