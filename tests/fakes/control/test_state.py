"""The resource `state`: every partner's book."""

from sandbox.fakes import FAKES


def test_every_partner_tells_its_book(control):
    state = control("GET", "state").json()
    assert list(state) == list(FAKES)
    assert len(state["spectrum"]["invoices"]) == 25
    told = state["invoice_cloud"]
    assert {"bills", "payments", "files", "ach_rejects", "settled_batches"} <= set(told)
    assert not any(told.values())


def test_looking_changes_nothing(control):
    assert control("GET", "state").text == control("GET", "state").text
    assert control("GET", "journal").json()["entries"] == []
