"""Which error ends a command with which exit code."""

import pytest
import structlog
import typer
from typer.testing import CliRunner

from adapter.doors.exit_codes import EPILOG, ExitCode, TellingGroup, exit_code_of
from adapter.errors import (
    AdapterError,
    BadInputError,
    ConfigurationError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
)

pytestmark = pytest.mark.usefixtures("own_log")
ERRORS = [
    (ConfigurationError("a", "b"), ExitCode.CONFIGURATION),
    (OutcomeUnknownError("silence", partner="spectrum", operation="x"), ExitCode.PARTNER),
    (LedgerError("locked"), ExitCode.LEDGER),
    (NotFoundError("no such job"), ExitCode.USAGE),
    (BadInputError(field="f", value="v", rule="r", remedy="m"), ExitCode.USAGE),
    (AdapterError("other"), ExitCode.PROBLEM),
]


@pytest.mark.parametrize(("error", "code"), ERRORS)
def test_an_error_ends_with_its_code_and_no_traceback(error, code):
    app = typer.Typer(cls=TellingGroup)

    @app.command()
    def fail():
        raise error

    @app.command()
    def other():
        """Make the application a group."""

    result = CliRunner().invoke(app, ["fail"])
    assert exit_code_of(error) == result.exit_code == code
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output


def test_every_code_is_documented():
    for code in ExitCode:
        assert f"{code.value} " in EPILOG


def test_what_is_logged_on_the_way_is_not_among_what_was_asked_for():
    app = typer.Typer(cls=TellingGroup)

    @app.command()
    def tell():
        structlog.get_logger("adapter").warning("settings were read anew")
        typer.echo("{}")

    @app.command()
    def other():
        """Make the application a group."""

    result = CliRunner().invoke(app, ["tell"])
    assert result.stdout == "{}\n"
    assert "settings were read anew" in result.stderr
