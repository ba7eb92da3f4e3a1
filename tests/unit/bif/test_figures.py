"""The header's figures against the body's."""

from decimal import Decimal

from adapter.bif.figures import Figures
from adapter.bif.problems import Rule


def filled(count, total, *invoices):
    figures = Figures()
    figures.take("FH", 1, (count, total))
    problems = [
        problem
        for row, invoice in enumerate(invoices, start=2)
        for problem in figures.take("IH", row, invoice)
    ]
    return figures, [*problems, *figures.finish()]


def told(problems):
    return [(p.row, p.file_spec_id, p.value, p.rule) for p in problems]


def test_true_figures_are_no_problem():
    figures, problems = filled("2", "30.00", ("1", "10.01"), ("2", "19.99"))
    assert not problems
    assert (figures.invoice_count, figures.total) == (2, Decimal("30.00"))


def test_each_wrong_figure_is_told_in_the_headers_row():
    _, problems = filled("3", "30.01", ("1", "10.00"), ("2", "20.00"))
    assert told(problems) == [(1, 5, "3", Rule.COUNT), (1, 6, "30.01", Rule.TOTAL)]
    assert problems[0].remedy.startswith("write 2")
    assert problems[1].remedy.startswith("write 30.00")


def test_an_invoice_number_stands_once():
    _, problems = filled("2", "30.00", ("1", "10.00"), ("1", "20.00"))
    assert told(problems) == [(3, 10, "1", Rule.DUPLICATE_INVOICE)]


def test_figures_that_cannot_be_read_are_not_compared():
    assert not filled("", "", ("1", "10.00"))[1]
    assert not filled("1", "99.00", ("1", ""))[1]
    assert not filled("2", "0.00", ("", "0.00"), ("", "0.00"))[1]


def test_rows_that_cannot_be_read_put_every_figure_in_doubt():
    figures = Figures()
    figures.take("FH", 1, ("2", "30.00"))
    figures.doubtful = True
    assert not figures.finish()


def test_a_second_header_changes_nothing():
    figures = Figures()
    figures.take("FH", 1, ("0", "0.00"))
    figures.take("FH", 2, ("5", "5.00"))
    assert not figures.finish()
