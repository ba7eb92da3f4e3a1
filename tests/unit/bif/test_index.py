"""Finding a file's invoices without reading them whole."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.index import INVOICE_ROWS_MAX, index_bif, read_again
from adapter.bif.reader import ROW_BYTES_MAX
from adapter.bif.sample import sample_invoices
from adapter.domain.invoice import BifDialect
from adapter.domain.money import money_text
from adapter.errors import BadInputError
from tests.unit.bif.conftest import sample


@pytest.mark.parametrize("dialect", BifDialect)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_each_invoice_is_found_where_it_stands(dialect, end):
    """And is the same bytes when it is read again, whatever the line ends."""
    content = sample(5, dialect=dialect)
    stream = io.BytesIO(content.replace(b"\n", end))
    index = index_bif(stream)
    assert index.dialect is dialect
    assert index.header.values[5] == "5"
    found = list(index.invoices)
    told = [(i.invoice_number, money_text(i.amount_due)) for i in sample_invoices(5, 3)]
    assert [(i.invoice_number, i.amount) for i in found] == told
    assert [i.row for i in found] == [2, 5, 8, 11, 14]
    assert b"".join(i.content for i in found) == content.split(b"\n", 1)[1]
    for invoice in found:
        assert read_again(stream, invoice.offset, invoice.size) == invoice.content


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "begins with its FH"),
        (b"7~IH|10~1\n", "begins with its FH"),
        (b"1~FH\n58~CR\n", "row 2.*begins with its IH"),
        (b"1~FH\n7~IH|8~R\n", "row 2.*has its number"),
        (b"1~FH\n7~IH|10~1|60~\xff\n", "row 2.*UTF-8"),
        (b"1~FH\n7~IH|10~1\n58~" + b"x" * (2 * ROW_BYTES_MAX), "row 3.*at most"),
        (b"1~FH\n7~IH|10~1\n" + b"70~ID\n" * INVOICE_ROWS_MAX, "at most 1002 rows"),
        (b"FH|g|r|d|0|0.00\nIH|R\n", "row 2.*has its number"),
    ],
)
def test_what_is_no_bif_is_refused_with_its_row(content, told):
    with pytest.raises(BadInputError, match=told):
        list(index_bif(io.BytesIO(content)).invoices)


@given(st.binary(max_size=200))
def test_any_bytes_are_found_in_or_refused(content):
    with contextlib.suppress(BadInputError):
        list(index_bif(io.BytesIO(content)).invoices)
