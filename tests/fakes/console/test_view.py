"""What the console shows of the books: figures that tell right from refused."""

from sandbox.console.view import Figure, _figures


def test_money_is_added_up_as_decimals():
    rows = [{"balance_due": "0.10"}, {"balance_due": "0.20"}, {"balance_due": "1000.00"}]
    assert list(_figures("bills", rows)) == [Figure(label="bills", count=3, money="$1,000.30 due")]


def test_declined_payments_are_counted_apart():
    rows = [{"amount": "10.00", "approved": True}, {"amount": "99.00", "approved": False}]
    assert list(_figures("payments", rows)) == [
        Figure(label="payments", count=1, money="$10.00 in all"),
        Figure(label="payments not approved", count=1),
    ]


def test_refused_files_are_counted_apart():
    rows = [{"accepted": False}, {"accepted": True}]
    told = [(figure.label, figure.count) for figure in _figures("files", rows)]
    assert told == [("files", 1), ("files not accepted", 1)]


def test_empty_book_has_figures_too():
    assert list(_figures("receipts", [])) == [Figure(label="receipts", count=0)]
