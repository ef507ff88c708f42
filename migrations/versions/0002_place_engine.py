"""Evidence, markers, musters, charters, consent, visitors, occupancy."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.row_level_security import policy

_TABLES = (
    "consents",
    "sharings",
    "charters",
    "markers",
    "gate_accounts",
    "musters",
    "muster_entries",
    "evidence",
    "trail_points",
    "presence_views",
)
_SECURITY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON sharings, charters, markers, musters, muster_entries, evidence, trail_points
    TO hereabouts_web;
-- What was agreed and who looked is added to, and never rewritten.
GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON consents TO hereabouts_web;
GRANT SELECT, INSERT ON presence_views, gate_accounts TO hereabouts_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hereabouts_worker;

CREATE FUNCTION organisation_of_marker(marker uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organisation_id FROM markers WHERE id = $1 AND revoked_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION organisation_of_marker FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisation_of_marker TO hereabouts_web, hereabouts_worker;
"""
# A visit of before has one reason to be believed: the device that opened it.
_EVIDENCE_OF_BEFORE = """
INSERT INTO evidence (id, organisation_id, visit_id, device_id, source, grade, doubtful, since, last_at)
SELECT gen_random_uuid(), organisation_id, id, device_id, source, 1, doubtful, entered_at, entered_at
FROM visits WHERE left_at IS NULL
"""
_SOURCES = "source IN ('gps', 'region', 'device', 'wifi', 'beacon', 'qr', 'nfc', 'manual')"

_ROLES = "role IN ('member', 'visitor', 'organisation_administrator')"

_OF_PRESENCE = (
    "split_part(type, '.', 1) IN ('visit', 'muster', 'membership')"
    " AND coalesce(payload ->> 'source', '') NOT IN ('assigned', 'joined')"
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('presence', 'trail')", name=op.f("ck_consents_kind")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_consents_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_consents_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(
        "uq_consents_live",
        "consents",
        ["person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "sharings",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), server_default="server", nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode IN ('server', 'device')", name=op.f("ck_sharings_mode")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_sharings_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_sharings_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_sharings")),
    )
    op.create_table(
        "charters",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("visit_days", sa.Integer(), nullable=False),
        sa.Column("smallest_group", sa.Integer(), nullable=False),
        sa.Column("aggregate_only", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("smallest_group >= 5", name=op.f("ck_charters_smallest_group")),
        sa.CheckConstraint("visit_days BETWEEN 1 AND 3650", name=op.f("ck_charters_visit_days")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_charters_organisation_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["places.id"], name=op.f("fk_charters_site_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["persons.id"], name=op.f("fk_charters_updated_by")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_charters")),
    )
    op.create_table(
        "markers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("turn", sa.Integer(), server_default="1", nullable=False),
        sa.Column("admits_visitors_hours", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('printed', 'rotating', 'nfc', 'beacon', 'wifi')", name=op.f("ck_markers_kind")
        ),
        sa.CheckConstraint(
            "(address IS NULL) = (secret IS NOT NULL)", name=op.f("ck_markers_address_or_secret")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_markers_organisation_id")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_markers_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_markers")),
    )
    op.create_index("ix_markers_place", "markers", ["place_id"], unique=False)
    op.create_index(
        "uq_markers_address",
        "markers",
        ["organisation_id", "kind", "address"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "gate_accounts",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("marker_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["marker_id"], ["markers.id"], name=op.f("fk_gate_accounts_marker_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_gate_accounts_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_gate_accounts_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_gate_accounts")),
    )
    op.create_index("ix_gate_accounts_marker", "gate_accounts", ["marker_id", "opened_at"], unique=False)
    op.create_table(
        "musters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("place_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("warden_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("left_within_minutes", sa.Integer(), nullable=False),
        sa.Column("repeat_seconds", sa.Integer(), nullable=False),
        sa.Column("repeats_left", sa.Integer(), nullable=False),
        sa.Column("repeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("report", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "left_within_minutes BETWEEN 0 AND 60", name=op.f("ck_musters_left_within_minutes")
        ),
        sa.ForeignKeyConstraint(["ended_by"], ["persons.id"], name=op.f("fk_musters_ended_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_musters_organisation_id")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_musters_place_id")),
        sa.ForeignKeyConstraint(["started_by"], ["persons.id"], name=op.f("fk_musters_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_musters")),
    )
    op.create_index("ix_musters_place", "musters", ["place_id", "started_at"], unique=False)
    op.create_index(
        "ix_musters_repeat",
        "musters",
        ["repeat_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_musters_running",
        "musters",
        ["place_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "presence_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("muster_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_presence_views_organisation_id")
        ),
        sa.ForeignKeyConstraint(["muster_id"], ["musters.id"], name=op.f("fk_presence_views_muster_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_presence_views_person_id")),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_presence_views_place_id")),
        sa.ForeignKeyConstraint(["viewer_id"], ["persons.id"], name=op.f("fk_presence_views_viewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_views")),
    )
    op.create_index(
        "ix_presence_views_person",
        "presence_views",
        ["person_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_presence_views_muster",
        "presence_views",
        ["muster_id", "viewer_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("muster_id IS NOT NULL"),
    )
    op.create_table(
        "trail_points",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "point",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("accuracy", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_trail_points_device_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_trail_points_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_trail_points_person_id")),
        sa.PrimaryKeyConstraint("device_id", "at", name=op.f("pk_trail_points")),
    )
    op.create_index("ix_trail_points_age", "trail_points", ["organisation_id", "at"], unique=False)
    op.create_index("ix_trail_points_person", "trail_points", ["person_id", "at"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("marker_id", sa.Uuid(), nullable=True),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "source IN ('gps', 'region', 'device', 'wifi', 'beacon', 'qr', 'nfc', 'manual')",
            name=op.f("ck_evidence_source"),
        ),
        sa.CheckConstraint("grade BETWEEN 1 AND 3", name=op.f("ck_evidence_grade")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_evidence_device_id")),
        sa.ForeignKeyConstraint(["given_by"], ["persons.id"], name=op.f("fk_evidence_given_by")),
        sa.ForeignKeyConstraint(["marker_id"], ["markers.id"], name=op.f("fk_evidence_marker_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_evidence_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_evidence_visit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(
        "ix_evidence_device",
        "evidence",
        ["device_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_evidence_expires",
        "evidence",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_evidence_live",
        "evidence",
        ["visit_id", "source", "device_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "muster_entries",
        sa.Column("muster_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="unaccounted", nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("doubts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "point",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("alerts", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "expected IN ('present', 'left_recently', 'arrived_late', 'added')",
            name=op.f("ck_muster_entries_expected"),
        ),
        sa.CheckConstraint(
            "status IN ('unaccounted', 'safe', 'need_help')", name=op.f("ck_muster_entries_status")
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["persons.id"], name=op.f("fk_muster_entries_answered_by")),
        sa.ForeignKeyConstraint(["muster_id"], ["musters.id"], name=op.f("fk_muster_entries_muster_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_muster_entries_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_muster_entries_person_id")),
        sa.PrimaryKeyConstraint("muster_id", "person_id", name=op.f("pk_muster_entries")),
    )
    op.create_index("ix_muster_entries_person", "muster_entries", ["person_id"], unique=False)
    op.create_index(
        "ix_muster_entries_unaccounted",
        "muster_entries",
        ["muster_id"],
        unique=False,
        postgresql_where=sa.text("status = 'unaccounted'"),
    )
    op.add_column("device_positions", sa.Column("floor", sa.Integer(), nullable=True))
    op.add_column("device_positions", sa.Column("floor_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "device_positions", sa.Column("stale", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(
        "ix_journal_about",
        "journal",
        [sa.text("coalesce(payload ->> 'place_id', payload ->> 'scope_id')"), "occurred_at"],
        postgresql_where=sa.text(_OF_PRESENCE),
    )
    op.drop_constraint(op.f("ck_persons_role"), "persons")
    op.create_check_constraint(op.f("ck_persons_role"), "persons", _ROLES)
    op.add_column("invitations", sa.Column("stay_hours", sa.Integer(), nullable=True))
    op.add_column("persons", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_persons_ends_at",
        "persons",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column(
        "places", sa.Column("presence_grade", sa.SmallInteger(), server_default="1", nullable=False)
    )
    op.add_column("places", sa.Column("posting_grade", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("places", sa.Column("occupancy_limit", sa.Integer(), nullable=True))
    op.add_column("places", sa.Column("over_limit_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "places",
        sa.Column("hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.add_column("visits", sa.Column("confidence", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("visits", sa.Column("stale_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("visits", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("visits", sa.Column("end_reason", sa.Text(), nullable=True))
    op.execute("UPDATE visits SET ended_at = left_at WHERE left_at IS NOT NULL")
    op.create_index("ix_visits_place_ended", "visits", ["place_id", "ended_at"], unique=False)
    op.create_index("ix_visits_place_time", "visits", ["place_id", "entered_at"], unique=False)
    op.create_check_constraint(
        op.f("ck_places_grades"), "places", "presence_grade BETWEEN 1 AND 3 AND posting_grade BETWEEN 0 AND 3"
    )
    op.create_check_constraint(op.f("ck_places_occupancy_limit"), "places", "occupancy_limit > 0")
    op.drop_constraint(op.f("ck_visits_source"), "visits")
    op.create_check_constraint(op.f("ck_visits_source"), "visits", _SOURCES)
    op.execute(_EVIDENCE_OF_BEFORE)
    op.drop_constraint(op.f("fk_visits_device_id"), "visits", type_="foreignkey")
    op.drop_column("visits", "device_id")
    for table in _TABLES:
        op.execute(policy(table))
    op.execute(_SECURITY)


def downgrade() -> None:
    op.execute("DROP FUNCTION organisation_of_marker")
    op.drop_index("ix_journal_about", table_name="journal")
    op.drop_constraint(op.f("ck_places_grades"), "places")
    op.drop_constraint(op.f("ck_places_occupancy_limit"), "places")
    op.execute("UPDATE visits SET source = 'gps' WHERE source IN ('region', 'device', 'wifi')")
    op.execute("UPDATE visits SET source = 'qr' WHERE source = 'nfc'")
    op.drop_constraint(op.f("ck_visits_source"), "visits")
    op.create_check_constraint(
        op.f("ck_visits_source"), "visits", "source IN ('gps', 'qr', 'beacon', 'manual')"
    )
    op.add_column("visits", sa.Column("device_id", sa.UUID(), autoincrement=False, nullable=True))
    op.create_foreign_key(op.f("fk_visits_device_id"), "visits", "devices", ["device_id"], ["id"])
    op.drop_index("ix_visits_place_time", table_name="visits")
    op.drop_index("ix_visits_place_ended", table_name="visits")
    op.drop_column("visits", "end_reason")
    op.drop_column("visits", "ended_at")
    op.drop_column("visits", "stale_at")
    op.drop_column("visits", "confidence")
    op.drop_column("places", "hours")
    op.drop_column("places", "over_limit_since")
    op.drop_column("places", "occupancy_limit")
    op.drop_column("places", "posting_grade")
    op.drop_column("places", "presence_grade")
    op.drop_index("ix_persons_ends_at", table_name="persons", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_column("persons", "ends_at")
    op.execute("UPDATE persons SET role = 'member' WHERE role = 'visitor'")
    op.drop_constraint(op.f("ck_persons_role"), "persons")
    op.create_check_constraint(
        op.f("ck_persons_role"), "persons", "role IN ('member', 'organisation_administrator')"
    )
    op.drop_column("invitations", "stay_hours")
    op.drop_column("device_positions", "stale")
    op.drop_column("device_positions", "floor_at")
    op.drop_column("device_positions", "floor")
    op.drop_index(
        "ix_muster_entries_unaccounted",
        table_name="muster_entries",
        postgresql_where=sa.text("status = 'unaccounted'"),
    )
    op.drop_index("ix_muster_entries_person", table_name="muster_entries")
    op.drop_table("muster_entries")
    op.drop_index(
        "uq_evidence_live",
        table_name="evidence",
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("ix_evidence_expires", table_name="evidence", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_evidence_device", table_name="evidence", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("evidence")
    op.drop_index("ix_trail_points_person", table_name="trail_points")
    op.drop_index("ix_trail_points_age", table_name="trail_points")
    op.drop_table("trail_points")
    op.drop_index(
        "uq_presence_views_muster",
        table_name="presence_views",
        postgresql_where=sa.text("muster_id IS NOT NULL"),
    )
    op.drop_index("ix_presence_views_person", table_name="presence_views")
    op.drop_table("presence_views")
    op.drop_index("uq_musters_running", table_name="musters", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_musters_repeat", table_name="musters", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_musters_place", table_name="musters")
    op.drop_table("musters")
    op.drop_index("ix_gate_accounts_marker", table_name="gate_accounts")
    op.drop_table("gate_accounts")
    op.drop_index("uq_markers_address", table_name="markers", postgresql_where=sa.text("revoked_at IS NULL"))
    op.drop_index("ix_markers_place", table_name="markers")
    op.drop_table("markers")
    op.drop_table("charters")
    op.drop_table("sharings")
    op.drop_index("uq_consents_live", table_name="consents", postgresql_where=sa.text("withdrawn_at IS NULL"))
    op.drop_table("consents")
