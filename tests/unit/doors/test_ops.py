"""The ops door: read-only, paged within bounds, for operators only."""

import json
from datetime import date
from decimal import Decimal

import jsonschema_rs
import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.settlement import SettledRow, TransactionType
from adapter.domain.work_item import State
from adapter.kinds import KINDS
from contracts.loader import schema
from tests.unit.doors.conftest import BILLER, DoorDesk

UNKNOWN = "9f2c4b6e-0000-4000-8000-0123456789ac"
LISTS = [*(kind.ops_path for kind in KINDS), "settlements", "exceptions", "uploads"]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.ops_path)
def kind(request):
    return request.param


@pytest.fixture
def kept(adapter, kind):
    """Accept five items of a kind, the first of which its partner refuses."""
    desk = DoorDesk(adapter.ledger, kind.item)
    for number in range(1, 6):
        desk.accept(number, lane=str(number))
    desk.record(desk.send(), State.NEEDS_PERSON, review=kind.refused, detail="refused")
    return desk.items.page(limit=9)


@pytest.fixture
def numbers(client, kind):
    """Return how to list the numbers of a page of items, and what asks for the next."""

    def listed(query):
        told = client.get(f"/ops/{kind.ops_path}?{query}").get_json()
        return [row["number"] for row in told[kind.ops_path]], told["next"]

    return listed


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


def test_items_are_paged_in_the_order_in_which_they_were_accepted(numbers, kept):
    seen, after, pages = [], "0", 0
    while after is not None:
        page, after = numbers(f"limit=2&after={after}")
        seen += page
        pages += 1
    assert seen == [item.id for item in kept]
    assert pages == 3
    assert numbers(f"limit={len(kept)}") == (seen, None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("biller=alpha-mutual", [1, 2, 3, 4, 5]),
        ("biller=beta", []),
        ("state={first}", [2, 3, 4, 5]),
        ("state={refused}", [1]),
        ("state=sending", []),
        ("biller=alpha-mutual&state={first}&limit=1", [2]),
    ],
)
def test_items_are_chosen_by_biller_and_state(kind, numbers, kept, query, found):
    assert kept
    words = {
        "first": kind.word(State.WAITING),
        "refused": kind.word(State.NEEDS_PERSON, kind.refused),
    }
    assert numbers(query.format(**words))[0] == found


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=-1", "limit=x", "limit=1e3", "limit=", "limit=%D9%A3"),
        *("after=-1", "after=x", f"after={2**63}", "after=" + "9" * 5000, "state=lost", "page=2"),
        *("limit=1&limit=2",),
    ],
)
def test_a_query_beyond_its_bounds_is_bad_input(client, query):
    for path in LISTS:
        answer = client.get(f"/ops/{path}?{query}")
        assert answer.status_code == 400
        assert answer.get_json()["error"]["field"] == query.partition("=")[0]


def test_an_item_is_shown_with_its_events_by_its_guid_in_any_case(client, kind, kept):
    guid, _, invoice = kept[0].reference.partition(":")
    path = f"/ops/{kind.ops_path}/alpha-mutual/{{}}{f'/{invoice}' if invoice else ''}"
    told = client.get(path.format(guid.upper())).get_json()
    assert told[kind.ops_name]["number"] == 1
    assert told["reference"] == kept[0].reference
    first, refused = kind.word(State.WAITING), kind.word(State.NEEDS_PERSON, kind.refused)
    assert [event["to"] for event in told["events"]] == [first, "sending", refused]
    assert [item["detail"] for item in told["exceptions"]] == ["refused"]
    assert told["next"]["what"].startswith("Nothing, until a person acts")
    for unknown in (path.format(UNKNOWN), path.replace("alpha-mutual", "beta").format(guid)):
        answer = client.get(unknown)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found")
    other = f"/ops/{kind.ops_path}/alpha-mutual/{guid}"
    for wrong in (path.format("no-guid"), f"{other}/77", f"{other}/"):
        assert client.get(wrong).status_code == 404
    if invoice:
        assert client.get(other).status_code == 404


def test_exceptions_and_watermarks_are_listed(adapter, client):
    now = adapter.clock.now()
    adapter.ledger.exceptions.open("alpha-mutual", ExceptionKind.MISMATCH, "differs", now=now)
    adapter.ledger.watermarks.move("alpha-mutual", "reconcile_payments", "mark", now=now)
    (exception,) = client.get("/ops/exceptions").get_json()["exceptions"]
    assert (exception["kind"], exception["resolved_at"]) == ("mismatch", None)
    (mark,) = client.get("/ops/watermarks").get_json()["watermarks"]
    assert (mark["job"], mark["moved_at"]) == ("reconcile_payments", "2026-01-05T14:00:00Z")
    assert client.get("/ops/uploads").get_json() == {"uploads": [], "next": None}


def test_an_exception_is_told_by_its_contract(adapter, client, pressing):
    """By number on pages, or the open ones by due date on one."""
    pressing(adapter.ledger)
    adapter.ledger.exceptions.assign(2, "Ada", now=adapter.clock.now())
    told = client.get("/ops/exceptions").get_json()
    jsonschema_rs.validator_for(schema("adapter", "Exceptions")).validate(told)
    first, second, third = told["exceptions"]
    assert [each["id"] for each in told["exceptions"]] == [1, 2, 3]
    assert (first["due_date"], first["critical"], first["owner"]) == ("2026-02-05", False, None)
    assert (second["due_date"], second["critical"], second["owner"]) == ("2026-01-07", True, "Ada")
    assert (third["due_date"], third["critical"], third["amount"]) == (None, False, "3.50")
    due = client.get("/ops/exceptions?order=due").get_json()
    assert due == {"exceptions": [second, first, third], "next": None}
    assert client.get("/ops/exceptions?order=due&limit=1").get_json()["exceptions"] == [second]
    adapter.ledger.exceptions.resolve(2, now=adapter.clock.now(), resolution="seen")
    assert client.get("/ops/exceptions?order=due&limit=1").get_json()["exceptions"] == [first]
    resolved = client.get("/ops/exceptions").get_json()["exceptions"][1]
    assert (resolved["critical"], resolved["owner"]) == (False, "Ada")


@pytest.mark.parametrize(
    ("query", "field"),
    [("order=age", "order"), ("order=", "order"), ("order=due&after=due", "after")],
)
def test_exceptions_have_one_other_order_and_it_has_one_page(client, query, field):
    answer = client.get(f"/ops/exceptions?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["error"]["field"] == field


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


@pytest.mark.parametrize("path", ["health", "ready", "watermarks", "configuration", *LISTS])
def test_strangers_are_kept_out_of_every_view(adapter, client, path):
    stranger = {"REMOTE_ADDR": "10.0.0.7"}
    assert client.get(f"/ops/{path}", environ_overrides=stranger).status_code == 403
    adapter.change(adapter={"ops_key": "the-ops-s3cret"})
    assert client.get(f"/ops/{path}").status_code == 401
    key = {"Authorization": "Bearer the-ops-s3cret"}
    answer = client.get(f"/ops/{path}", headers=key, environ_overrides=stranger)
    assert answer.status_code == 200
    assert json.loads(answer.get_data())


@pytest.mark.parametrize(("query", "found"), [("", "12"), ("biller=beta", ""), ("limit=1", "1")])
def test_settled_rows_are_chosen_by_biller(adapter, client, query, found):
    for number in "12":
        row = SettledRow(
            biller=BILLER,
            payment_guid=UNKNOWN,
            batch_id="20260108-ACH",
            settled_on=date(2026, 1, 8),
            transaction=TransactionType.RETURN,
            invoice_number=number,
            amount=Decimal("-731.30"),
            batch_total=Decimal("-1462.60"),
            batch_count=2,
        )
        adapter.ledger.settlements.record([row], now=adapter.clock.now())
    told = client.get(f"/ops/settlements?{query}").get_json()
    assert "".join(row["invoice_number"] for row in told["settlements"]) == found
    assert all(row["amount"] == "-731.30" for row in told["settlements"])
    assert (told["next"] is None) == (query != "limit=1")


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
