"""The resource `faults`: arming, listing, disarming, and naming what is wrong."""

import pytest

from sandbox.fakes import FAKES
from sandbox.faults import ALTERING_PARTNERS, DELAYED, FAULTS

SEVER = {
    "fault": "sever",
    "partner": "spectrum",
    "operation": "OnlineReceipt",
    "moment": "after",
    "count": 1,
    "match": {"invoice_number": "30254"},
}


def test_armed_fault_is_listed_until_it_is_disarmed(control):
    armed = control("POST", "faults", SEVER)
    assert armed.status_code == 201
    assert armed.json() == {"id": 1, **SEVER, "parameters": {}, "struck": 0}
    assert control("GET", "faults").json() == {"faults": [armed.json()]}
    assert control("DELETE", "faults?id=1").json() == {"disarmed": 1}
    assert control("GET", "faults").json() == {"faults": []}


def test_it_strikes_once_before_the_partner_acts_unless_told_otherwise(control):
    """The defaults of the contract."""
    short = {"fault": "status", "partner": "spectrum", "operation": "*"}
    told = control("POST", "faults", short).json()
    assert (told["moment"], told["count"], told["match"]) == ("before", 1, {})


def test_count_null_is_for_ever(control):
    assert control("POST", "faults", {**SEVER, "count": None}).json()["count"] is None


@pytest.mark.parametrize("partner", FAKES)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_wait_for_every_operation(control, partner, fault):
    for operation in [*FAKES[partner].operations, "*"]:
        wanted = {"fault": fault, "partner": partner, "operation": operation}
        able = {
            "alter": partner in ALTERING_PARTNERS,
            "late": (partner, operation) == DELAYED,
        }.get(fault, True)
        assert control("POST", "faults", wanted).status_code == (201 if able else 400)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fault": "latency"}, "there are: alter, drip, late, sever, silence, status"),
        ({"partner": "bank"}, '"spectrum", "imt" or "invoice_cloud"'),
        ({"operation": "OnlineReciept"}, "there are: Token, InvoiceBalanceDue, OnlineReceipt"),
        ({"operation": ""}, "operation"),
        ({"moment": "during"}, '"before" or "after"'),
        ({"count": 0}, "count = 0"),
        ({"count": "1"}, "count"),
        ({"match": {"invoice_number": 30254}}, "match.invoice_number = 30254"),
        ({"match": []}, "match"),
        ({"parameters": {"status": 503}}, "the fault sever has no parameter 'status'"),
        ({"fault": "status", "parameters": {"status": 42}}, "from 200 to 599"),
        ({"fault": "alter", "partner": "imt", "operation": "*"}, "there are: spectrum"),
        ({"fault": "late"}, "OnlineReceipt alone, before it acts"),
        ({"fault": "drip", "parameters": {"lines": 0}}, "from 1 to 1000"),
        ({"ever": True}, "'ever': no such field"),
    ],
)
def test_wrong_fault_is_named(refusal, control, change, told):
    assert told in refusal(400, "POST", "faults", {**SEVER, **change})["message"]
    assert control("GET", "faults").json() == {"faults": []}


def test_disarming_all(control):
    control("POST", "faults", SEVER)
    control("POST", "faults", SEVER)
    assert control("DELETE", "faults").json() == {"disarmed": 2}
    assert control("DELETE", "faults").json() == {"disarmed": 0}


def test_disarming_an_unknown_one_lists_the_known(refusal, control):
    control("POST", "faults", SEVER)
    assert "there are: 1" in refusal(404, "DELETE", "faults?id=2")["message"]
    assert "id" in refusal(400, "DELETE", "faults?id=one")["message"]
