"""Commands and doors in a test's hands."""

import pytest
from typer.testing import CliRunner


@pytest.fixture
def cli():
    from adapter.doors.cli import app

    runner = CliRunner()

    def run(*arguments: str, stdin: bytes | None = None):
        return runner.invoke(app, list(arguments), input=stdin)

    return run
