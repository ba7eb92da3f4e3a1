"""A carrier sent in parts: what is lost, refused or changed between them is billed right."""

import io
import re
from decimal import Decimal

import pytest

from adapter.bif.check import check_bif
from adapter.domain.upload import UploadAnswer, UploadState
from adapter.errors import LeaseLostError, OutcomeUnknownError, RetryableError
from adapter.jobs.send_invoices import JOB, run_once

WHERE = {"partner": "invoice_cloud", "operation": "UploadInvoiceFile"}
ACCEPTED = UploadAnswer(accepted=True, file_name="", file_guid="", message="")
REFUSED = UploadAnswer(accepted=False, file_name="", file_guid="", message="row 2 is wrong")
HOUR = 3600
pytestmark = pytest.mark.usefixtures("three_parts")


@pytest.fixture
def run(bench):
    return lambda **options: run_once(bench.biller, bench.work, **options)


@pytest.fixture
def three_parts(bench):
    """Let Spectrum tell six invoices, two to a file."""
    bench.partners.request_bytes_max = 1600
    bench.partners.invoices = [bench.invoice(str(number)) for number in range(1, 7)]
    return bench.partners.invoices


def numbers_in(content):
    return re.findall(rb"\|10~(\d+)", content)


def billed(bench):
    return set(bench.ledger.uploads.billed(bench.biller, [str(n) for n in range(1, 7)]))


def test_parts_are_files_with_references_and_headers_of_their_own(bench, run):
    assert run().counts == {"told": 6, "changed": 6, "files": 3, "invoices": 6}
    assert [upload.reference for upload in bench.uploads()] == [
        "BIF20260105080000",
        "BIF20260105080000-2",
        "BIF20260105080000-3",
    ]
    for (_, content), upload in zip(bench.partners.uploaded, bench.uploads(), strict=True):
        report = check_bif(io.BytesIO(content))
        assert report.valid
        assert (report.invoice_count, report.total) == (upload.invoice_count, upload.total)
    assert bench.mark(JOB) == "cursor-1"


def test_a_refused_part_holds_back_no_other(bench, run):
    """And the cursor stays, so that its invoices come again, alone."""
    bench.partners.upload_answers = [ACCEPTED, REFUSED]
    report = run()
    assert "row 2 is wrong" in str(report.failure)
    states = [upload.state for upload in bench.uploads()]
    assert states == [UploadState.ACCEPTED, UploadState.REFUSED, UploadState.ACCEPTED]
    assert billed(bench) == {"1", "2", "5", "6"}
    assert bench.mark(JOB) is None
    bench.pass_time(HOUR)
    assert run().counts == {"told": 6, "changed": 2, "files": 1, "invoices": 2}
    assert numbers_in(bench.partners.uploaded[-1][1]) == [b"3", b"4"]
    assert bench.mark(JOB) == "cursor-2"
    assert not bench.exceptions()[0].is_open


@pytest.mark.parametrize("answer", [REFUSED, RetryableError("no connection", **WHERE)])
def test_what_accepted_parts_billed_is_not_sent_again_when_the_last_one_fails(bench, run, answer):
    bench.partners.upload_answers = [ACCEPTED, ACCEPTED, answer]
    assert run().failure is not None
    assert billed(bench) == {"1", "2", "3", "4"}
    assert bench.mark(JOB) is None
    bench.pass_time(HOUR)
    assert run().counts == {"told": 6, "changed": 2, "files": 1, "invoices": 2}
    assert bench.mark(JOB) == "cursor-2"


def test_a_lost_part_is_settled_before_what_changed_between_the_parts(bench, run, three_parts):
    """Part 2 is in doubt when one of its invoices and one of part 1 change."""
    bench.partners.upload_answers = [ACCEPTED, OutcomeUnknownError("silence", **WHERE)]
    assert isinstance(run().failure, OutcomeUnknownError)
    states = [upload.state for upload in bench.uploads()]
    assert states == [UploadState.ACCEPTED, UploadState.IN_DOUBT]
    assert bench.mark(JOB) is None
    three_parts[0] = bench.invoice("1", balance_due=Decimal("1.00"))
    three_parts[3] = bench.invoice("4", balance_due=Decimal("4.00"))
    bench.pass_time(HOUR)
    report = run()
    assert report.counts["sent_again"] == 1
    sent = [numbers_in(content) for _, content in bench.partners.uploaded]
    assert sent == [[b"1", b"2"], [b"3", b"4"], [b"3", b"4"], [b"1", b"4"], [b"5", b"6"]]
    assert bench.partners.uploaded[1] == bench.partners.uploaded[2]
    assert {upload.state for upload in bench.uploads()} == {UploadState.ACCEPTED}
    assert bench.mark(JOB) == "cursor-2"
    bench.pass_time(HOUR)
    assert run().note == "no change, no file"


def test_a_process_that_dies_between_parts_goes_on_where_it_was(bench, run):
    begin = bench.ledger.uploads.begin

    def die_at_the_third(file, **options):
        if file.reference.endswith("-3"):
            raise KeyboardInterrupt
        return begin(file, **options)

    bench.ledger.uploads.begin = die_at_the_third
    with pytest.raises(KeyboardInterrupt):
        run()
    bench.ledger.uploads.begin = begin
    assert billed(bench) == {"1", "2", "3", "4"}
    assert bench.mark(JOB) is None
    bench.pass_time(HOUR)
    assert run().counts == {"told": 6, "changed": 2, "files": 1, "invoices": 2}
    assert bench.mark(JOB) == "cursor-2"


def test_another_run_between_two_parts_takes_over(bench, run, three_parts):
    """What it tells is newer: nothing older may follow it, or a bill would go back in time."""
    upload = bench.partners.upload
    nested = []

    def answer_slowly(**file):
        taken = upload(**file)
        if len(bench.uploads()) == 1 and not nested:
            nested.append(True)
            bench.pass_time(HOUR)
            three_parts[4] = bench.invoice("5", balance_due=Decimal("5.00"))
            bench.ledger.uploads.record_accepted(bench.uploads()[0], taken, now=bench.clock.now())
            nested.append(run())
        return taken

    bench.partners.upload = answer_slowly
    report = run()
    assert isinstance(report.failure, LeaseLostError)
    assert nested[1].failure is None
    contents = b"".join(content for _, content in bench.partners.uploaded)
    assert contents.count(b"|10~5|") == 1
    assert bench.mark(JOB) == "cursor-2"


def test_a_doubt_too_large_for_a_receiver_that_takes_less_now_is_made_anew(bench, run):
    """Sent again it could never pass, and it would hold up everything after it."""
    bench.partners.upload_answers = [OutcomeUnknownError("reset", **WHERE)]
    run()
    bench.partners.request_bytes_max = 600
    bench.pass_time(HOUR)
    report = run()
    assert report.failure is None
    assert bench.uploads()[0].state is UploadState.FAILED
    assert "receiver_bytes_max" in bench.uploads()[0].message
    assert billed(bench) == {"1", "2", "3", "4", "5", "6"}
