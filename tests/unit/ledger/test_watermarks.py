"""High-water marks: one for each biller and job."""

from adapter.ledger.watermarks import Watermark


def test_a_mark_moves_and_stays(bench, now, later):
    marks = bench.ledger.watermarks
    assert marks.get(bench.biller, "send_invoices") is None
    marks.move(bench.biller, "send_invoices", "one", now=now)
    marks.move(bench.biller, "send_invoices", "two", now=later(60))
    marks.move(bench.biller, "reconcile_payments", "three", now=now)
    marks.move("another", "send_invoices", "four", now=now)
    assert marks.get(bench.biller, "send_invoices") == "two"
    assert marks.all() == (
        Watermark(biller="another", job="send_invoices", mark="four", moved_at=now),
        Watermark(biller="camp-point", job="reconcile_payments", mark="three", moved_at=now),
        Watermark(biller="camp-point", job="send_invoices", mark="two", moved_at=later(60)),
    )
