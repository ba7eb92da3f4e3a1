"""A payment keeps the id by which its way is followed; what monitoring asks has its index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "deliveries", sa.Column("correlation_id", sa.String(64), nullable=False, server_default="")
    )
    still_open = sa.text("resolved_at IS NULL")
    op.create_index(
        "exceptions_open",
        "exceptions",
        ["biller", "kind"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("reversals_in_state", "reversals", ["state", "id"])
