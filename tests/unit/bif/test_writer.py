"""Writing a BIF: true figures, refusals that hold nobody up, and what is read back."""

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.problems import Rule
from adapter.bif.reader import read_bif
from adapter.bif.writer import BATCH_INVOICES, TOTAL_MAX, write_bif
from adapter.domain.invoice import BifDialect, Invoice, Questionnaire
from adapter.errors import AdapterError, BadInputError, ConfigurationError

days = st.dates(date(1990, 1, 1), date(2099, 12, 31))
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters="|~\u2028\u2029"),
    max_size=40,
)
numbers = st.integers(1, 10**18 - 1).map(str)
money = st.integers(0, 10**12).map(lambda cents: Decimal(cents).scaleb(-2))
invoices = st.builds(
    Invoice,
    invoice_number=numbers,
    policy_number=numbers,
    organization_name=texts,
    first_name=texts,
    last_name=st.sampled_from(["Bauer", "Muñoz", "李", ""]),
    address1=texts,
    address2=texts,
    city=texts,
    state=texts,
    zip_code=texts,
    email_address=texts,
    invoice_date=days,
    due_date=days,
    balance_due=money,
    autopay_date=st.none() | days,
)


def written(some, header):
    out = io.BytesIO()
    return write_bif(some, header, out), out


questionnaires = st.builds(
    Questionnaire,
    allow_partial_payments=st.booleans(),
    notify_days=st.tuples(*[st.none() | st.integers(-60, 60)] * 3),
)


@given(
    some=st.lists(invoices, max_size=12, unique_by=lambda i: i.invoice_number),
    dialect=st.sampled_from(BifDialect),
    questionnaire=questionnaires,
)
def test_what_is_written_is_read_back(header, some, dialect, questionnaire):
    """Every invoice is in the file, value for value, or is refused by name, in both dialects."""
    profile = replace(header.profile, dialect=dialect, questionnaire=questionnaire)
    report, out = written(some, replace(header, profile=profile))
    out.seek(0)
    groups = read_bif(out).invoices
    read = {group.header.values[10]: group for group in groups}
    refused = {r.invoice_number for r in report.refused}
    assert {i.invoice_number for i in some} == set(read) | refused
    for invoice in some:
        if (group := read.get(invoice.invoice_number)) is None:
            continue
        assert group.customer.values[60] == invoice.customer_name
        assert group.customer.values[61] == invoice.address1
        assert group.customer.values[67] == invoice.email_address
        assert Decimal(group.header.values[13]) == invoice.balance_due
        assert group.header.values[12] == invoice.due_date.strftime("%m/%d/%Y")
        assert bool(group.header.values[248]) == bool(invoice.autopay_date)
        assert group.header.values[20] == str(int(questionnaire.allow_partial_payments))
        for file_spec_id, days in zip((14, 15, 16), questionnaire.notify_days, strict=True):
            told = days is not None and invoice.due_date + timedelta(days=days)
            wanted = told.strftime("%m/%d/%Y") if told else ""
            assert group.header.values.get(file_spec_id, "") == wanted
            assert (file_spec_id in group.header.values) is questionnaire.notifies
        assert [d.values[72] for d in group.details] == [invoice.policy_number]


@given(
    some=st.lists(
        invoices | st.builds(replace, invoices, invoice_number=st.just("none")), max_size=12
    )
)
def test_the_header_tells_the_body_whatever_was_refused(header, some):
    report, out = written(some, header)
    out.seek(0)
    reading = read_bif(out)
    head = reading.header
    amounts = [Decimal(group.header.values[13]) for group in reading.invoices]
    assert int(head.values[5]) == len(amounts) == report.invoice_count
    assert Decimal(head.values[6]) == sum(amounts) == report.total
    assert len(amounts) + len(report.refused) == len(some)
    assert report.size_bytes == len(out.getvalue())


def test_a_credit_is_billed_as_nothing_due(header, invoice_with):
    report, out = written([invoice_with(balance_due=Decimal("-5.00"))], header)
    assert (report.invoice_count, report.total) == (1, Decimal("0.00"))
    assert b"|13~0.00|" in out.getvalue()


def test_a_row_too_long_to_be_read_is_refused_like_any_bad_invoice(header, invoice_with):
    some = [invoice_with(invoice_number="1", address1="x" * 20_000), invoice_with()]
    report, _ = written(some, header)
    (refused,) = report.refused
    assert refused.invoice_number == "1"
    assert "a row has at most 16,384 bytes" in str(refused)
    assert report.invoice_count == 1


def test_a_bad_invoice_is_left_out_and_the_others_are_not(header, invoice_with):
    some = [
        invoice_with(invoice_number="1"),
        invoice_with(invoice_number="2", organization_name="a|b"),
        invoice_with(invoice_number="3"),
    ]
    report, out = written(some, header)
    assert [r.invoice_number for r in report.refused] == ["2"]
    assert report.total == Decimal("1462.74")
    assert out.getvalue().count(b"7~IH") == 2


def test_an_invoice_that_comes_twice_is_written_once(header, invoice_with):
    report, _ = written([invoice_with(), invoice_with(balance_due=Decimal("1.00"))], header)
    (problem,) = report.refused[0].problems
    assert (problem.file_spec_id, problem.rule) == (10, Rule.DUPLICATE_INVOICE)
    assert (report.invoice_count, report.total) == (1, Decimal("731.37"))


def test_a_total_that_the_header_cannot_tell_costs_one_invoice(header, invoice_with):
    some = [
        invoice_with(invoice_number="1", balance_due=TOTAL_MAX),
        invoice_with(invoice_number="2", balance_due=Decimal("0.01")),
        invoice_with(invoice_number="3", balance_due=Decimal("0.00")),
    ]
    report, _ = written(some, header)
    (problem,) = report.refused[0].problems
    assert (problem.file_spec_id, problem.rule) == (13, Rule.TOTAL)
    assert (report.invoice_count, report.total) == (2, TOTAL_MAX)


def test_any_iterator_is_taken_once_in_its_order(header, invoice_with):
    """The batches and their rest are all in the file, one after the other."""
    count = 2 * BATCH_INVOICES + 1
    report, out = written((invoice_with(invoice_number=str(n + 1)) for n in range(count)), header)
    assert report.invoice_count == count
    out.seek(0)
    groups = read_bif(out).invoices
    assert [g.header.values[10] for g in groups] == [str(n + 1) for n in range(count)]


def test_a_file_without_invoices_is_a_true_header(header):
    report, out = written([], header)
    assert (report.invoice_count, report.total) == (0, Decimal("0.00"))
    assert out.getvalue().endswith(b"|5~0|6~0.00\n")


def test_a_file_is_written_behind_what_stands_before_it(header, invoice_with):
    out = io.BytesIO(b"before")
    out.seek(0, io.SEEK_END)
    report = write_bif([invoice_with()], header, out)
    assert len(out.getvalue()) == report.size_bytes + len(b"before")


def test_rows_end_in_line_feeds_the_last_one_too(header, invoice_with):
    content = written([invoice_with()], header)[1].getvalue()
    assert content.count(b"\n") == 4
    assert content.endswith(b"\n")
    assert b"\r" not in content


@pytest.mark.parametrize(
    ("wrong", "column"),
    [("biller_guid", "2 BillerGuid"), ("invoice_format_guid", "9 InvoiceFormatGuid")],
)
@pytest.mark.parametrize("value", ["none", "", "1"])
def test_nothing_is_written_under_a_wrong_setting(header, invoice_with, wrong, column, value):
    out = io.BytesIO()
    profile = replace(header.profile, **{wrong: value})
    with pytest.raises(ConfigurationError, match=rf"{wrong}.*{column}"):
        write_bif([invoice_with()], replace(header, profile=profile), out)
    assert not out.getvalue()


@pytest.mark.parametrize("reference", ["no spaces", "a|b"])
def test_nothing_is_written_under_a_wrong_reference(header, reference):
    with pytest.raises(BadInputError, match="3 ThirdPartyFileReference"):
        write_bif([], replace(header, reference=reference), io.BytesIO())


class ForgetfulFile(io.BytesIO):
    """A disk that loses the second digit of every amount it is given."""

    def write(self, content):
        return super().write(bytes(content).replace(b"731.37", b"701.37"))


def test_a_file_that_does_not_read_back_is_not_handed_over(header, invoice_with):
    some = [invoice_with(invoice_number="1"), invoice_with(invoice_number="2")]
    with pytest.raises(AdapterError, match=r"does not read back.*total"):
        write_bif(some, header, ForgetfulFile())
