"""Sending invoices: what changed, once accepted, and never forgotten before."""

import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from adapter.bif.check import check_bif
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import BifDialect, InvoiceExtract, Questionnaire
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.upload import UploadAnswer, UploadState
from adapter.errors import (
    ConfigurationError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.send_invoices import JOB, run_once
from adapter.kinds import PAYMENTS

WHERE = {"partner": "invoice_cloud", "operation": "UploadInvoiceFile"}
REFUSED = UploadAnswer(accepted=False, file_name="", file_guid="", message="row 2 is wrong")
HOUR = 3600
pytestmark = pytest.mark.usefixtures("told")


@pytest.fixture
def run(bench):
    return lambda **options: run_once(bench.biller, bench.work, **options)


@pytest.fixture
def told(bench):
    """Let Spectrum tell two invoices."""
    bench.partners.invoices = [bench.invoice("1"), bench.invoice("2")]
    return bench.partners.invoices


def test_the_first_file_holds_everything(bench, run):
    report = run()
    assert report.counts == {"told": 2, "changed": 2, "files": 1, "invoices": 2}
    assert report.failure is None
    assert bench.partners.cursors == [None]
    ((name, content),) = bench.partners.uploaded
    assert name == "BIF20260105080000.BIF"
    checked = check_bif(io.BytesIO(content))
    assert (checked.valid, checked.invoice_count) == (True, 2)
    assert b"|3~BIF20260105080000|" in content
    (upload,) = bench.uploads()
    assert (upload.state, upload.file_guid) == (UploadState.ACCEPTED, "g-1")
    assert upload.total == checked.total
    assert bench.mark(JOB) == "cursor-1"


def test_no_change_is_no_file_and_no_call(bench, run):
    run()
    bench.pass_time(HOUR)
    report = run()
    assert report.counts == {"told": 2}
    assert report.note == "no change, no file"
    assert len(bench.partners.uploaded) == len(bench.uploads()) == 1
    assert bench.partners.cursors == [None, "cursor-1"]
    assert bench.mark(JOB) == "cursor-2"


def test_only_what_changed_is_sent(bench, run, told):
    run()
    bench.pass_time(HOUR)
    told[1] = bench.invoice("2", balance_due=Decimal("0.00"))
    assert run().counts == {"told": 2, "changed": 1, "files": 1, "invoices": 1}
    content = bench.partners.uploaded[-1][1]
    assert b"10~2|" in content
    assert b"10~1|" not in content
    assert b"|13~0.00|" in content


def test_a_full_file_holds_everything_again_under_another_reference(bench, run):
    for _ in range(3):
        assert run(full=True).counts["invoices"] == 2
    assert bench.partners.cursors == [None, None, None]
    first = "BIF20260105080000"
    references = [upload.reference for upload in bench.uploads()]
    assert references == [first, f"{first}-2", f"{first}-3"]


def test_an_invoice_told_twice_is_sent_as_told_last(bench, run):
    bench.partners.invoices = [
        bench.invoice("1", city="Old Town"),
        bench.invoice("1", city="New Town"),
    ]
    run()
    assert b"New Town" in bench.partners.uploaded[0][1]
    assert b"Old Town" not in bench.partners.uploaded[0][1]


def test_an_invoice_that_no_file_can_carry_is_an_exception_by_name(bench, run, told):
    told.append(bench.invoice("3", city="Camp|Point"))
    report = run()
    assert report.counts["refused"] == 1
    assert report.counts["invoices"] == 2
    (item,) = bench.exceptions()
    assert (item.kind, item.invoice_number) == (ExceptionKind.INVOICE_REFUSED, "3")
    assert item.payment_guid is None
    assert "Camp|Point" in item.detail
    assert bench.mark(JOB) == "cursor-1"
    bench.pass_time(HOUR)
    run()
    assert len(bench.exceptions()) == 1
    told[2] = bench.invoice("3")
    bench.pass_time(HOUR)
    assert run().counts["invoices"] == 1
    assert bench.exceptions()[0].resolution == "sent in BIF20260105100000"
    told[2] = bench.invoice("3", city="Camp|Point")
    run()
    assert [item.is_open for item in bench.exceptions()] == [False, True]


def test_nothing_but_such_invoices_is_no_call(bench, run):
    bench.partners.invoices = [bench.invoice("3", city="Camp|Point")]
    report = run()
    assert (report.note, report.counts["refused"]) == ("no change, no file", 1)
    assert bench.partners.uploaded == []
    assert bench.mark(JOB) == "cursor-1"


@pytest.mark.parametrize("answer", [REFUSED, RejectedError("row 2 is wrong", **WHERE)])
def test_a_refused_file_is_an_exception_and_its_invoices_come_again(bench, run, told, answer):
    bench.partners.upload_answers = [answer, answer]
    report = run()
    assert "row 2 is wrong" in str(report.failure)
    assert bench.uploads()[0].state is UploadState.REFUSED
    assert bench.mark(JOB) is None
    (item,) = bench.exceptions()
    assert item.kind is ExceptionKind.UPLOAD_REFUSED
    assert "refused file BIF20260105080000: " in item.detail
    assert "row 2 is wrong" in item.detail
    bench.pass_time(HOUR)
    run()
    assert len(bench.exceptions()) == 1
    bench.pass_time(HOUR)
    assert run().counts["invoices"] == len(told)
    assert bench.partners.cursors == [None, None, None]
    assert not bench.exceptions()[0].is_open


@pytest.mark.parametrize(
    "error", [RetryableError("no connection", **WHERE), ConfigurationError("key refused")]
)
def test_what_surely_failed_is_made_anew(bench, run, error):
    bench.partners.upload_answers = [error]
    assert run().failure is error
    assert bench.uploads()[0].state is UploadState.FAILED
    assert bench.mark(JOB) is None
    bench.pass_time(HOUR)
    assert run().counts["invoices"] == 2
    references = [upload.reference for upload in bench.uploads()]
    assert references == ["BIF20260105080000", "BIF20260105090000"]


@pytest.mark.parametrize("error", [OutcomeUnknownError("silence", **WHERE), KeyError("odd")])
def test_a_lost_answer_sends_the_same_bytes_under_the_same_reference(bench, run, told, error):
    bench.partners.upload_answers = [error]
    assert isinstance(run().failure, OutcomeUnknownError)
    assert bench.uploads()[0].state is UploadState.IN_DOUBT
    assert bench.mark(JOB) is None
    told[1] = bench.invoice("2", balance_due=Decimal("1.00"))
    bench.pass_time(HOUR)
    report = run()
    assert report.counts == {
        "sent_again": 1,
        "told": 2,
        "changed": 1,
        "files": 2,
        "invoices": 3,
    }
    first, again, newer = bench.partners.uploaded
    assert again == first
    assert b"10~2|" in newer[1]
    assert b"10~1|" not in newer[1]
    assert [upload.state for upload in bench.uploads()] == [UploadState.ACCEPTED] * 2
    assert bench.uploads()[0].tries == 2
    assert bench.mark(JOB) == "cursor-2"


def test_nothing_newer_is_sent_before_a_doubt_is_settled(bench, run):
    """An older file that arrived late would bill what is out of date."""
    lost = OutcomeUnknownError("silence", **WHERE)
    bench.partners.upload_answers = [lost, lost, RetryableError("no connection", **WHERE)]
    for _ in range(3):
        run()
        bench.pass_time(HOUR)
    assert len({content for _, content in bench.partners.uploaded}) == 1
    (upload,) = bench.uploads()
    assert (upload.state, upload.tries) == (UploadState.IN_DOUBT, 3)
    assert bench.partners.cursors == [None]
    assert run().counts["files"] == 1


def test_a_process_that_dies_while_sending_leaves_a_doubt(bench, run):
    bench.partners.upload_answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        run()
    report = run()
    assert report.note == "another run is sending a file; left to it"
    assert len(bench.partners.uploaded) == 1
    bench.pass_time(HOUR)
    assert run().counts["sent_again"] == 1
    assert bench.partners.uploaded[0] == bench.partners.uploaded[1]


def test_other_answers_in_the_questionnaire_send_every_bill_anew(bench, run):
    run()
    answers = Questionnaire(allow_partial_payments=True, notify_days=(-10, None, 5))
    bench.partners.bif_profile = replace(bench.partners.bif_profile, questionnaire=answers)
    bench.pass_time(HOUR)
    assert run().counts["invoices"] == 2
    assert bench.partners.cursors == [None, None]
    content = bench.partners.uploaded[-1][1]
    assert content.count(b"|14~01/17/2026|15~|16~02/01/2026|20~1|") == 2
    bench.pass_time(HOUR)
    assert run().note == "no change, no file"
    assert bench.partners.cursors[-1] == "cursor-2"


def test_a_positional_biller_is_sent_values_only(bench, run):
    profile = replace(bench.partners.bif_profile, dialect=BifDialect.POSITIONAL)
    bench.partners.bif_profile = profile
    run()
    content = bench.partners.uploaded[0][1]
    assert content.startswith(b"FH|")
    assert b"~" not in content
    assert check_bif(io.BytesIO(content)).valid


def test_a_feed_that_fails_sends_nothing(bench, run):
    bench.partners.extract = RetryableError("503", **WHERE)
    assert isinstance(run().failure, RetryableError)
    assert (bench.uploads(), bench.mark(JOB)) == ((), None)


def test_a_ledger_that_fails_sends_nothing(bench, run):
    def fail(*_args, **_kwargs):
        raise LedgerError("disk full")

    bench.ledger.uploads.begin = fail
    with pytest.raises(LedgerError):
        run()
    assert bench.partners.uploaded == []


def test_a_run_without_a_change_still_says_that_it_came_to_its_end(bench, run):
    run()
    same = InvoiceExtract(invoices=(), cursor="same", as_of=bench.clock.now())
    bench.partners.extract = same
    bench.pass_time(HOUR)
    run()
    before = moved_at(bench)
    bench.pass_time(HOUR)
    run()
    assert (moved_at(bench) - before).total_seconds() == HOUR
    bench.pass_time(HOUR)
    bench.partners.extract = RetryableError("503", **WHERE)
    run()
    assert (moved_at(bench) - before).total_seconds() == HOUR


def moved_at(bench):
    [mark] = [m for m in bench.ledger.watermarks.all() if m.job == JOB]
    return mark.moved_at


# Money under way (decision 0036)


def billed_as(bench):
    """Return what the last file says of each invoice: its number and TotalAmountDue."""
    return re.findall(rb"10~(\d+)\|.*?13~([\d.]+)\|", bench.partners.uploaded[-1][1])


def test_a_bill_whose_money_is_under_way_waits_an_hour_and_is_then_less_by_it(bench, run, told):
    """Spectrum tells it once only: the ledger keeps it meanwhile."""
    bench.accept(1, invoice_number="1", paid_at=bench.clock.now())
    report = run()
    assert report.counts == {"told": 2, "held_back": 1, "changed": 1, "files": 1, "invoices": 1}
    assert billed_as(bench) == [(b"2", b"731.37")]
    told.clear()
    bench.pass_time(HOUR - 60)
    assert run().note == "no change, no file"
    bench.pass_time(60)
    run()
    assert billed_as(bench) == [(b"1", b"700.00")]


def test_a_bill_is_sent_anew_when_its_money_has_gone_another_way(bench, run, told):
    """Spectrum tells nothing new: the payment was given back before it was applied."""
    payment = bench.accept(1, invoice_number="1")
    run()
    assert billed_as(bench) == [(b"1", b"700.00"), (b"2", b"731.37")]
    told.clear()
    bench.pass_time(HOUR)
    assert run().note == "no change, no file"
    voided = ManualResolution(by="ada", finding=Finding.GIVEN_BACK, note="voided")
    now, item = bench.clock.now(), bench.item(payment)
    bench.redrive(PAYMENTS).resolve(item, voided, now=now, settle_seconds=120)
    run()
    assert billed_as(bench) == [(b"1", b"731.37")]


def test_a_payment_of_a_bill_makes_it_due_once_it_has_waited_an_hour(bench, run, told):
    run()
    told.clear()
    bench.accept(1, invoice_number="1", paid_at=bench.clock.now())
    bench.pass_time(HOUR)
    run()
    assert billed_as(bench) == [(b"1", b"700.00")]
    bench.run(PAYMENTS)
    told.append(bench.invoice("1", balance_due=Decimal("700.00")))
    bench.pass_time(HOUR)
    run()
    assert bench.ledger.under_way.kept(bench.biller).billed == {}


def test_switched_off_spectrums_balance_is_billed_and_nothing_waits(bench, run, told):
    bench.accept(1, invoice_number="1", paid_at=bench.clock.now())
    run()
    told.clear()
    bench.partners.subtract_under_way = False
    run()
    assert billed_as(bench) == [(b"1", b"731.37")]
    assert bench.ledger.under_way.kept(bench.biller).held == {}


def test_what_no_file_can_carry_is_held_back_no_more(bench, run, told):
    told[:] = [bench.invoice("1", city="Camp|Point")]
    bench.accept(1, invoice_number="1", paid_at=bench.clock.now())
    run()
    told.clear()
    bench.pass_time(HOUR)
    assert run().counts["refused"] == 1
    assert bench.ledger.under_way.kept(bench.biller).held == {}
