"""The resource `audit`: the verdict over every book."""


def test_fresh_world_is_clean(control):
    report = control("GET", "audit").json()
    assert report["clean"] is True
    assert [invariant["number"] for invariant in report["invariants"]] == list(range(1, 11))
    assert all(invariant["holds"] for invariant in report["invariants"])
