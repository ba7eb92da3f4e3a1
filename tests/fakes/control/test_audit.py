"""The resource `audit`: the verdict over every book."""

from sandbox.audit import INVARIANTS


def test_fresh_world_is_clean(control):
    report = control("GET", "audit").json()
    assert report["clean"] is True
    numbers = [invariant["number"] for invariant in report["invariants"]]
    assert numbers == [invariant.number for invariant in INVARIANTS]
    assert all(invariant["holds"] for invariant in report["invariants"])
