"""The list of wrongs: what is planted, and the number of the invariant that must notice it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.spectrum.book import SpectrumBook
from tests.planted.scene import Scene

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One wrong; `in_sample` says that the whole suite plants it too, not only `make planted`."""

    number: int
    plant: Callable[[Scene], None]
    in_sample: bool

    @property
    def name(self):
        return f"{self.number:02}-{self.plant.__name__}"


WRONGS = []


def wrong(number, *, sample=False):
    """Enter a function that plants one wrong, which invariant `number` has to notice."""

    def enter(plant):
        WRONGS.append(Wrong(number=number, plant=plant, in_sample=sample))
        return plant

    return enter


def number_of(scene, place):
    """Return the number of the carrier's invoice at a place of its list, from 0."""
    return list(scene.book(SpectrumBook).invoices)[place]


def payment_of(scene, place):
    """Return the approved payment whose first invoice is the one at a place of the list."""
    number = number_of(scene, place)
    payments = scene.book(InvoiceCloudBook).payments.values()
    return next(p for p in payments if p.made.approved and p.made.invoice_number == number)


def receipt_of(scene, place):
    """Return InvoiceCloud's receipt on the invoice at a place of the list."""
    number = number_of(scene, place)
    return next(
        receipt
        for receipt in scene.book(SpectrumBook).receipts.values()
        if receipt.applied.invoice_number == number
    )
