"""Bringing a ledger of an earlier version up to this one, by alembic's revisions."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

# The newest revision; a ledger that is new is made in it at once.
HEAD = "0001"


def upgrade(connection: Connection, found: str) -> bool:
    """Take every step from a known earlier revision to HEAD, in the caller's transaction.

    Returns False, having done nothing, for a revision that this adapter does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in known:
        return False
    command.upgrade(config, HEAD)
    return True
