"""The resource `state`: every partner's book."""

from sandbox.fakes import FAKES


def test_every_partner_tells_its_book(control):
    state = control("GET", "state").json()
    assert list(state) == list(FAKES)
    assert len(state["spectrum"]["invoices"]) == 25
    assert state["invoice_cloud"] == {"bills": [], "payments": [], "files": []}


def test_looking_changes_nothing(control):
    assert control("GET", "state").text == control("GET", "state").text
    assert control("GET", "journal").json()["entries"] == []
