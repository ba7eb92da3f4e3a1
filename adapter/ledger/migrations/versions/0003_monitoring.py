"""A payment keeps the id by which its way is followed; what monitoring asks has its index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

PARTIAL_INDEXES = (
    (
        "deliveries_unfinished",
        "deliveries",
        ["biller", "state", "accepted_at"],
        "state != 'applied'",
    ),
    ("exceptions_open", "exceptions", ["biller", "kind"], "resolved_at IS NULL"),
    ("reversals_open", "reversals", ["biller", "state"], "state != 'reversed'"),
    (
        "enrollments_open",
        "enrollments",
        ["biller", "state"],
        "state != 'delivered' AND state != 'superseded'",
    ),
)


def upgrade() -> None:
    op.add_column(
        "deliveries", sa.Column("correlation_id", sa.String(64), nullable=False, server_default="")
    )
    for name, table, columns, unfinished in PARTIAL_INDEXES:
        only = sa.text(unfinished)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
