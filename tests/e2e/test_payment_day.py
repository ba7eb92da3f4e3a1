"""The payment day end to end: every way of losing the answer, over real sockets."""

import json

import pytest

from sandbox.audit import INVARIANTS
from sandbox.demo import DemoOptions, run_demo


def play(capsys, **options):
    code = run_demo(DemoOptions(as_json=True, **options))
    return code, json.loads(capsys.readouterr().out)


def told(day, operation):
    return [line for line in day["timeline"] if line["operation"] == operation]


@pytest.mark.requirement("A1", "A2", "A3", "A4", "C1", "C2", "C6")
@pytest.mark.parametrize(
    ("fault", "deduplicate", "receipts_feed"),
    [
        ("sever_after", False, "none"),
        ("sever_after", False, "http"),
        ("sever_after", False, "folder"),
        ("sever_after", True, "none"),
        ("sever_after", True, "http"),
        ("sever_before", False, "none"),
        ("sever_before", False, "folder"),
        ("sever_before", True, "http"),
    ],
)
def test_lost_answer_ends_applied_exactly_once(capsys, receipts_feed, deduplicate, fault):
    """However the answer is lost, the auditor is clean and the timeline tells the evidence."""
    code, day = play(
        capsys,
        receipts_feed=receipts_feed,
        deduplicate=deduplicate,
        fault=fault,
        first_day=True,
    )
    assert code == 0, day["audit"]
    assert day["audit"]["clean"]
    applied = told(day, "applied")
    in_doubt = told(day, "in_doubt")
    assert len(in_doubt) == 1
    assert len(applied) == 4
    invoice = in_doubt[0]["text"].split(":")[0]
    ending = next(line for line in applied if line["text"].startswith(invoice))
    if fault == "sever_after":
        word = "balance moved" if receipts_feed == "none" else "receipts feed"
        assert word in ending["text"]
    posts = [
        line
        for line in told(day, "OnlineReceipt")
        if line["kind"] == "call" and line["source"] == "adapter"
    ]
    assert len(posts) == (4 if fault == "sever_after" else 5)


def test_same_seed_writes_the_same_journal(tmp_path, capsys):
    """Two runs of one seed write identical bytes; another seed's differ."""
    paths = [tmp_path / name for name in ("one.jsonl", "two.jsonl", "other.jsonl")]
    for path, number in zip(paths, (7, 7, 8), strict=True):
        assert play(capsys, seed=number, journal=path, first_day=True)[0] == 0
    one, two, other = (path.read_bytes() for path in paths)
    assert one == two
    assert one != other


def test_silence_is_a_lost_answer_too(capsys):
    """A partner that applies and never answers is timed out, then settled by evidence."""
    code, day = play(capsys, fault="silence_after", deduplicate=False, first_day=True)
    assert code == 0, day["audit"]
    assert len(told(day, "in_doubt")) == 1


@pytest.mark.requirement("C3", "C4", "C5", "G")
def test_the_whole_day_ends_settled_reversed_and_billed_again(capsys):
    code, day = play(capsys)
    assert code == 0, day["audit"]
    assert len(day["audit"]["invariants"]) == len(INVARIANTS)
    chapters = [line["text"] for line in day["timeline"] if line["kind"] == "chapter"]
    assert len(chapters) == 13
    [reversed_] = told(day, "ReceiveReversal")
    assert reversed_["text"] == "receipt 1002 for 220.09 reversed (R01)"
    batches = [line["text"].split(":")[0] for line in told(day, "Settlement")]
    assert batches == [
        "batch 4500-CC-20260106",
        "batch 4500-ACH-20260107",
        "batch 4500-ACH-20260108",
    ]
    assert told(day, "UploadInvoiceFile")[-1]["text"] == "1 invoice, 220.09 in all: taken"
    assert len(told(day, "Settings")) == 2


@pytest.mark.requirement("A2", "A3", "C2")
def test_who_pays_in_an_outage_is_not_asked_again_and_the_day_s_cash_balances(capsys):
    """The same without a receipts feed, and with a Spectrum that believes every repeat."""
    code, day = play(capsys, deduplicate=False)
    assert code == 0, day["audit"]
    fifth = "invoice 30270"
    [paid] = [line for line in told(day, "Pay") if line["text"].startswith(fifth)]
    looks = [line for line in told(day, "Balance") if line["at"] > paid["at"]]
    assert [line["text"] for line in looks] == ["0.00 is due"]
    applied = [line for line in told(day, "applied") if line["text"].startswith(fifth)]
    assert len(applied) == 1
    cash = day["cash"]
    parts = {name: cash[name]["count"] for name in ("taken", "applied", "returned", "open")}
    assert parts == {"taken": 5, "applied": 4, "returned": 1, "open": 0}
    assert cash["balances"]
