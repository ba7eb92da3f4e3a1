"""`sandbox ready` and `sandbox env`: what they say, in every form, and what they exit with."""

import json
import subprocess
import tomllib

import pytest
from typer.testing import CliRunner

from sandbox.cli import app
from sandbox.server import Sandbox

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def run(sandbox_server):
    def run(*arguments, code=0, url=sandbox_server.url):
        told = CliRunner().invoke(app, [*arguments, "--url", url])
        assert told.exit_code == code, told.output
        return told.output

    return run


def test_ready_says_so(run, world):
    assert run("ready", "--world", world.name) == "ready\n"
    told = json.loads(run("ready", "--world", world.name, "--json"))
    assert told == {"world": world.name, "ready": True, "reasons": []}


def test_what_is_missing_is_told_and_exits_with_1(run, world):
    world.adapter_joined.clear()
    there = ("--world", world.name)
    assert run("ready", *there, code=1).startswith("not ready: the adapter that was announced")
    told = json.loads(run("ready", "--json", *there, code=1))
    assert (told["ready"], len(told["reasons"])) == (False, 1)


def test_ready_waits_until_the_adapter_has_joined(run, world, monkeypatch):
    """It is looked at again after a pause, and then it is there."""
    world.adapter_joined.clear()
    monkeypatch.setattr("time.sleep", lambda _seconds: world.adapter_joined.set())
    assert run("ready", "--wait", "30", "--world", world.name) == "ready\n"


def test_ready_waits_for_a_sandbox_that_starts_later(run, monkeypatch):
    sandbox = Sandbox()
    sandbox.create_world()
    sandbox.start(port=0)
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.stop()

    def start(_seconds):
        sandbox.create_world()
        sandbox.start(port=port)

    monkeypatch.setattr("time.sleep", start)
    try:
        assert run("ready", "--wait", "30", url=sandbox.url) == "ready\n"
    finally:
        sandbox.stop()


def test_ready_exits_with_3_where_no_sandbox_answers(run):
    assert f"no sandbox answers at {NOBODY}" in run("ready", code=3, url=NOBODY)
    told = json.loads(run("ready", "--json", code=3, url=NOBODY))
    assert (told["ready"], len(told["reasons"])) == (False, 1)


@pytest.mark.parametrize("document", [[], {}, "ready"])
def test_ready_believes_only_a_sandbox(run, monkeypatch, document):
    monkeypatch.setattr("sandbox.remote.Remote.ask", lambda *_arguments: (200, document))
    assert "is no sandbox" in run("ready", code=3)


def test_ready_is_refused_at_once_where_waiting_does_not_help(run):
    assert "there is no world 'nowhere'" in run(
        "ready", "--wait", "30", "--world", "nowhere", code=2
    )


def settings_of(world):
    return json.loads(
        CliRunner()
        .invoke(app, ["env", "--format", "json", "--world", world.name, "--url", root_of(world)])
        .output
    )


def root_of(world):
    return world.base_url.partition("/w/")[0]


def test_env_tells_what_connects(world):
    told = settings_of(world)
    biller = world.billers[0]
    expected = {
        "SANDBOX_URL": root_of(world),
        "SANDBOX_WORLD": world.name,
        "SANDBOX_CONTROL_URL": f"{world.base_url}/_sandbox",
        "SANDBOX_BILLER": biller.slug,
        "SPECTRUM_BASE_URL": f"{world.base_url}/spectrum/wsSpectrumAPICore",
        "SPECTRUM_TOKEN": biller.payment_credentials.token,
        "SPECTRUM_RTDR_PASSWORD": biller.rtdr_credentials.password,
        "IMT_BASE_URL": f"{world.base_url}/imt",
        "IMT_PASSWORD": biller.imt.password,
        "INVOICE_CLOUD_BILLER_GUID": biller.biller_guid,
        "INVOICE_CLOUD_WEB_SERVICE_KEY": biller.web_service_key,
        "INVOICE_CLOUD_API_KEY": biller.api_key,
        "INVOICE_CLOUD_REST_BASE_URL": f"{world.base_url}/invoicecloud/api/v1",
        "INVOICE_CLOUD_WEB_SERVICES_URL": f"{world.base_url}/invoicecloud/portal/webservices",
    }
    assert expected.items() <= told.items()
    operation = "ACH_REJECT_REPORTING_DATA_SET_FROM_GMT"
    assert told[f"INVOICE_CLOUD_WSDL_URLS_{operation}"].endswith(
        "ACHRejectReportingSOAP.asmx?WSDL"
    )


def test_env_says_the_same_in_every_form(run, world):
    told = settings_of(world)
    there = ("env", "--world", world.name)
    assert tomllib.loads(run(*there, "--format", "toml")) == told
    lines = run(*there, "--format", "dotenv").splitlines()
    assert dict(line.split("=", 1) for line in lines) == told
    shell = subprocess.run(
        ["sh", "-c", 'eval "$1" && env', "sh", run(*there)],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    exported = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    assert told.items() <= exported.items()


def test_what_a_reader_of_env_files_would_take_apart_is_quoted():
    sandbox = Sandbox(base_url="http://sandbox.test/a b#c")
    sandbox.create_world()
    sandbox.start(port=0)
    try:
        where = ["--format", "dotenv", "--url", sandbox.listens_at]
        told = CliRunner().invoke(app, ["env", *where]).output
    finally:
        sandbox.stop()
    assert "IMT_BASE_URL='http://sandbox.test/a b#c/imt'\n" in told


def test_env_of_another_biller(run, sandbox_server, world_names):
    world = sandbox_server.create_world(next(world_names), billers=2)
    there = ("--world", world.name, "--biller")
    told = run("env", *there, world.billers[1].slug)
    assert world.billers[1].biller_guid in told
    assert world.billers[0].biller_guid not in told
    assert "there are: camp-point-mutual, prairie-shield" in run("env", *there, "nobody", code=2)
    sandbox_server.delete_world(world.name)


def test_commands_act_on_the_world_that_the_environment_names(run, world, monkeypatch):
    monkeypatch.setenv("SANDBOX_WORLD", world.name)
    run("advance", "1h")
    assert f"{world.clock.now():%H:%M}" == "09:00"
    assert run("world", "show").startswith(f"{world.name}  seed 1  ")


def test_env_exits_with_3_where_no_sandbox_answers(run):
    run("env", code=3, url=NOBODY)
