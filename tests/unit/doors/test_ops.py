"""The ops door: read-only, paged within bounds, for operators only."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.ach_return import AchReturn
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.settlement import SettledRow, TransactionType

HERE = {"biller": "alpha-mutual"}


@pytest.fixture
def paid(client, credentials, notice):
    """Take over five payments and return their invoice numbers."""
    numbers = [str(30254 + index) for index in range(5)]
    for number in numbers:
        body = notice(InvoiceNumber=number)
        answer = client.post("/billers/alpha-mutual/payments", json=body, headers=credentials)
        assert answer.status_code == 202
    return numbers


def test_health_names_the_version(client):
    told = client.get("/ops/health").get_json()
    assert told["status"] == "ok"
    assert told["version"]


def test_ready_while_the_ledger_can_be_written(adapter, client):
    """A wrong setting is told, and takes nobody's door away."""
    assert client.get("/ops/ready").get_json() == {"ready": True, "problems": []}
    adapter.change(biller={"time_zone": "Nowhere"})
    answer = client.get("/ops/ready")
    assert answer.status_code == 200
    assert answer.get_json()["problems"][0].startswith("billers.alpha-mutual.time_zone")


def test_not_ready_while_it_cannot(adapter, open_doors, broken_ledger, monkeypatch):
    monkeypatch.setattr(adapter.ledger, "check_writable", broken_ledger.check_writable)
    answer = open_doors(adapter).get("/ops/ready")
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "problems": ["the disk is full"]}


def test_deliveries_are_paged_in_their_order(client, paid):
    seen, after, pages = [], "", 0
    while after is not None:
        page = client.get(f"/ops/deliveries?limit=2&after={after or 0}").get_json()
        seen += [row["invoice_number"] for row in page["deliveries"]]
        after, pages = page["next"], pages + 1
    assert seen == paid
    assert pages == 3


def test_a_page_that_ends_with_the_last_row_has_no_next(client, paid):
    assert client.get(f"/ops/deliveries?limit={len(paid)}").get_json()["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("biller=alpha-mutual", 5),
        ("biller=beta", 0),
        ("state=accepted", 5),
        ("state=dead", 0),
        ("biller=alpha-mutual&state=accepted&limit=1", 1),
    ],
)
def test_deliveries_are_chosen_by_biller_and_state(client, paid, query, found):
    assert len(paid) == 5
    assert len(client.get(f"/ops/deliveries?{query}").get_json()["deliveries"]) == found


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=-1", "limit=x", "limit=1e3", "limit=", "limit=%D9%A3"),
        *("after=-1", "after=x", f"after={2**63}", "after=" + "9" * 5000, "state=lost", "page=2"),
        *("limit=1&limit=2",),
    ],
)
def test_a_query_beyond_its_bounds_is_bad_input(client, query):
    for kind in ("deliveries", "enrollments", "exceptions", "uploads"):
        answer = client.get(f"/ops/{kind}?{query}")
        assert answer.status_code == 400
        assert answer.get_json()["error"]["field"] == query.partition("=")[0]


def test_a_delivery_is_told_with_its_events(client, paid):
    path = f"/ops/deliveries/alpha-mutual/9F2C4B6E-0000-4000-8000-0123456789AB/{paid[0]}"
    told = client.get(path).get_json()
    assert told["delivery"]["amount"] == "731.37"
    (event,) = told["events"]
    assert (event["from"], event["to"]) == (None, "accepted")
    assert event["at"] == "2026-01-05T14:00:00Z"


@pytest.mark.parametrize(
    "path",
    [
        "alpha-mutual/9f2c4b6e-0000-4000-8000-0123456789ac/30254",
        "beta/9f2c4b6e-0000-4000-8000-0123456789ab/30254",
        "alpha-mutual/9f2c4b6e-0000-4000-8000-0123456789ab/1",
        "alpha-mutual/no-guid/30254",
    ],
)
def test_an_unknown_delivery_is_not_found(client, paid, path):
    assert paid
    answer = client.get(f"/ops/deliveries/{path}")
    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "not_found"


def test_exceptions_and_watermarks_are_listed(adapter, client):
    now = adapter.clock.now()
    adapter.ledger.exceptions.open("alpha-mutual", ExceptionKind.MISMATCH, "differs", now=now)
    adapter.ledger.watermarks.move("alpha-mutual", "reconcile_payments", "mark", now=now)
    (exception,) = client.get("/ops/exceptions").get_json()["exceptions"]
    assert (exception["kind"], exception["resolved_at"]) == ("mismatch", None)
    (mark,) = client.get("/ops/watermarks").get_json()["watermarks"]
    assert (mark["job"], mark["moved_at"]) == ("reconcile_payments", "2026-01-05T14:00:00Z")
    assert client.get("/ops/uploads").get_json() == {"uploads": [], "next": None}


def test_the_configuration_is_told_without_a_secret(adapter, client):
    adapter.change(adapter={"ops_key": "the-ops-s3cret"})
    told = client.get("/ops/configuration", headers={"Authorization": "Bearer the-ops-s3cret"})
    (biller,) = told.get_json()["billers"]
    assert biller["right"] is True
    assert biller["settings"]["rtdr"]["username"] == "alpha-rtdr"
    text = told.get_data(as_text=True)
    for secret in adapter.source.current().secrets:
        assert secret not in text
    assert "s3cret" not in text


def test_a_change_that_waits_for_a_restart_is_told(adapter, client):
    """Of the [adapter] table only the ops key counts at once."""
    adapter.change(adapter={"ops_key": "the-ops-s3cret"})
    key = {"Authorization": "Bearer the-ops-s3cret"}
    assert client.get("/ops/configuration", headers=key).get_json()["restart_needed"] is False
    adapter.change(adapter={"settle_seconds": 500})
    told = client.get("/ops/configuration").get_json()
    assert told["restart_needed"] is True
    assert told["adapter"]["settle_seconds"] == 120


def test_what_is_wrong_is_told_by_biller(adapter, client):
    adapter.change(biller={"time_zone": "Nowhere"})
    (biller,) = client.get("/ops/configuration").get_json()["billers"]
    assert biller["right"] is False
    assert biller["door_open"] is True
    assert biller["problems"][0].startswith("billers.alpha-mutual.time_zone: must be")
    assert biller["settings"] is None


@pytest.mark.parametrize(
    "path", ["health", "ready", "deliveries", "exceptions", "uploads", "watermarks"]
)
def test_strangers_are_kept_out_of_every_view(adapter, client, path):
    stranger = {"REMOTE_ADDR": "10.0.0.7"}
    assert client.get(f"/ops/{path}", environ_overrides=stranger).status_code == 403
    adapter.change(adapter={"ops_key": "the-ops-s3cret"})
    assert client.get(f"/ops/{path}").status_code == 401
    key = {"Authorization": "Bearer the-ops-s3cret"}
    answer = client.get(f"/ops/{path}", headers=key, environ_overrides=stranger)
    assert answer.status_code == 200
    assert json.loads(answer.get_data())


@pytest.fixture
def enrolled(client, credentials):
    """Take over a paperless change and one that makes it old; return their event GUIDs."""
    guids = [f"7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f{number}" for number in range(2)]
    for day, guid in enumerate(guids, start=3):
        body = {
            "BillerGUID": "28c724d2-0ee2-4200-8a9e-c9e7ce791440",
            "EventGUID": guid,
            "AccountNumber": "1204117",
            "Paperless": day == 3,
            "ChangeDate": f"2026-01-0{day}T00:00:00Z",
        }
        answer = client.post("/billers/alpha-mutual/paperless", json=body, headers=credentials)
        assert answer.status_code == 202
    return guids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1]),
        ("biller=beta", []),
        ("state=waiting", [1]),
        ("biller=alpha-mutual&state=superseded", [0]),
        ("limit=1", [0]),
    ],
)
def test_enrolments_are_chosen_by_biller_and_state(client, enrolled, query, found):
    told = client.get(f"/ops/enrollments?{query}").get_json()
    expected = [enrolled[index] for index in found]
    assert [row["event_guid"] for row in told["enrollments"]] == expected
    assert (told["next"] is None) == (query != "limit=1")


def test_an_enrolment_is_told_with_its_events(client, enrolled):
    told = client.get(f"/ops/enrollments/alpha-mutual/{enrolled[0].upper()}").get_json()
    assert told["enrollment"]["state"] == "superseded"
    assert [event["to"] for event in told["events"]] == ["waiting", "superseded"]


@pytest.mark.parametrize(
    "path", ["alpha-mutual/no-guid", "beta/7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f0"]
)
def test_an_unknown_enrolment_is_not_found(client, enrolled, path):
    assert enrolled
    assert client.get(f"/ops/enrollments/{path}").status_code == 404


@pytest.fixture
def returned(adapter):
    """Take over two returned payments with their settled rows; return their invoice numbers."""
    now = datetime(2026, 1, 8, 12, tzinfo=UTC)
    names = {"biller": "alpha-mutual", "payment_guid": str(UUID(int=1))}
    for number in ("1", "2"):
        back = AchReturn(
            **names,
            reject_guid=str(UUID(int=9)),
            invoice_number=number,
            account_number="1204117",
            amount=Decimal("731.30"),
            code="R01",
            reason="Insufficient Funds",
            returned_at=now,
        )
        row = SettledRow(
            **names,
            batch_id="20260108-ACH",
            settled_on=date(2026, 1, 8),
            transaction=TransactionType.RETURN,
            invoice_number=number,
            amount=Decimal("-731.30"),
            batch_total=Decimal("-1462.60"),
            batch_count=2,
        )
        adapter.ledger.reversals.take_over([back], now=now)
        adapter.ledger.settlements.record([row], now=now)
    return ["1", "2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1]),
        ("biller=beta", []),
        ("state=waiting", [0, 1]),
        ("state=handed_over", []),
        ("limit=1", [0]),
    ],
)
def test_reversals_are_chosen_by_biller_and_state(client, returned, query, found):
    told = client.get(f"/ops/reversals?{query}").get_json()
    numbers = [row["invoice_number"] for row in told["reversals"]]
    assert numbers == [returned[index] for index in found]
    assert (told["next"] is None) == (query != "limit=1")


@pytest.mark.parametrize(("query", "found"), [("", [0, 1]), ("biller=beta", []), ("limit=1", [0])])
def test_settled_rows_are_chosen_by_biller(client, returned, query, found):
    told = client.get(f"/ops/settlements?{query}").get_json()
    numbers = [row["invoice_number"] for row in told["settlements"]]
    assert numbers == [returned[index] for index in found]
    assert all(row["amount"] == "-731.30" for row in told["settlements"])


@pytest.mark.parametrize("query", ["reversals?state=lost", "settlements?state=waiting"])
def test_what_no_view_knows_is_refused(client, query):
    assert client.get(f"/ops/{query}").status_code == 400


def test_alarms_are_told_with_advice_even_by_an_adapter_whose_ledger_fails(
    adapter, client, open_doors, broken_ledger
):
    assert client.get("/ops/alarms").get_json() == {"alarms": []}
    kept, adapter.ledger = adapter.ledger, broken_ledger
    answer = open_doors(adapter).get("/ops/alarms")
    adapter.ledger = kept
    assert answer.status_code == 200
    [alarm] = answer.get_json()["alarms"]
    assert (alarm["name"], alarm["detail"]) == ("ledger_not_writable", "the disk is full")
    assert alarm["advice"]


def test_a_story_tells_what_is_open_and_what_comes_next(client, paid):
    assert paid
    row = client.get("/ops/deliveries").get_json()["deliveries"][0]
    names = (row["biller"], row["payment_guid"], row["invoice_number"])
    story = client.get("/ops/deliveries/{}/{}/{}".format(*names)).get_json()
    assert story["exceptions"] == []
    assert story["next"] == {
        "what": "The balance is read and the receipt posted",
        "at": "2026-01-05T14:00:00Z",
    }
