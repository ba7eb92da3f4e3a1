"""Invariant 14, line by line: every column of an accepted file against Spectrum's record."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.audit.rows import BilledRow, FileRow, LineRow
from sandbox.fakes.spectrum.book import SpectrumBook

SLUG = "camp-point-mutual"
AS_OF = "2026-01-05T08:00:00Z"


def line_of(policy):
    place = f"{policy.city}, {policy.state} {policy.zip_code}"
    return LineRow(
        invoice_number=policy.invoice_number,
        account_number=policy.policy_number,
        customer_name=policy.customer_name,
        email_address=policy.email_address,
        address="\n".join(filter(None, (policy.address1, policy.address2, place))),
        invoice_date=f"{policy.invoice_date:%m/%d/%Y}",
        due_date=f"{policy.due_date:%m/%d/%Y}",
        autopay_date=f"{policy.autopay_date:%m/%d/%Y}" if policy.autopay_date else "",
        total_due=policy.billed,
        details=((policy.policy_number, policy.billed),),
        allow_partial=False,
        notify_dates=("", "", ""),
    )


@pytest.fixture
def filed(quiet):
    """Return a maker of evidence of one file of all invoices, the first line changed."""
    invoices = quiet.world.book(SpectrumBook).invoices
    lines = [line_of(invoice.policy) for invoice in invoices.values()]

    def make(more=(), **changes):
        told = (replace(lines[0], **changes), *lines[1:], *more)
        file = FileRow(
            biller=SLUG,
            file_name="a.BIF",
            reference="BIF1",
            header_count=len(told),
            header_total=sum(line.total_due for line in told),
            body_count=len(told),
            body_total=sum(line.total_due for line in told),
            received_at=quiet.world.clock.now(),
            lines=told,
        )
        upload = {"biller": SLUG, "reference": "BIF1", "state": "accepted", "as_of": AS_OF}
        billed = (
            BilledRow(biller=SLUG, invoice_number=line.invoice_number, total_due=line.total_due)
            for line in lines
        )
        return replace(
            quiet,
            now=quiet.world.clock.now() + timedelta(minutes=1),
            files=(file,),
            billed=tuple(billed),
            uploads=(upload,),
        )

    return make


def test_a_file_that_equals_the_record_breaks_nothing(filed, stories):
    assert stories(14, filed()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"total_due": Decimal("1.00")}, "it says 1.00, and Spectrum said 731.37"),
        ({"account_number": "7"}, "its account number is not Spectrum's"),
        ({"customer_name": "Another"}, "its customer name"),
        ({"email_address": "another@example.com"}, "its e-mail address"),
        ({"address": "Elsewhere"}, "its address"),
        ({"invoice_date": "01/01/2026"}, "its invoice date"),
        ({"due_date": ""}, "its due date"),
        ({"autopay_date": "01/01/2026"}, "its AutoPay date"),
        ({"details": ()}, "its detail is not the policy with what is due"),
        ({"allow_partial": True}, "AllowPartialPayments"),
        ({"notify_dates": ("01/01/2026", "", "")}, "its notify dates"),
        ({"invoice_number": "7"}, "Spectrum has no such invoice"),
    ],
)
def test_each_column_is_compared(filed, stories, change, words):
    told = stories(14, filed(**change))
    assert any(words in story for story in told)
    assert all("in file a.BIF" in story or "invoice 7" in story for story in told)


def test_an_invoice_stands_once_in_a_file(quiet, filed, stories):
    policy = quiet.world.book(SpectrumBook).invoices["30254"].policy
    told = stories(14, filed(more=[line_of(policy)]))
    assert set(told) == {"invoice 30254 in file a.BIF: it stands there 2 times"}


def test_a_file_that_the_ledger_never_sent_is_not_judged(filed, stories):
    assert stories(14, replace(filed(account_number="7"), uploads=())) == []


def test_a_character_that_no_file_can_carry_may_be_another(quiet, filed, stories):
    invoices = quiet.world.book(SpectrumBook).invoices
    policy = replace(invoices["30254"].policy, organization_name="A~B|C Company")
    event = quiet.world.book(SpectrumBook).events[0]
    quiet.world.book(SpectrumBook).events[0] = replace(
        event, event=replace(event.event, policy=policy)
    )
    assert stories(14, filed(customer_name="A B C Company")) == []
    assert len(stories(14, filed(customer_name="A B D Company"))) == 1


@pytest.mark.parametrize(
    ("total", "allowed_for", "problems"),
    [
        ("700.00", {"30254": "31.37"}, 0),
        ("0.00", {"30254": "900.00"}, 0),
        ("700.00", {"30254": "31.36"}, 1),
        ("700.00", {"30261": "31.37"}, 2),
        ("700.00", {}, 1),
    ],
)
def test_money_under_way_is_taken_off_as_the_ledger_names_it(
    filed, stories, total, allowed_for, problems
):
    """A line is never below nothing, however much is under way (decision 0036)."""
    policy, total = filed().files[0].lines[0].account_number, Decimal(total)
    file = filed(total_due=total, details=((policy, total),))
    uploads = tuple({**row, "allowed_for": allowed_for} for row in file.uploads)
    assert len(stories(14, replace(file, uploads=uploads))) == problems
