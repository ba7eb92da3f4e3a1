"""Commands and doors in a test's hands."""

import pytest
from typer.testing import CliRunner

from adapter.doors.cli import app

SETTINGS = """
[adapter]
ledger = "sqlite:///adapter.db"
listen = "127.0.0.1:0"

[billers.alpha-mutual]
name = "Alpha Mutual"
time_zone = "{time_zone}"
biller_guid = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
web_service_key = "540a862e-aac1-47b0-ad74-745df0d8131d"
invoice_format_guid = "47179ce6-8d9f-46b9-9462-7521f79b0014"
door_key = "{door_key}"

[billers.alpha-mutual.advanced_settings]
8 = "http://127.0.0.1:9/spectrum"
9 = "alpha-rtdr"
10 = "p4ss!rtdr|0A1B2C3D-0000-4000-8000-00000000000A"
11 = "http://127.0.0.1:9/spectrum"
12 = "alpha-payments"
13 = "p4ss!payments|0A1B2C3D-0000-4000-8000-00000000000B"

[billers.alpha-mutual.invoice_cloud]
web_services_url = "http://127.0.0.1:9/webservices"

[billers.alpha-mutual.feed]
kind = "folder"
location = "feed"
"""


@pytest.fixture
def settings_file(tmp_path):
    """Write a settings file of one biller whose partners nobody can reach; return its path."""

    def write(*, door_key="door-s3cret", time_zone="America/Chicago"):
        path = tmp_path / "adapter.toml"
        path.write_text(SETTINGS.format(door_key=door_key, time_zone=time_zone))
        return path

    return write


@pytest.fixture
def cli():
    """Run an `adapter` command line and return what it said and how it ended."""
    runner = CliRunner()

    def run(*arguments: str, stdin: bytes | None = None):
        return runner.invoke(app, list(arguments), input=stdin)

    return run
