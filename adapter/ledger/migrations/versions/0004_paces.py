"""Receipts a minute are counted where a carrier's pace is bounded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("biller", sa.String(63), primary_key=True),
        sa.Column("minute", sa.BigInteger, nullable=False),
        sa.Column("posts", sa.Integer, nullable=False),
    )
