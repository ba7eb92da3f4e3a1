"""The command `sandbox`: what it says, and what it exits with."""

import json
import re
import subprocess
import sys

import httpx
import pytest
from typer.testing import CliRunner

from adapter.doors.cli import app as adapter_commands
from sandbox.cli import app
from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def sandbox(sandbox_server):
    """Run a command against the running sandbox: `sandbox("advance", "2h")`."""

    def run(*arguments, code=0):
        told = CliRunner().invoke(app, [*arguments, "--url", sandbox_server.url])
        assert told.exit_code == code, told.output
        return told.output

    return run


def test_advance_tells_what_ran(sandbox, world):
    world.clock.call_in(3600, "send_invoices", lambda: None)
    told = sandbox("advance", "2h", "--world", world.name)
    assert told.splitlines() == [
        "2026-01-05T08:00:00Z to 2026-01-05T10:00:00Z",
        "     1  send_invoices",
    ]


@pytest.mark.parametrize(
    ("how_far", "end"),
    [
        ("90s", "2026-01-05T08:01:30Z"),
        ("15m", "2026-01-05T08:15:00Z"),
        ("1d", "2026-01-06T08:00:00Z"),
        ("2026-01-05T23:00:00Z", "2026-01-05T23:00:00Z"),
    ],
)
def test_advance_takes_durations_and_moments(sandbox, world, how_far, end):
    told = sandbox("advance", how_far, "--world", world.name, "--json")
    assert json.loads(told)["end"] == end


@pytest.mark.parametrize("how_far", ["tomorrow", "1 h", "1h30m", "-1h", "2026-01-05", "٣h", ""])
def test_a_form_that_advance_does_not_know_is_answered_with_those_it_knows(how_far):
    told = CliRunner().invoke(app, ["advance", "--url", NOBODY, "--", how_far])
    assert told.exit_code == 2
    assert "90s, 15m, 2h and 30d are, and a moment in UTC such as 2026" in told.output


def test_refusal_is_told_and_exits_with_2(sandbox, world):
    told = sandbox("advance", "2026-01-05T07:00:00Z", "--world", world.name, code=2)
    assert "only moves forward" in told
    assert "there is no world 'nowhere'" in sandbox("audit", "--world", "nowhere", code=2)


@pytest.mark.parametrize("command", [["audit"], ["advance", "1s"], ["world", "show"]])
def test_absent_sandbox_exits_with_3(command):
    told = CliRunner().invoke(app, [*command, "--url", NOBODY])
    assert told.exit_code == 3
    assert f"no sandbox answers at {NOBODY}" in told.output


def test_audit_of_a_clean_world_exits_with_0(sandbox, world):
    assert "BROKEN" not in sandbox("audit", "--world", world.name)
    assert json.loads(sandbox("audit", "--world", world.name, "--json"))["clean"]


def test_audit_of_a_broken_world_exits_with_1(sandbox, world):
    """A receipt that no payment bears breaks invariant 2, and its story is told."""
    credentials = world.billers[0].payment_credentials
    api = f"{world.base_url}/spectrum/wsSpectrumAPICore/api"
    values = {
        "token": credentials.token,
        "username": credentials.username,
        "password": credentials.password,
    }
    token = httpx.post(f"{api}/Token", json=values).json()["data"]["attributes"]["token"]
    state = httpx.get(f"{world.base_url}/_sandbox/state").json()
    receipt = {
        "invoiceNumber": 30254,
        "policyNumber": state["spectrum"]["invoices"][0]["policy_number"],
        "fullName": "Nobody",
        "datePaid": "2026-01-05T08:00:00Z",
        "referenceNumber": "00000000-0000-4000-8000-000000000001",
        "amount": 1.00,
        "fee": 0.00,
        "transactionID": "T-1",
        "transactionMessage": "Approved",
        "paymentType": "ACH",
        "approved": True,
        "onlineVendor": "InvoiceCloud",
    }
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.post(f"{api}/OnlineReceipt", json=receipt, headers=headers).status_code == 200
    told = sandbox("audit", "--world", world.name, code=1)
    assert re.search(r"BROKEN +2 .*\n +receipt \S+ of 1.00 on invoice 30254", told)


def test_world_is_created_shown_and_deleted(sandbox, world):
    name = f"{world.name}-child"
    told = sandbox("world", "create", name, "--seed", "7", "--start", "2026-01-05T08:00:00Z")
    assert f"{name}  seed 7  2026-01-05T08:00:00Z" in told
    shown = json.loads(sandbox("world", "show", name, "--json"))
    assert shown["billers"][0]["spectrum"]["password"] in told
    assert sandbox("world", "delete", name) == ""
    sandbox("world", "show", name, code=2)


def test_book_is_changed_and_the_changes_are_listed(sandbox, world):
    there = ("--world", world.name)
    told = sandbox("spectrum", "change", "fee", "--invoice", "30254", "--amount", "25.00", *there)
    assert re.search(r"fee +policy \d{7} +invoice 30254 +25.00 +756.37 due", told)
    paid = ("--invoice", "30254", "--amount", "6.37", "--vendor", "Agency 12", "--note", "by hand")
    made = json.loads(sandbox("spectrum", "change", "agent_payment", *paid, *there, "--json"))
    assert (made["vendor"], made["balance_due"]) == ("Agency 12", "750.00")
    lines = sandbox("spectrum", "changes", *there).splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert lines[1].endswith("receipt 1001 (Agency 12)")
    assert json.loads(sandbox("spectrum", "changes", *there, "--json"))["changes"][1] == made


def test_a_change_that_cannot_be_is_told_and_exits_with_2(sandbox, world):
    told = sandbox("spectrum", "change", "fee", "--world", world.name, code=2)
    assert "amount" in told or "one invoice" in told
    sandbox("spectrum", "change", "earthquake", "--world", world.name, code=2)


def test_control_token_is_sent():
    locked = Sandbox(control_token="let-me-in")
    locked.create_world(start=DEMO_START)
    locked.start(port=0)
    try:
        command = ["world", "show", "--url", locked.url]
        assert CliRunner().invoke(app, command).exit_code == 2
        environment = {"SANDBOX_CONTROL_TOKEN": "let-me-in"}
        assert CliRunner().invoke(app, command, env=environment).exit_code == 0
    finally:
        locked.stop()


def test_assumptions_name_decision_question_and_clauses():
    told = CliRunner().invoke(app, ["assumptions", "--json"])
    assert told.exit_code == 0
    records = {record["decision"]: record for record in json.loads(told.output)}
    assert "PDS" in records["0030"]["question"]
    assert any(clause.startswith("spectrum: ") for clause in records["0002"]["clauses"])
    printed = CliRunner().invoke(app, ["assumptions"]).output
    assert "0002" in printed
    assert "Ask: " in printed


@pytest.mark.parametrize("program", ["sandbox", "adapter"])
def test_both_commands_look_alike(program):
    """Plain texts, the version, and the exit codes below each."""
    group = app if program == "sandbox" else adapter_commands
    for arguments in ([], ["up" if program == "sandbox" else "serve"]):
        told = CliRunner().invoke(group, [*arguments, "--help"]).output
        assert "Exit codes: 0 " in told
        assert "\u2500" not in told
    told = CliRunner().invoke(group, ["--version"])
    assert re.fullmatch(program + r" [0-9]+\.[0-9]+\.[0-9]+\n", told.output)


def test_python_m_sandbox_is_the_command():
    command = [sys.executable, "-m", "sandbox"]
    told = subprocess.run([*command, "--help"], check=True, capture_output=True, text=True)
    assert "python -m sandbox [OPTIONS] COMMAND" in told.stdout
    told = subprocess.run([*command, "no-such-command"], check=False, capture_output=True)
    assert told.returncode == 2
