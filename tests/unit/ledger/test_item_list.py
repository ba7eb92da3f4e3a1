"""Items are found by whatever an operator knows of them."""

from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State


def ids(items):
    return [item.id for item in items]


@pytest.fixture
def three(desk):
    """Have one done, one of another biller that waits, and one that waits."""
    desk.accept(1, lane="1")
    desk.done()
    desk.accept(2, lane="2", biller="another-carrier")
    desk.accept(3, lane="3")
    return desk.items


def test_one_is_found_by_its_reference_within_its_biller_and_kind(bench, desk):
    item = desk.accept()
    assert desk.items.find(desk.biller, item.reference) == item
    assert desk.items.find("another-carrier", item.reference) is None
    for other in (bench.payments, bench.reversals, bench.enrollments):
        assert (other.find(item) is not None) == (other.name == desk.name)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"biller": "another-carrier"}, [2]),
        ({"states": [State.DONE]}, [1]),
        ({"states": [State.WAITING, State.DONE], "biller": "camp-point"}, [3, 1]),
        ({"states": [State.IN_DOUBT]}, []),
        ({"states": []}, []),
        ({}, [3, 2, 1]),
    ],
)
def test_each_filter_and_all_together(three, asked, found):
    assert ids(three.newest(limit=9, **asked)) == found
    assert ids(three.page(limit=9, **asked)) == found[::-1]


def test_those_of_a_lane(desk, three):
    lane = desk.kind.lane(desk.payload(lane="3"))
    assert ids(three.newest(limit=9, lane=lane)) == [3]
    assert ids(three.newest(limit=9, lane=lane, states=[State.DONE])) == []


def test_of_those_that_need_a_person_only_for_these_reasons(desk):
    first, second = desk.kind.reviews[:2]
    for number, review in enumerate((first, second, None), 1):
        desk.accept(number, lane=str(number))
        desk.record(desk.send(), State.NEEDS_PERSON, review=review)
    desk.accept(4, lane="4")
    assert ids(desk.items.newest(limit=9, reviews=[first])) == [4, 1]
    states = [State.NEEDS_PERSON]
    assert ids(desk.items.page(limit=9, states=states, reviews=[first, second])) == [1, 2]
    assert ids(desk.items.page(limit=9, states=states, reviews=[])) == []


def test_no_more_than_asked_for_and_pages_follow_each_other(three):
    assert ids(three.newest(limit=2)) == [3, 2]
    assert ids(three.page(limit=2)) == [1, 2]
    assert ids(three.page(limit=9, after=2)) == [3]


def test_whatever_a_person_may_call_it_by(desk):
    first = desk.accept(1, lane="1")
    desk.accept(2, lane="2")
    other = desk.accept(1, lane="1", biller="another-carrier")
    named = desk.items.named
    guid = first.reference.partition(":")[0]
    for name in (first.reference, guid):
        assert named(name) == (first, other)
        assert named(name, biller=desk.biller) == (first,)
    assert named(str(first.id)) == (first,)
    for nothing in ("77", "nothing", guid[:-1], "%", "_" * 36, str(UUID(int=7))):
        assert named(nothing) == ()


@pytest.mark.parametrize("name", ["payments", "reversals"])
def test_one_guid_may_name_several_of_which_one_is_on_an_invoice(bench, name):
    desk = getattr(bench, name)
    several = tuple(desk.accept(1, lane=lane) for lane in ("1", "2"))
    guid = several[0].reference.partition(":")[0]
    assert desk.items.named(guid) == several
    assert desk.items.named(guid, within="2") == several[1:]
    assert desk.items.named(guid, within="3") == ()


def test_what_is_open_about_an_item_or_holds_it_back(bench):
    item = bench.payments.accept(1)
    number, guid = item.payload.invoice_number, item.payload.payment_guid
    other = str(UUID(int=9))
    asked = [
        (ExceptionKind.DEAD, {"payment_guid": other, "invoice_number": number}),
        (ExceptionKind.INVOICE_REFUSED, {"invoice_number": number}),  # no payment: holds nothing
        (ExceptionKind.SETTING_OVERDUE, {"reference": item.reference}),
        (ExceptionKind.DEAD, {"payment_guid": guid, "invoice_number": "another"}),
        (ExceptionKind.MISMATCH, {"payment_guid": guid, "invoice_number": number}),
    ]
    for kind, about in asked:
        bench.ask(kind, **about)
    bench.answer(bench.exceptions()[-1])
    setting = bench.enrollments.accept()
    bench.ask(ExceptionKind.ENROLLMENT_FAILED, reference=setting.reference)
    assert len(bench.enrollments.items.open_exceptions(setting)) == 1
    found = bench.payments.items.open_exceptions(item)
    assert [each.kind for each in found] == [ExceptionKind.DEAD, ExceptionKind.SETTING_OVERDUE]
