"""Invoice files: kept until answered, billed when accepted."""

from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import UploadAnswer, UploadState
from adapter.errors import LeaseLostError, LedgerError

CONTENT = "1~FH|2~Renée\n".encode()
ACCEPTED = UploadAnswer(accepted=True, file_name="4546.BIF", file_guid="g-1", message="Imported")


@pytest.fixture
def upload(bench):
    return bench.begin_file()


@pytest.fixture
def kept(sql):
    """Return a reader of the only file's bytes and fingerprints, as they stand on disk."""
    return lambda: tuple(sql("SELECT content, fingerprints FROM uploads").one())


def test_a_file_is_kept_before_it_leaves(bench, upload, kept, now):
    assert (upload.state, upload.tries, upload.sent_at) == (UploadState.SENDING, 1, now)
    assert (upload.invoice_count, upload.total) == (2, Decimal("731.37"))
    assert bench.ledger.uploads.unsettled(bench.biller) == (upload,)
    assert bench.ledger.uploads.unsettled("another") == ()
    assert kept()[0] == CONTENT


def test_acceptance_bills_the_invoices_and_moves_the_cursor_at_once(bench, upload, kept, later):
    bench.ask(ExceptionKind.INVOICE_REFUSED, invoice_number="30254")
    uploads = bench.ledger.uploads
    assert uploads.billed(bench.biller, ["30254"]) == {}
    uploads.record_accepted(upload, ACCEPTED, now=later(2), mark=("send_invoices", "cursor-2"))
    (known,) = uploads.page(limit=9)
    assert (known.state, known.answered_at) == (UploadState.ACCEPTED, later(2))
    assert (known.file_name, known.file_guid, known.message) == ("4546.BIF", "g-1", "Imported")
    billed = uploads.billed(bench.biller, ["30254", "30255", "30256"])
    assert billed == {"30254": "aa", "30255": "bb"}
    assert bench.ledger.watermarks.get(bench.biller, "send_invoices") == "cursor-2"
    assert bench.exceptions()[0].resolution == "sent in BIF1"
    assert kept() == (None, None), "its bytes are dropped"
    assert uploads.unsettled(bench.biller) == ()


def test_the_latest_file_says_what_an_invoice_was_billed_as(bench, upload, later):
    uploads = bench.ledger.uploads
    uploads.record_accepted(upload, ACCEPTED, now=later(2))
    second = bench.begin_file("BIF2", at=later(3), **{"30255": "cc"})
    uploads.record_accepted(second, ACCEPTED, now=later(4))
    assert uploads.billed(bench.biller, ["30254", "30255"]) == {"30254": "aa", "30255": "cc"}
    assert uploads.billed("another", ["30254"]) == {}
    assert bench.ledger.watermarks.all() == ()


@pytest.mark.parametrize("state", [UploadState.REFUSED, UploadState.FAILED])
def test_what_was_not_accepted_bills_nothing(bench, upload, kept, later, state):
    uploads = bench.ledger.uploads
    uploads.record_failed(upload, state, "no", now=later(2))
    (known,) = uploads.page(limit=9)
    assert (known.state, known.answered_at, known.message) == (state, later(2), "no")
    assert uploads.unsettled(bench.biller) == ()
    assert uploads.billed(bench.biller, ["30254"]) == {}
    assert kept() == (None, None)


def test_a_file_in_doubt_is_sent_again_with_the_same_bytes(bench, upload, later):
    uploads = bench.ledger.uploads
    uploads.record_failed(upload, UploadState.IN_DOUBT, "silence", now=later(2))
    (doubtful,) = uploads.unsettled(bench.biller)
    assert (doubtful.state, doubtful.answered_at) == (UploadState.IN_DOUBT, None)
    again, content = uploads.send_again(doubtful, now=later(3600))
    assert content == CONTENT
    assert (again.reference, again.tries) == ("BIF1", 2)
    assert (again.state, again.sent_at) == (UploadState.SENDING, later(3600))
    uploads.record_accepted(again, ACCEPTED, now=later(3601))
    assert uploads.billed(bench.biller, ["30254"]) == {"30254": "aa"}


def test_only_the_latest_try_may_record(bench, upload, later):
    uploads = bench.ledger.uploads
    again, _ = uploads.send_again(upload, now=later(3600))
    with pytest.raises(LeaseLostError):
        uploads.send_again(upload, now=later(3600))
    with pytest.raises(LeaseLostError):
        uploads.record_accepted(upload, ACCEPTED, now=later(3600))
    uploads.record_accepted(again, ACCEPTED, now=later(3601))
    with pytest.raises(LeaseLostError):
        uploads.record_failed(again, UploadState.REFUSED, "late", now=later(3602))
    assert uploads.page(limit=1)[0].state is UploadState.ACCEPTED


@pytest.mark.usefixtures("upload")
def test_a_reference_is_used_once_by_a_biller(bench):
    uploads = bench.ledger.uploads
    assert uploads.is_known(bench.biller, "BIF1")
    assert not uploads.is_known("another", "BIF1")
    assert not uploads.is_known(bench.biller, "BIF2")
    with pytest.raises(LedgerError):
        bench.begin_file()


def test_pages_follow_each_other(bench):
    made = [bench.begin_file(f"BIF{n}") for n in range(3)]
    page = bench.ledger.uploads.page(limit=2)
    assert page == tuple(made[:2])
    assert bench.ledger.uploads.page(limit=2, after=page[-1].id) == (made[2],)


def test_a_file_follows_only_the_newest_that_its_run_knows_of(bench):
    """Figures older than another run's may not come after them."""
    uploads = bench.ledger.uploads
    assert uploads.newest(bench.biller) == 0
    first = bench.begin_file("BIF1", after=0)
    assert uploads.newest(bench.biller) == first.id
    assert uploads.newest("another") == 0
    bench.begin_file("BIF2", after=first.id)
    with pytest.raises(LeaseLostError, match="another run"):
        bench.begin_file("BIF3", after=first.id)
    assert not uploads.is_known(bench.biller, "BIF3")
