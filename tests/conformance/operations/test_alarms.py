"""Each alarm provoked once over real sockets, and its advice followed with the very commands.

A scenario provokes its alarm, yields, and follows the advice; the test looks before, between and
after.
"""

import sqlite3
from datetime import date
from types import SimpleNamespace

import pytest

from adapter.domain.alarms import ALARMS

HOUR = 3600
DAY = 24 * HOUR
# What a command's process cannot know: it calls nobody.
NOT_TOLD_BY_THE_COMMAND = {"clock_skewed"}


def ledger_not_writable(operator):
    operator.pay()
    holder = sqlite3.connect(operator.path.with_name("adapter.db"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield "locked"
    holder.rollback()
    holder.close()


def disk_low(operator, monkeypatch):
    full = SimpleNamespace(total=2**30, used=2**30 - 2**20, free=2**20)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _path: full)
        yield "1 MiB"
        assert "Free space" in operator.say("doctor", "--offline", code=5)
    assert "are free" in operator.say("doctor", "--offline")


def work_not_done(operator):
    operator.adapter.engine.stop()
    invoice = operator.pay()
    operator.advance(2 * HOUR)
    yield "no worker has looked"
    operator.say("run", "post_payments")
    assert operator.is_paid_once(invoice)
    operator.adapter.start()


def payment_dead(operator):
    operator.refuse("spectrum", "OnlineReceipt", count=3)
    invoice = operator.pay()
    operator.advance(HOUR)
    yield "dead"
    assert "refused 3 times" in operator.say("exceptions", "list")
    guid = operator.payment(invoice)["payment_guid"]
    assert "422" in operator.say("payments", "show", guid)
    assert operator.receipts(invoice) == []
    operator.say("payments", "retry", guid)
    balance = f"{operator.balance(invoice):.2f}"
    finding = ("--as", "never-applied", "--balance", balance, "--note", "policy mended")
    operator.say("run", "post_payments")
    operator.say("payments", "resolve", guid, *finding)
    operator.say("run", "post_payments")
    assert operator.is_paid_once(invoice)


def paid_policy_may_lapse(operator):
    """Pay when it is due, and Spectrum does not tell the balance: an hour is patience."""
    invoice = operator.bill(due=date(2026, 1, 7))
    operator.advance(HOUR)
    operator.arm("status", "spectrum", "InvoiceBalanceDue", status=503)
    operator.pay(invoice)
    operator.advance(HOUR - 60)
    assert "paid_policy_may_lapse" not in operator.alarms()
    operator.advance(120)
    yield f"on invoice {invoice} of policy"
    guid = operator.payment(invoice)["payment_guid"]
    assert guid in operator.alarms()["paid_policy_may_lapse"]["detail"]
    assert "503" in operator.say("payments", "show", guid)
    assert operator.say("exceptions", "list") == "nothing needs a person\n"
    operator.disarm()
    operator.advance(HOUR)
    assert operator.is_paid_once(invoice)


def payment_stopped_by_setting(operator):
    wrong = {**operator.settings["billers"][operator.slug]["advanced_settings"]}
    wrong["13"] = "an0ther-password|0A1B2C3D-0000-4000-8000-00000000000B"
    operator.change_biller(advanced_settings=wrong)
    invoice = operator.pay()
    operator.advance(26 * HOUR)
    yield "setting_overdue"
    assert "advanced_settings.11 to 13" in operator.say("exceptions", "list")
    assert "fail" in operator.say("doctor", code=3)
    operator.change()
    operator.say("doctor")
    operator.advance(HOUR)
    assert operator.is_paid_once(invoice)


def payment_in_doubt_too_long(operator):
    operator.arm("sever", "spectrum", "OnlineReceipt", moment="after", count=1)
    invoice = operator.pay()
    operator.advance(30)
    for operation in ("ExtractReceipts", "InvoiceBalanceDue"):
        operator.arm("status", "spectrum", operation, status=503)
    operator.advance(2 * HOUR)
    yield "in_doubt"
    assert "fail" in operator.say("doctor", code=4)
    guid = operator.payment(invoice)["payment_guid"]
    [receipt] = operator.receipts(invoice)
    operator.say("payments", "retry", guid, code=2)
    arguments = (
        "--as",
        "applied",
        "--receipt",
        receipt.applied.receipt_id,
        "--note",
        "on its screen",
    )
    operator.say("payments", "resolve", guid, *arguments)
    assert operator.payment(invoice)["evidence"] == "person"
    operator.disarm()
    assert operator.is_paid_once(invoice)


def payment_unfinished_too_long(operator):
    operator.arm("status", "spectrum", "InvoiceBalanceDue", status=503)
    invoice = operator.pay()
    operator.advance(3 * HOUR)
    yield "retrying"
    assert "503" in operator.say("payments", "list")
    operator.say("doctor", code=4)
    operator.disarm()
    operator.advance(HOUR)
    assert operator.is_paid_once(invoice)


def biller_removed_with_open_payments(operator):
    operator.arm("status", "spectrum", "InvoiceBalanceDue", status=503)
    invoice = operator.pay()
    operator.advance(60)
    operator.disarm()
    operator.change(lambda tree: tree["billers"].pop(operator.slug))
    operator.advance(3 * DAY)
    yield "not in the settings"
    assert operator.receipts(invoice) == []
    guid = operator.world.billers[0].biller_guid  # nothing names its biller any more
    assert invoice in operator.say("payments", "list", "--biller", guid)
    assert "Put its table back" in operator.say("doctor", code=3)
    operator.change()
    operator.advance(4 * HOUR)
    assert operator.is_paid_once(invoice)
    assert "no such payment" in operator.say("payments", "list", "--biller", operator.slug)


def biller_settings_wrong(operator):
    operator.change_biller(time_zone="America/Nowhere")
    yield "time_zone"
    assert "time_zone" in operator.say("settings", "check", code=3)
    operator.change()
    operator.say("settings", "check")


def poll_behind(operator):
    operation = "PaymentReportingDataSetFromGMT"
    operator.arm("status", "invoice_cloud", operation, status=503)
    operator.advance(6 * HOUR)
    yield "reconcile_payments"
    assert "503" in operator.say("run", "reconcile_payments", code=4)
    operator.disarm()
    operator.say("run", "reconcile_payments")


def invoice_file_late(operator):
    operator.arm("status", "spectrum", "ExtractInvoices", status=503)
    operator.advance(4 * HOUR)
    yield "send_invoices"
    assert "503" in operator.say("run", "send_invoices", code=4)
    operator.disarm()
    operator.say("run", "send_invoices")


def invoice_file_refused(operator):
    operator.world.behaviours.change({"upload_limit_bytes": 6000})
    operator.say("run", "send_invoices", "--full", "--biller", operator.slug, code=4)
    yield "upload_refused"
    assert "receiver_bytes_max must be less" in operator.say("exceptions", "list")
    operator.change_biller(bif={"receiver_bytes_max": 6000})
    operator.say("run", "send_invoices", "--full", "--biller", operator.slug)


def reversal_stuck(operator):
    operator.refuse("spectrum", "ReceiveReversal", status=409)
    invoice = operator.pay(return_code="R01")
    operator.advance(6 * DAY)
    yield "reversal_refused"
    [row] = operator.read("reversals", "list")
    assert row["invoice_number"] == invoice
    assert "409" in row["last_error"]
    operator.say("reversals", "retry", str(row["number"]))
    operator.say("run", "post_reversals")
    assert operator.balance(invoice) > 0


def enrollment_failed(operator):
    operator.refuse("imt", "Settings")
    bills = operator.client.get(f"{operator.world.base_url}/_sandbox/state").json()
    bill = next(b for b in bills["invoice_cloud"]["bills"] if b["biller"] == operator.slug)
    order = {"biller": operator.slug, "account_number": bill["account_number"]}
    url = f"{operator.world.base_url}/_sandbox/payers/enrollments"
    operator.client.post(url, json={**order, "kind": "paperless", "on": True}).raise_for_status()
    operator.advance(60)
    yield "enrollment_refused"
    [row] = operator.read("enrollments", "list")
    operator.say("enrollments", "retry", str(row["number"]))
    operator.say("run", "push_enrollments")
    assert operator.read("enrollments", "list") == []


def batch_mismatch(operator):
    operator.arm("sever", "invoice_cloud", "DataPump")
    operator.arm("status", "invoice_cloud", "PaymentReportingDataSetFromGMT", status=503)
    invoice = operator.pay()
    operator.advance(4 * DAY)
    yield "settled_unknown"
    assert "settled_unknown" in operator.say("exceptions", "list")
    assert operator.get("/ops/settlements").json()["settlements"][0]["matched_at"] is None
    operator.disarm()
    operator.say("run", "reconcile_payments")
    operator.say("run", "post_payments")
    operator.say("run", "match_settlements")
    assert operator.is_paid_once(invoice)


def exception_open(operator):
    """Bring a payment to the door that Invoice Cloud never made."""
    biller = operator.world.billers[0]
    bills = operator.client.get(f"{operator.world.base_url}/_sandbox/state").json()
    bill = next(b for b in bills["invoice_cloud"]["bills"] if b["biller"] == operator.slug)
    notice = {
        "BillerGUID": biller.biller_guid,
        "PaymentGUID": "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713",
        "InvoiceNumber": bill["invoice_number"],
        "AccountNumber": bill["account_number"],
        "PaymentDate": f"{operator.world.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "PaymentAmount": "0.10",
        "Approved": "True",
    }
    url = f"{operator.server.url}/billers/{operator.slug}/payments"
    answer = operator.client.post(url, json=notice, auth=(biller.biller_guid, biller.door_key))
    assert answer.status_code == 202
    operator.advance(6 * HOUR)
    yield "not_reported"
    [item] = operator.read("exceptions", "list")
    operator.say("exceptions", "resolve", str(item["number"]), "--because", "asked Invoice Cloud")


def posting_switched_off(operator):
    """Payments come in and wait; nothing is lost when it is on again."""
    operator.change_biller(posting=False)
    invoice = operator.pay()
    operator.advance(60)
    yield "1 of its payments and reversals wait"
    assert operator.receipts(invoice) == []
    assert "posting is switched off for this biller" in operator.say("payments", "list")
    assert f"{operator.slug}: posting: it is switched off" in operator.say("doctor")
    operator.change()
    operator.advance(HOUR)
    assert operator.is_paid_once(invoice)


def clock_skewed(operator):
    operator.world.behaviours.change({"partners_clock_ahead_seconds": 90})
    operator.advance(HOUR)
    yield "90 s ahead"
    assert "this machine is 90 s behind" in operator.say("doctor")
    operator.world.behaviours.change({"partners_clock_ahead_seconds": 0})
    operator.advance(HOUR)
    assert "0 s apart" in operator.say("doctor")


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        ledger_not_writable,
        disk_low,
        work_not_done,
        payment_dead,
        paid_policy_may_lapse,
        payment_stopped_by_setting,
        payment_in_doubt_too_long,
        payment_unfinished_too_long,
        biller_removed_with_open_payments,
        biller_settings_wrong,
        poll_behind,
        invoice_file_late,
        invoice_file_refused,
        reversal_stuck,
        enrollment_failed,
        batch_mismatch,
        exception_open,
        posting_switched_off,
        clock_skewed,
    )
}


def test_every_alarm_of_the_list_has_a_scenario():
    assert set(SCENARIOS) == {alarm.name for alarm in ALARMS}


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_alarm_is_provoked_and_ends_when_its_advice_is_followed(operator, monkeypatch, name):
    assert operator.alarms() == {}
    more = [monkeypatch] if name == "disk_low" else []
    scenario = SCENARIOS[name](operator, *more)
    words = next(scenario)
    alarm = operator.alarms()[name]
    assert words in alarm["detail"]
    assert (name in operator.told_alarms()) == (name not in NOT_TOLD_BY_THE_COMMAND)
    page = operator.get("/ops/").text
    assert f"<strong>{name}</strong>" in page
    with pytest.raises(StopIteration):
        next(scenario)
    assert operator.alarms() == {}
    assert operator.told_alarms() == set()
