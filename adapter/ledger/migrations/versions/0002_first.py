"""The first ledger that was ever in use; only files of SQLite are that old."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = None


def upgrade() -> None:
    for statement in Path(__file__).with_name("0002.sql").read_text().split(";\n"):
        if statement.strip():
            op.execute(statement)
