"""The synthetic invoices."""

import io
import itertools

import pytest

from adapter.bif.check import check_bif
from adapter.bif.sample import INVOICES_MAX, sample_invoices, write_sample
from adapter.errors import BadInputError
from tests.unit.bif.conftest import sample


def test_a_sample_is_a_valid_file_with_every_invoice():
    out = io.BytesIO()
    report = write_sample(300, 1, out)
    out.seek(0)
    assert check_bif(out).valid
    assert (report.invoice_count, report.refused) == (300, ())


def test_the_same_seed_makes_the_same_bytes_and_another_makes_others():
    assert sample(20, 7) == sample(20, 7) != sample(20, 8)


def test_a_smaller_sample_is_the_beginning_of_a_larger_one():
    assert list(sample_invoices(5, 7)) == list(itertools.islice(sample_invoices(50, 7), 5))


def test_a_sample_holds_every_kind_of_invoice():
    invoices = list(sample_invoices(300, 1))
    for has in (
        lambda i: i.organization_name,
        lambda i: i.email_address,
        lambda i: i.autopay_date,
        lambda i: i.address2,
        lambda i: i.balance_due,
        lambda i: i.customer_name.isascii(),
    ):
        assert 0 < sum(bool(has(i)) for i in invoices) < len(invoices)


def test_numbers_are_unique():
    invoices = list(sample_invoices(1000, 2))
    assert len({i.invoice_number for i in invoices}) == 1000
    assert len({i.policy_number for i in invoices}) == 1000


@pytest.mark.parametrize("count", [-1, INVOICES_MAX + 1])
def test_a_sample_is_bounded(count):
    with pytest.raises(BadInputError, match="invoices"):
        sample_invoices(count, 1)
