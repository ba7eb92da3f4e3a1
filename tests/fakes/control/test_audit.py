"""The resource `audit`: the verdict over every book."""


def test_fresh_world_is_clean(control):
    report = control("GET", "audit").json()
    assert report["clean"] is True
    assert [invariant["number"] for invariant in report["invariants"]] == [1, 2, 3, 5, 9, 10]
    assert all(invariant["holds"] for invariant in report["invariants"])
