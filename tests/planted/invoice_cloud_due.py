"""Wrongs in what Invoice Cloud shows as due: more than Spectrum says, or what is paid already."""

from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import BalanceRefreshed, InvoiceCloudBook
from tests.planted.wrongs import CENT, number_of, payment_of, wrong


def refresh(scene, place, balance):
    """Let Invoice Cloud have been told a balance just now."""
    refreshed = BalanceRefreshed(
        biller=scene.slug, invoice_number=number_of(scene, place), balance=balance
    )
    scene.put_in(InvoiceCloudBook, refreshed, at=scene.world.clock.now())


def shown(scene, place):
    return scene.book(InvoiceCloudBook).bills[scene.slug, number_of(scene, place)].balance


@wrong(11, sample=True)
def a_balance_that_spectrum_never_told(scene):
    refresh(scene, 20, shown(scene, 20) + CENT)


@wrong(11)
def a_paid_invoice_that_is_due_again(scene):
    refresh(scene, 0, payment_of(scene, 0).made.amount)


@wrong(11, sample=True)
def a_payment_under_way_that_is_asked_for_again(scene):
    refresh(scene, 15, payment_of(scene, 15).made.amount)


@wrong(11)
def a_payment_before_a_person_that_is_asked_for_again(scene):
    refresh(scene, 10, Decimal("1.00"))


@wrong(11)
def a_returned_payment_that_is_due_twice(scene):
    refresh(scene, 1, 2 * shown(scene, 1))


@wrong(11)
def a_cancelled_invoice_that_is_due(scene):
    refresh(scene, 7, Decimal("1.00"))
