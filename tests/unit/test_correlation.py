"""The correlation id holds inside its block, and the one before holds again after it."""

import structlog

from adapter.correlation import correlated, present_correlation_id


def test_the_id_holds_inside_its_block_only():
    structlog.contextvars.clear_contextvars()
    assert present_correlation_id() == ""
    with correlated("the-door"):
        with correlated("a-payment"):
            assert present_correlation_id() == "a-payment"
        assert present_correlation_id() == "the-door"
    assert present_correlation_id() == ""
