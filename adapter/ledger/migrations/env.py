"""Runs revisions on the connection of whoever opened the ledger; alembic imports it."""

from __future__ import annotations

from alembic import context

from adapter.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
