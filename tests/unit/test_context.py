"""The rules that jobs and kinds keep to."""

from adapter.context import Rules


def test_the_settle_time_outlasts_the_lease():
    """A sender that sleeps over its lease is in doubt before anybody weighs evidence."""
    rules = Rules()
    assert rules.settle_seconds > rules.lease_seconds
