"""`serve` and `World` without pytest's plugin: which sandbox, which world, and what is refused."""

from datetime import datetime
from decimal import Decimal

import httpx
import pytest

from sandbox import extras
from sandbox.control import journal
from sandbox.server import Sandbox
from sandbox.testing import SandboxError, World, connection, serve, serving

BANK_ACCOUNT = {"routing_number": "011000015", "account_number": "000123456789"}


@pytest.fixture(scope="module")
def served():
    with serve() as served:
        yield served


def test_a_payer_pays_by_card_and_bank_account_to_the_cent(served, tmp_path):
    world = served.create_world(billers=2)
    joined = served.join_adapter(world, tmp_path)
    world.clock.advance("1h")
    first, second, third = world.state()["invoice_cloud"]["bills"][:3]
    paid = world.pay(first["invoice_number"])
    assert (paid["approved"], paid["amount"], paid["fee"]) == (True, first["balance_due"], "3.00")
    whole = Decimal(second["balance_due"])
    paid = world.pay(second["invoice_number"], bank_account=BANK_ACCOUNT, amount=whole)
    assert (Decimal(paid["amount"]), paid["fee"]) == (whole, "0.00")
    with pytest.raises(SandboxError, match="amount") as refused:
        world.pay(third["invoice_number"], amount=Decimal("1.005"))  # never rounded
    assert refused.value.code == "bad_input"
    other = list(world.billers)[1]
    with pytest.raises(SandboxError, match=third["invoice_number"]):
        world.pay(third["invoice_number"], biller=other)
    world.clock.advance("5m")
    assert len(world.journal(operation="OnlineReceipt", source="adapter")) == 2
    assert world.audit()["clean"]
    joined.stop()


def test_the_journal_is_whole_however_long(served, monkeypatch):
    world = served.create_world()
    for _ in range(3):
        assert httpx.post(f"{world.spectrum.base_url}/api/Token", json={}).is_error
    whole = world.journal()
    assert len(whole) == 3
    monkeypatch.setattr(journal, "PAGE_DEFAULT", 1)
    assert world.journal() == whole


def test_a_name_that_is_taken_and_a_start_without_a_zone_are_refused(served):
    served.create_world("mine")
    with pytest.raises(SandboxError, match="mine") as refused:
        served.create_world("mine")
    assert refused.value.code == "world_exists"
    with pytest.raises(ValueError, match="no time zone"):
        served.create_world(start=datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(SandboxError, match="there is no world 'yours'"):
        World(served.url, "yours")


def test_a_sandbox_that_wants_a_token_is_controlled_with_it():
    sandbox = Sandbox(control_token="invented").start(port=0)
    with pytest.raises(SandboxError, match="control token is missing"), serve(url=sandbox.url):
        pass
    with serve(url=f"{sandbox.url}/", control_token="invented") as served:
        name = served.create_world().name
        assert name != served.create_world().name
        assert World(sandbox.url, name, control_token="invented").audit()["clean"]
    assert sandbox.worlds.names() == []
    sandbox.stop()


@pytest.mark.parametrize("answer", [[], {}, None])
def test_what_is_no_sandbox_is_said_to_be_none(monkeypatch, answer):
    monkeypatch.setattr(connection.Connection, "ask", lambda *_, **__: answer)
    with pytest.raises(SandboxError, match="is no sandbox"), serve(url="http://127.0.0.1:1"):
        pass


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(extras.PACKAGES, "faker", "not_there_at_all")
    with pytest.raises(SandboxError, match=r"not installed: faker.*\[sandbox\]"), serve():
        pass


def test_a_process_of_its_own_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr(serving, "_ISOLATED", "raise SystemExit('out of order')")
    with pytest.raises(SandboxError, match="no sandbox starts: out of order"):
        serve(isolated=True).__enter__()


def test_a_process_of_its_own_answers_and_has_no_adapter(tmp_path):
    with serve(isolated=True) as served:
        world = served.create_world(open_invoices=2)
        assert len(world.state()["spectrum"]["invoices"]) == 2
        with pytest.raises(SandboxError, match="in another") as refused:
            served.join_adapter(world, tmp_path)
        assert refused.value.code == "other_process"
    with pytest.raises(SandboxError, match="no sandbox answers"):
        world.audit()
