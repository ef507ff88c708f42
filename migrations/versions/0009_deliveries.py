"""Cheap queueing of many deliveries, a mark for events that were not planned, acknowledgements that stand.

An announcement to tens of thousands inserts a delivery a phone. Each foreign key cost a look-up and a lock on the row of
the person or device, for which a sign-in had to wait; deliveries are made from those very rows and live for a month, and
neither persons nor devices are deleted. Every sending leaves dead rows in the index of what is due, so the table is
vacuumed early.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_PARENTS = {"organisation_id": "organisations", "person_id": "persons", "device_id": "devices"}


def upgrade() -> None:
    for column in _PARENTS:
        op.drop_constraint(op.f(f"fk_deliveries_{column}"), "deliveries")
    op.execute("ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.01)")
    op.create_index(
        "ix_notifications_unplanned",
        "notifications",
        ["id"],
        postgresql_where=sa.text("kind = 'unplanned'"),
    )
    op.execute("REVOKE UPDATE, DELETE ON acknowledgements FROM hereabouts_web")


def downgrade() -> None:
    op.execute("GRANT UPDATE, DELETE ON acknowledgements TO hereabouts_web")
    op.drop_index("ix_notifications_unplanned", "notifications")
    op.execute("ALTER TABLE deliveries RESET (autovacuum_vacuum_scale_factor)")
    for column, parent in _PARENTS.items():
        op.create_foreign_key(op.f(f"fk_deliveries_{column}"), "deliveries", parent, [column], ["id"])
