"""The fault board: which calls a fault waits for, in which order, and how often."""

import pytest

from sandbox.faults import FAULTS, ConnectionSevered, FaultStruck, FaultyAnswer
from sandbox.world.clock import DEMO_START, WorldClock
from sandbox.world.fault_board import FaultBoard
from sandbox.world.journal import Journal

FACTS = {"biller": "camp-point-mutual", "invoice_number": "30254"}


@pytest.fixture
def journal():
    return Journal(WorldClock(DEMO_START))


@pytest.fixture
def board(journal):
    return FaultBoard(journal)


def arm(board, kind="sever", **changes):
    wanted = {
        "partner": "spectrum",
        "operation": "OnlineReceipt",
        "moment": "after",
        "count": 1,
        "match": {},
        "parameters": {},
        **changes,
    }
    return board.arm(kind=kind, effect=FAULTS[kind](wanted["parameters"]), **wanted)


def strikes(board, *, operation="OnlineReceipt", partner="spectrum", moment="after", facts=FACTS):
    try:
        board.strike(partner, operation, moment, facts)
    except FaultStruck:
        return True
    return False


def test_strikes_as_often_as_it_was_armed_for(board):
    armed = arm(board, count=2)
    assert [strikes(board) for _ in range(3)] == [True, True, False]
    assert armed.as_json()["struck"] == 2
    assert armed.as_json()["count"] == 0


def test_strikes_for_ever_without_a_count(board):
    arm(board, count=None)
    assert all(strikes(board) for _ in range(20))


@pytest.mark.parametrize(
    "other",
    [
        {"operation": "Token"},
        {"partner": "invoice_cloud"},
        {"moment": "before"},
        {"facts": {"invoice_number": "30255"}},
        {"facts": {}},
    ],
)
def test_waits_for_the_call_it_was_armed_for(board, other):
    arm(board, match={"invoice_number": "30254"})
    assert not strikes(board, **other)
    assert strikes(board)


def test_star_waits_for_every_operation(board):
    arm(board, operation="*")
    assert strikes(board, operation="InvoiceBalanceDue")


def test_first_armed_strikes_first(board):
    arm(board, "status", parameters={"status": 503})
    arm(board, "sever")
    with pytest.raises(FaultyAnswer):
        board.strike("spectrum", "OnlineReceipt", "after", FACTS)
    with pytest.raises(ConnectionSevered):
        board.strike("spectrum", "OnlineReceipt", "after", FACTS)


def test_disarmed_faults_are_gone(board):
    first, second = arm(board), arm(board)
    assert board.disarm(first.id) == 1
    assert board.disarm(first.id) == 0
    assert [armed.id for armed in board.armed()] == [second.id]
    assert board.disarm() == 1
    assert not strikes(board)


def test_journal_tells_each_strike_with_the_call_it_hit(board, journal):
    arm(board)
    strikes(board)
    entry = journal.entries(kind="fault", invoice_number="30254")[0]
    assert (entry.target, entry.operation) == ("spectrum", "OnlineReceipt")
    assert entry.outcome == "sever, after it acted"
