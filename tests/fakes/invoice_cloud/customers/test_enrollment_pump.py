"""The enrolment pump: each change in the doors' words, in its order, repeated when not taken."""

import pytest

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.by_hand import enroll_account, unenroll_account
from sandbox.fakes.invoice_cloud.pump import RETRY_SECONDS

PAPERLESS, AUTOPAY, TEXT = EnrollmentKind
ACCOUNT = "1004587"


@pytest.fixture
def choose(cloud):
    """Enroll the account of a bill, or take it out."""
    cloud.bill()

    def act(kind, *, on=True):
        (enroll_account if on else unenroll_account)(
            cloud.world, cloud.billers[0].slug, ACCOUNT, kind
        )

    return act


def changes(cloud):
    return list(cloud.world.book(CustomersBook).changes.values())


def posts(adapter):
    return [call for call in adapter.calls if call["line"].startswith("POST")]


@pytest.mark.parametrize(("kind", "field"), [(PAPERLESS, "Paperless"), (AUTOPAY, "AutoPay")])
def test_a_change_comes_five_seconds_later_to_its_door(cloud, adapter, choose, kind, field):
    choose(kind)
    cloud.world.clock.advance(4)
    assert posts(adapter) == []
    cloud.world.clock.advance(1)
    biller, [change] = cloud.billers[0], changes(cloud)
    assert posts(adapter) == [
        {
            "line": f"POST /billers/{biller.slug}/{field.lower()}",
            "credentials": ("Basic", biller.biller_guid, biller.door_key),
            "body": {
                "BillerGUID": biller.biller_guid,
                "EventGUID": change.change.event_guid,
                "AccountNumber": ACCOUNT,
                field: True,
                "ChangeDate": "2026-01-05T08:00:00.000000Z",
            },
        }
    ]
    assert (change.state, change.attempts) == ("delivered", 1)


def test_changes_of_one_moment_bear_moments_of_their_own_in_their_order(cloud, adapter, choose):
    for on in (True, False, True):
        choose(PAPERLESS, on=on)
    cloud.world.clock.advance(5)
    told = [(call["body"]["Paperless"], call["body"]["ChangeDate"]) for call in posts(adapter)]
    assert told == [
        (True, "2026-01-05T08:00:00.000000Z"),
        (False, "2026-01-05T08:00:00.001000Z"),
        (True, "2026-01-05T08:00:00.002000Z"),
    ]


def test_what_changes_nothing_for_the_account_is_not_told(cloud, adapter, choose):
    choose(PAPERLESS, on=False)
    for _ in range(2):
        choose(PAPERLESS)
    choose(TEXT)
    cloud.world.clock.advance(5)
    assert len(posts(adapter)) == 1


@pytest.mark.parametrize("answer", [(400, {}), (503, {}), None])
def test_a_change_that_is_not_taken_is_tried_five_times_and_then_given_up(
    cloud, adapter, choose, answer
):
    adapter.usual = answer
    choose(PAPERLESS)
    for count, wait in enumerate((5, *RETRY_SECONDS), 1):
        cloud.world.clock.advance(wait)
        assert len(posts(adapter)) == count
    [change] = changes(cloud)
    assert (change.state, change.attempts) == ("failed", 5)
    assert change.outcome.startswith("gave up after attempt 5: ")
    assert len({str(call["body"]) for call in posts(adapter)}) == 1
    [told] = cloud.world.journal.entries(operation="EnrollmentPump")
    assert told.outcome == change.outcome


@pytest.mark.parametrize(("moment", "received"), [("before", 1), ("after", 2)])
def test_a_severed_delivery_comes_again_whether_it_arrived_or_not(
    cloud, adapter, choose, moment, received
):
    cloud.arm("sever", "EnrollmentPump", moment)
    choose(AUTOPAY)
    cloud.world.clock.advance(65)
    assert len(posts(adapter)) == received
    assert [(c.state, c.attempts) for c in changes(cloud)] == [("delivered", 2)]


def test_without_a_connector_a_change_waits_for_one(cloud, choose):
    choose(PAPERLESS)
    cloud.world.clock.advance(5)
    assert [(c.state, c.outcome) for c in changes(cloud)] == [("retrying", "no connector")]
