"""Invoice files between adapter and Invoice Cloud over real sockets: dialects, answers, parts."""

import copy
import io
import re
from decimal import Decimal

import pytest

from adapter.bif.check import check_bif
from adapter.bif.convert import Wanted, convert_bif
from adapter.bif.diff import Comparison
from adapter.bootstrap import bif_profile_of
from adapter.domain.upload import UploadState
from adapter.jobs import send_invoices
from contracts.loader import vectors
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, PaymentRefusedError, pay
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.faults import ConnectionSevered

HOUR = 3600
# Too small for the carrier's 25 invoices at once: nine are put into a part.
SMALL_REQUEST = 7_200


@pytest.fixture
def configure(doors):
    """Return a way to write the biller's [bif] table, and to send with it."""

    def change(upload="plain", **bif):
        settings = copy.deepcopy(doors.settings)
        table = settings["billers"][doors.biller.slug]
        table["bif"] = bif
        table["invoice_cloud"]["upload"] = upload
        doors.write(settings)

    return change


def send(doors, **options):
    return send_invoices.run_once(doors.biller.slug, doors.adapter.work, **options)


def uploads(doors):
    return doors.adapter.ledger.uploads.page(limit=100)


def cloud(doors):
    return doors.world.book(InvoiceCloudBook)


def files(doors):
    return [file for _, file in cloud(doors).files]


def bills(doors):
    return {number: bill for (_, number), bill in cloud(doors).bills.items()}


def spectrum(doors):
    """Return what each open invoice owes in Spectrum's book."""
    invoices = doors.world.book(SpectrumBook).invoices.values()
    return {invoice.number: max(invoice.balance, Decimal(0)) for invoice in invoices}


def billed(doors):
    return {number: bill.invoice.total_due for number, bill in bills(doors).items()}


class SecondTime:
    """A fault that lets the first call pass and cuts off the second."""

    def __init__(self):
        self.calls = 0

    def strike(self):
        self.calls += 1
        if self.calls == 2:
            raise ConnectionSevered


def sever_the_second_upload(doors, moment):
    doors.world.faults.arm(
        kind="sever",
        effect=SecondTime(),
        partner="invoice_cloud",
        operation="UploadInvoiceFile",
        moment=moment,
        count=2,
        match={},
        parameters={},
    )


def mark(doors):
    return doors.adapter.ledger.watermarks.get(doors.biller.slug, "send_invoices")


@pytest.mark.requirement("E1", "C1")
@pytest.mark.parametrize("upload", ["plain", "base64"])
@pytest.mark.parametrize("dialect", ["tagged", "positional"])
def test_a_billers_dialect_makes_the_same_bills(doors, configure, dialect, upload):
    configure(upload=upload, dialect=dialect)
    report = send(doors)
    assert report.failure is None
    assert billed(doors) == spectrum(doors)
    (file,) = files(doors)
    assert (file.header_count, file.header_total) == (file.body_count, file.body_total)
    assert file.reference == uploads(doors)[0].reference


@pytest.mark.requirement("E1")
@pytest.mark.parametrize("vector", vectors("bif/golden"), ids=lambda v: v.name)
def test_adapter_and_receiver_judge_the_contracts_files_alike(bench, vector):
    """Right files of a foreign biller break that one rule only; broken ones their own as well."""
    content = vector.path.with_suffix(".BIF").read_bytes()
    told = bench.upload(content)
    assert check_bif(io.BytesIO(content)).valid is vector.valid
    foreign = "FileSpecID 2 BillerGuid"
    rules = re.findall(r": ([a-z_]+): ", told)
    if vector.valid:
        assert rules == ["constant"]
        assert foreign in told
    else:
        assert vector.document["problems"][0]["rule"] in rules


@pytest.mark.requirement("E4", "E3")
@pytest.mark.parametrize("upload", ["plain", "base64"])
def test_a_file_larger_than_the_receiver_takes_goes_in_parts(doors, configure, upload):
    """Three parts, each under the limit with its envelope, each with its own true header."""
    doors.world.behaviours.upload_limit_bytes = SMALL_REQUEST
    configure(upload=upload, receiver_bytes_max=SMALL_REQUEST)
    report = send(doors)
    assert report.failure is None
    parts = files(doors)
    assert len(parts) == report.counts["files"] == 3
    assert all(part.accepted for part in parts)
    assert [(p.header_count, p.header_total) for p in parts] == [
        (p.body_count, p.body_total) for p in parts
    ]
    assert len({part.reference for part in parts}) == 3
    assert sum(part.body_count for part in parts) == len(spectrum(doors)) == 25
    assert billed(doors) == spectrum(doors)
    doors.world.clock.advance(HOUR)
    assert len(files(doors)) == 3


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_to_one_part_is_settled_first(doors, configure, when):
    """Whether the part arrived or not, the same bytes go out again, before anything newer."""
    configure(receiver_bytes_max=SMALL_REQUEST)
    sever_the_second_upload(doors, when)
    report = send(doors)
    assert report.failure is not None
    states = [upload.state for upload in uploads(doors)]
    assert states == [UploadState.ACCEPTED, UploadState.IN_DOUBT]
    assert len(bills(doors)) < 25
    assert mark(doors) is None
    doubtful = uploads(doors)[1].reference
    again = send(doors)
    assert again.failure is None
    assert again.counts["sent_again"] == 1
    assert {upload.state for upload in uploads(doors)} == {UploadState.ACCEPTED}
    copies = [file for file in files(doors) if file.reference == doubtful]
    assert len(copies) == (2 if when == "after" else 1)
    assert len({(c.body_count, c.body_total) for c in copies}) == 1
    assert billed(doors) == spectrum(doors)
    assert mark(doors) is not None


@pytest.mark.requirement("E4")
def test_a_setting_beyond_what_the_receiver_takes_is_named(doors, configure):
    """And once it is mended, everything is billed."""
    doors.world.behaviours.upload_limit_bytes = SMALL_REQUEST
    report = send(doors)
    assert "bif.receiver_bytes_max must be less" in str(report.failure)
    assert not bills(doors)
    configure(receiver_bytes_max=SMALL_REQUEST)
    assert send(doors).failure is None
    assert billed(doors) == spectrum(doors)
    assert not [e for e in doors.adapter.ledger.exceptions.page(limit=9) if e.is_open]


@pytest.mark.requirement("E4")
def test_a_full_file_is_one_option_away(doors):
    send(doors)
    doors.world.clock.advance(1)
    assert send(doors).note == "no change, no file"
    assert send(doors, full=True).counts["invoices"] == 25
    assert len(files(doors)) == 2


@pytest.mark.requirement("E5")
def test_partial_payments_of_the_questionnaire_are_honoured_at_the_payer(doors, configure):
    """Refused before the biller allows them; the changed answers reach every bill."""
    send(doors)
    number = next(number for number, due in billed(doors).items() if due > 1)
    part = PaymentOrder(
        biller=doors.biller.slug,
        invoice_number=number,
        instrument=CARDS[0],
        amount=Decimal("1.00"),
    )
    with pytest.raises(PaymentRefusedError, match="AllowPartialPayments is 0"):
        pay(doors.world, part)
    configure(allow_partial_payments=True)
    assert send(doors).counts["invoices"] == 25
    assert pay(doors.world, part).approved
    assert bills(doors)[number].balance == billed(doors)[number] - 1


@pytest.mark.requirement("E5")
@pytest.mark.parametrize("dialect", ["tagged", "positional"])
def test_notify_dates_of_the_questionnaire_are_in_the_file(doors, configure, dialect):
    configure(dialect=dialect, first_notify_days=-10, third_notify_days=5)
    send(doors)
    for bill in bills(doors).values():
        first, second, third = bill.invoice.notify_dates
        assert second == ""
        assert len({first, third, bill.invoice.due_date}) == 3


@pytest.mark.requirement("E5")
@pytest.mark.parametrize("feature", ["LateFeeDate", "ach_service_fee", "InvoiceTypeID"])
def test_a_customization_that_no_file_carries_is_refused_by_its_name(doors, configure, feature):
    configure(**{feature: "1"})
    report = send(doors)
    told = str(report.failure)
    assert f"billers.{doors.biller.slug}.bif.{feature}: " in told
    assert "N/A" in told or "in every file" in told
    assert not files(doors)


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("dialect", ["tagged", "positional"])
def test_a_converted_file_of_another_system_becomes_the_same_bills(doors, configure, dialect):
    """A MIPS biller's file, with its own codes and columns, is converted, compared and taken."""
    configure(dialect=dialect)
    send(doors)
    biller = doors.biller
    total = sum(billed(doors).values())
    rows = [f"1~FH|2~{biller.biller_guid}|3~MIPS1|4~1/5/2026|5~25|6~{total}"]
    for number, bill in bills(doors).items():
        told = bill.invoice
        rows.append(
            f"7~IH|8~N|9~{biller.invoice_format_guid}|10~{number}|11~{told.invoice_date}"
            f"|12~{told.due_date}|13~{told.total_due}|93~0.00|183~Omaha|194~1"
            f"|248~{told.autopay_date}|252~42|375~1"
        )
        rows.append(f"58~CR|59~{told.account_number}|60~{told.customer_name}|67~")
        rows.append(f"70~ID|71~|72~Premium|79~{told.total_due}")
    source = io.BytesIO("".join(f"{row}\n" for row in rows).encode())
    out = io.BytesIO()
    profile = bif_profile_of(doors.adapter.source, biller.slug)
    conversion = convert_bif(source, out, Wanted(profile=profile))
    assert conversion.whole
    assert (conversion.invoice_count, conversion.total) == (25, conversion.source_total)
    before = billed(doors)
    ports = doors.adapter.billers.ports(biller.slug)
    answer = ports.invoice_upload.upload(file_name="m.BIF", content=out.getvalue())
    assert answer.accepted, answer.message
    assert billed(doors) == before
    source.seek(0)
    out.seek(0)
    assert Comparison(source, out).header == ()
