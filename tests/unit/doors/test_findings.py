"""Many findings at once: no row is judged more loosely than alone, and none stops another."""

import tomllib
from datetime import timedelta

import pytest

from adapter.domain.work_item import State
from adapter.doors.findings import Findings, Outcome
from adapter.doors.findings_file import FindingRow, last_sent
from adapter.errors import LedgerError
from adapter.kinds import ENROLLMENTS, PAYMENTS, REVERSALS
from adapter.settings import StaticSettings
from tests.unit.doors.conftest import BILLER, NOW, DoorDesk, settings_text

FILLED = {"finding": "applied", "note": "seen"}
RELEASE = {"finding": "never-applied", "note": "not there", "balance": "731.37"}


class Person:
    """Somebody with a ledger of refused payments, and rows to give."""

    def __init__(self, adapter, kind=PAYMENTS):
        self.adapter = adapter
        self.kind = kind
        self.desk = DoorDesk(adapter.ledger, kind.item)
        self.settings = StaticSettings(tomllib.loads(settings_text())).current()

    def refused(self, number, lane=None):
        """Return an item that waits for a person; what was sent of it was refused."""
        self.desk.accept(number, lane=lane or str(number))
        return self.desk.record(self.desk.send(), State.NEEDS_PERSON, review=self.kind.refused)

    def sent(self, item):
        """Return the cell that says which request was looked for."""
        return {"last_sent": last_sent(item)}

    def give(self, *rows, dry_run=False):
        findings = Findings(
            self.adapter.ledger,
            self.kind,
            self.settings,
            self.adapter.clock,
            by="ada",
            dry_run=dry_run,
        )
        numbered = [FindingRow(line=n, cells=cells) for n, cells in enumerate(rows, start=2)]
        return list(findings.outcomes(numbered))

    def errors(self, *rows):
        """Return the column of each row's refusal."""
        return [each.error and each.error.field for each in self.give(*rows)]

    def state(self, item):
        return self.desk.find(item).state


@pytest.fixture
def person(adapter):
    return Person(adapter)


def by_number(item, **cells):
    return {"number": str(item.id), **cells}


def test_each_finding_does_what_it_does_alone(person):
    applied, missing, returned, unsaid = (person.refused(n) for n in range(1, 5))
    rows = (
        by_number(applied, receipt="1003", **FILLED),
        {"guid": missing.reference.partition(":")[0].upper(), **RELEASE, **person.sent(missing)},
        by_number(returned, finding="given-back", note="voided"),
        by_number(unsaid),
    )
    told = person.give(*rows, dry_run=True)
    assert [each.word for each in told] == ["applied", "failed", "given_back", None]
    assert [each.outcome for each in told[:3]] == [Outcome.WOULD_BE] * 3
    assert {person.state(each.item) for each in told[:3]} == {State.NEEDS_PERSON}
    done = person.give(*rows)
    assert [each.word for each in done] == [each.word for each in told]
    assert [each.outcome for each in done] == [Outcome.RECORDED] * 3 + [Outcome.NOT_FILLED_IN]
    states = [person.state(item) for item in (applied, missing, returned, unsaid)]
    assert states == [State.DONE, State.RETRYING, State.GIVEN_BACK, State.NEEDS_PERSON]
    assert person.desk.find(missing).released
    assert "ada says it was never applied" in person.desk.events(missing)[-1].detail


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"finding": "perhaps"}, "finding"),
        ({"finding": ""}, "finding"),
        ({"balance": ""}, "balance"),
        ({"balance": "1,000.00"}, "balance"),
        ({"receipt": "1003"}, "receipt"),
        ({"note": ""}, "note"),
        ({"last_sent": ""}, "last_sent"),
        ({"number": "99"}, "number"),
        ({"number": ""}, "number"),
        ({"guid": "00000000-0000-0000-0000-000000000003"}, "guid"),
        ({"guid": "nonsense"}, "guid"),
        ({"invoice": "2"}, "invoice"),
        ({"biller": "another"}, "biller"),
    ],
)
def test_a_bad_row_says_which_column_and_stops_no_other(person, changes, field):
    bad, good, _ = (person.refused(number) for number in range(1, 4))
    row = by_number(bad, **RELEASE, **person.sent(bad)) | changes
    refused, done = person.give(row, by_number(good, **RELEASE, **person.sent(good)))
    assert (refused.outcome, refused.error.field) == (Outcome.REFUSED, field)
    assert refused.error.remedy
    assert done.outcome is Outcome.RECORDED
    assert person.state(bad) is State.NEEDS_PERSON


def test_a_release_names_the_request_that_was_looked_for(person):
    item = person.refused(1)
    assert person.errors(by_number(item, **RELEASE)) == ["last_sent"]
    row = by_number(item, **RELEASE, **person.sent(item))
    assert person.errors(row) == [None]
    later = NOW + timedelta(hours=1)
    person.desk.record(
        person.desk.send(at=later), State.NEEDS_PERSON, at=later, review=PAYMENTS.refused
    )
    assert person.errors(row) == ["last_sent"]


def test_two_rows_about_one_payment_are_both_refused(person):
    one, other = person.refused(1), person.refused(2)
    guid = one.reference.partition(":")[0]
    rows = (
        by_number(one, receipt="1003", **FILLED),
        {"guid": f"{{{guid}}}", "finding": "given-back", "note": "voided"},
        by_number(other, guid=guid, receipt="1004", **FILLED),  # and so it may be about either
        by_number(other, receipt="1005", **FILLED),
    )
    told = person.give(*rows)
    assert [each.error.field for each in told] == ["number"] * 4
    assert "lines 2, 3, 4 are about the same one" in told[0].error.rule
    assert {person.state(one), person.state(other)} == {State.NEEDS_PERSON}


def test_one_receipt_is_not_given_to_two_payments(person):
    rows = [
        by_number(person.refused(number), receipt=receipt, **FILLED)
        for number, receipt in ((1, "1003"), (2, "01003"), (3, "1004"))
    ]
    assert person.errors(*rows) == ["receipt", "receipt", None]


def test_a_guid_of_several_invoices_takes_the_invoice(person):
    first, second = person.refused(1, "30254"), person.refused(1, "30255")
    guid = first.reference.partition(":")[0]
    given_back = {"guid": guid, "finding": "given-back", "note": "voided"}
    [told] = person.give(given_back)
    assert (told.error.field, "names several" in told.error.rule) == ("guid", True)
    assert person.errors(given_back | {"invoice": "30256"}) == ["guid"]
    assert person.errors(given_back | {"invoice": "30255", "biller": BILLER}) == [None]
    assert [person.state(first), person.state(second)] == [State.NEEDS_PERSON, State.GIVEN_BACK]


@pytest.mark.parametrize("kind", [REVERSALS, ENROLLMENTS], ids=lambda kind: kind.command)
def test_other_kinds_need_no_receipt_and_no_balance(adapter, kind):
    person = Person(adapter, kind)
    applied, missing, returned = (person.refused(number) for number in range(1, 4))
    rows = (
        by_number(applied, **FILLED),
        by_number(missing, finding="never-applied", note="not there", **person.sent(missing)),
        by_number(returned, finding="given-back", note="voided"),
    )
    assert person.errors(*rows) == [None, None, "finding"]
    assert [person.state(applied), person.state(missing)] == [State.DONE, State.RETRYING]


def test_what_is_final_stays_so(person):
    item = person.refused(1)
    row = by_number(item, receipt="1003", **FILLED)
    assert person.errors(row) == [None]
    [again] = person.give(row)
    assert (again.error.field, again.error.value) == ("state", "applied")


def test_a_ledger_that_fails_ends_it_and_what_is_left_is_told(person, monkeypatch):
    first, second = person.refused(1), person.refused(2)
    rows = [by_number(item, finding="given-back", note="voided") for item in (first, second)]

    def fail(*_given, **_named):
        raise LedgerError("the disk is full")

    monkeypatch.setattr("adapter.ledger.redrive.Redrive.resolve", fail)
    told = person.give(*rows)
    assert [each.outcome for each in told] == [Outcome.NOT_TRIED] * 2
    assert {each.failure for each in told} == {"the disk is full"}
