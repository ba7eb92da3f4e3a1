"""Comparing two files by what they say."""

import contextlib
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.diff import Comparison, Kind, signed
from adapter.bif.sample import sample_invoices
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifDialect
from adapter.errors import BadInputError

INVOICES = tuple(sample_invoices(6, 3))


@pytest.fixture(scope="module")
def file(header):
    """Return a way to write invoices to a file, in a dialect, under a name."""

    def write(invoices=INVOICES, dialect=BifDialect.TAGGED, reference="a"):
        out = io.BytesIO()
        profile = replace(header.profile, dialect=dialect)
        write_bif(invoices, replace(header, profile=profile, reference=reference), out)
        return out.getvalue()

    return write


def compare(old, new):
    comparison = Comparison(io.BytesIO(old), io.BytesIO(new))
    return comparison, list(comparison.changes())


@given(data=st.data())
def test_a_file_says_the_same_as_itself_in_any_order_and_dialect(file, data):
    old = file(dialect=data.draw(st.sampled_from(BifDialect)))
    shuffled = data.draw(st.permutations(INVOICES))
    dialect = data.draw(st.sampled_from(BifDialect))
    comparison, changes = compare(old, file(shuffled, dialect, reference="b"))
    assert (changes, comparison.header, comparison.same) == ([], (), True)
    assert comparison.old_count == comparison.new_count == 6


def test_added_removed_and_changed_invoices_are_told(file):
    changed = replace(INVOICES[2], balance_due=Decimal("1.00"), city="Elsewhere")
    comparison, changes = compare(file(INVOICES[:5]), file([INVOICES[5], changed, *INVOICES[3:5]]))
    assert [(c.kind, c.invoice_number) for c in changes] == [
        (Kind.ADDED, INVOICES[5].invoice_number),
        (Kind.CHANGED, INVOICES[2].invoice_number),
        (Kind.REMOVED, INVOICES[0].invoice_number),
        (Kind.REMOVED, INVOICES[1].invoice_number),
    ]
    moved = Decimal("1.00") - INVOICES[2].balance_due
    assert [(f.record, f.file_spec_id, f.difference) for f in changes[1].fields] == [
        ("IH", 13, moved),
        ("IH", 21, moved),
        ("CR", 63, None),
        ("ID", 79, moved),
    ]
    assert (changes[1].old_row, changes[1].new_row) == (8, 5)
    assert not comparison.same
    assert [change.file_spec_id for change in comparison.header] == [5, 6]
    total = comparison.as_json()
    assert (total["added"], total["removed"], total["changed"]) == (1, 2, 1)
    assert Decimal(total["difference"]) == comparison.header[1].difference


def test_changes_are_told_as_a_diff_would(file):
    changed = replace(INVOICES[0], balance_due=Decimal("1.00"))
    comparison, (change, gone) = compare(file(INVOICES[:2]), file([changed]))
    lines = change.render().splitlines()
    number = INVOICES[0].invoice_number
    assert lines[0] == f"~ invoice {number} (old row 2, new row 2)"
    assert lines[1].startswith('    IH 13 TotalAmountDue: "')
    assert lines[1].endswith(f'-> "1.00" ({signed(Decimal(1) - INVOICES[0].balance_due)})')
    assert gone.render().startswith(f"- invoice {INVOICES[1].invoice_number}: ")
    assert comparison.summary().startswith("different: 0 added, 1 removed, 1 changed; 2 -> 1")
    _, (new, *_) = compare(file([]), file(INVOICES[:1]))
    assert new.render().startswith(f"+ invoice {number}: ")
    assert new.as_json()["fields"] == []
    assert change.as_json()["fields"][0]["difference"].startswith(("-", "+"))


FOREIGN = b"1~FH|2~AB|5~1|6~5\n7~IH|10~1|13~5|9~AB\n58~CR|59~7\n70~ID|72~x|79~2\n70~ID|72~y|79~3\n"
OURS = b"1~FH|2~ab|3~r|5~1|6~5.00\n7~IH|9~ab|10~1|13~5.00|20~\n58~CR|59~7|61~\n"
DETAILS = b"70~ID|79~3.00|72~y\n70~ID|72~x|79~2.00\n"


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (OURS + DETAILS, []),
        (OURS + DETAILS.replace(b"2.00", b"2.50"), [("ID 1", 79)]),
        (OURS + DETAILS.splitlines(keepends=True)[0], [("ID 1", 72), ("ID 1", 79)]),
        ((OURS + DETAILS).replace(b"|20~", b"|20~0|194~1"), [("IH", 20), ("IH", 194)]),
    ],
)
def test_spelling_and_order_do_not_matter_and_values_do(new, told):
    """Absent and empty, 5 and 5.00, GUIDs in capitals, columns and details in another order."""
    _, changes = compare(FOREIGN, new)
    assert [(f.record, f.file_spec_id) for c in changes for f in c.fields] == told


def test_an_invoice_that_stands_twice_is_refused_with_its_row():
    twice = FOREIGN + FOREIGN.split(b"\n", 1)[1]
    for old, new in ((twice, FOREIGN), (FOREIGN, twice)):
        with pytest.raises(BadInputError, match="row 6, 10 InvoiceNumber"):
            compare(old, new)


@pytest.mark.parametrize(("amount", "told"), [("1.5", "+1.50"), ("-2", "-2.00"), ("0", "0.00")])
def test_a_difference_has_its_sign(amount, told):
    assert signed(Decimal(amount)) == told


@given(st.binary(max_size=200))
def test_any_bytes_are_compared_or_refused(content):
    for old, new in ((content, FOREIGN), (FOREIGN, FOREIGN + content)):
        with contextlib.suppress(BadInputError):
            compare(old, new)
