"""Wrongs in Invoice Cloud's book: files, their lines and columns, and the bills they make."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import BillPosted, FileReceived, InvoiceCloudBook
from tests.planted.wrongs import CENT, number_of, wrong


def line_of(scene, place=20):
    """Return the line of the first file that bills the invoice at a place of the list."""
    number = number_of(scene, place)
    book = scene.book(InvoiceCloudBook)
    return next(
        each.event
        for each in book.events
        if isinstance(each.event, BillPosted) and each.event.invoice.invoice_number == number
    )


def rewrite_line(scene, place=20, **changes):
    line = line_of(scene, place)
    scene.rewrite(InvoiceCloudBook, line, invoice=replace(line.invoice, **changes))


def first_file(scene):
    return scene.event(InvoiceCloudBook, FileReceived)


@wrong(14, sample=True)
def a_line_of_a_cent_more(scene):
    rewrite_line(scene, total_due=line_of(scene).invoice.total_due + CENT)


@wrong(14, sample=True)
def a_line_of_an_earlier_file_that_a_later_one_put_right(scene):
    rewrite_line(scene, 5, total_due=line_of(scene, 5).invoice.total_due + CENT)


@wrong(14)
def a_line_that_tells_another_policy(scene):
    rewrite_line(scene, account_number="1234567")


@wrong(14)
def a_line_in_another_name(scene):
    rewrite_line(scene, customer_name="Somebody Else")


@wrong(14)
def a_line_with_another_mail_address(scene):
    rewrite_line(scene, email_address="somebody.else@example.com")


@wrong(14)
def a_line_with_another_address(scene):
    rewrite_line(scene, address="1 Other Street\nElsewhere, IL 60000")


@wrong(14)
def a_line_dated_a_day_later(scene):
    rewrite_line(scene, invoice_date="12/01/2025")


@wrong(14)
def a_line_due_on_another_day(scene):
    rewrite_line(scene, due_date="03/01/2026")


@wrong(14)
def a_line_with_an_autopay_date_of_nobodys(scene):
    rewrite_line(scene, autopay_date="01/11/2026")


@wrong(14)
def a_line_whose_detail_has_another_amount(scene):
    policy, amount = line_of(scene).invoice.details[0]
    rewrite_line(scene, details=((policy, amount - CENT),))


@wrong(14)
def a_line_whose_detail_has_another_policy(scene):
    _, amount = line_of(scene).invoice.details[0]
    rewrite_line(scene, details=(("1234567", amount),))


@wrong(14)
def a_line_without_its_detail(scene):
    rewrite_line(scene, details=())


@wrong(14)
def a_line_that_lets_the_payer_pay_in_part(scene):
    rewrite_line(scene, allow_partial=True)


@wrong(14)
def a_line_with_notices_that_no_other_has(scene):
    rewrite_line(scene, notify_dates=("01/20/2026", "", ""))


@wrong(14)
def a_bill_of_an_invoice_that_spectrum_does_not_know(scene):
    line = line_of(scene)
    strange = replace(line, invoice=replace(line.invoice, invoice_number="7"))
    scene.put_behind(InvoiceCloudBook, line, strange)


@wrong(14)
def an_invoice_twice_in_one_file(scene):
    line = line_of(scene)
    scene.put_behind(InvoiceCloudBook, line, replace(line))


@wrong(14)
def a_bill_that_never_reached_invoice_cloud(scene):
    scene.take_out(InvoiceCloudBook, line_of(scene))


@wrong(5, sample=True)
def a_header_of_a_cent_more(scene):
    file = first_file(scene)
    scene.rewrite(InvoiceCloudBook, file, header_total=file.header_total + CENT)


@wrong(5)
def a_header_that_counts_one_more(scene):
    file = first_file(scene)
    scene.rewrite(InvoiceCloudBook, file, header_count=file.header_count + 1)


@wrong(5)
def header_and_body_that_agree_on_what_no_line_says(scene):
    file = first_file(scene)
    more = file.body_total + Decimal("1.00")
    scene.rewrite(InvoiceCloudBook, file, header_total=more, body_total=more)


@wrong(5)
def a_file_with_a_line_less_than_it_was_read_with(scene):
    scene.take_out(InvoiceCloudBook, line_of(scene))


@wrong(5)
def a_bill_said_to_be_of_another_file(scene):
    scene.rewrite(InvoiceCloudBook, line_of(scene), file_name="4500_01012026000000.BIF")


@wrong(3)
def a_bill_changed_without_a_file(scene):
    bills = scene.book(InvoiceCloudBook).bills
    key = (scene.slug, number_of(scene, 20))
    bills[key] = replace(bills[key], balance=bills[key].balance + CENT)


@wrong(3)
def a_bill_paid_without_a_payment(scene):
    bills = scene.book(InvoiceCloudBook).bills
    key = (scene.slug, number_of(scene, 20))
    bills[key] = replace(bills[key], balance=Decimal("0.00"), paid_at=scene.world.clock.now())


@wrong(15)
def a_file_that_the_ledger_never_sent(scene):
    file = replace(first_file(scene), reference="BIF20260107000000", sent_as="x.BIF")
    file = replace(file, header_count=0, body_count=0, header_total=0, body_total=0)
    scene.put_in(InvoiceCloudBook, file, at=scene.world.clock.now() - timedelta(hours=20))


@wrong(9)
def a_file_refused_that_the_ledger_calls_accepted(scene):
    scene.rewrite(InvoiceCloudBook, first_file(scene), accepted=False, problems=("x",))
