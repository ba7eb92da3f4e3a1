"""`adapter payments`, `reversals`, `enrollments`: lists, stories, and a person's word."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Cause, State
from adapter.doors.ledger_file import open_ledger_of
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS
from tests.unit.doors.conftest import BILLER, DoorDesk
from tests.unit.ledger.conftest import NOW

DONE, REFUSED, RETRYING, WAITING, IN_DOUBT, UNCLEAR, NOT_APPLIED = range(1, 8)
WORDS = {
    PAYMENTS: {DONE: "applied", REFUSED: "dead", RETRYING: "failed", WAITING: "accepted"},
    REVERSALS: {DONE: "reversed", REFUSED: "refused", RETRYING: "failed", WAITING: "waiting"},
    ENROLLMENTS: {DONE: "delivered", REFUSED: "refused", RETRYING: "failed", WAITING: "waiting"},
}
WHAT = {
    PAYMENTS: "731.37 on invoice {0}, payment {1}:{0}",
    REVERSALS: "R01 took back 731.37 of payment {1} on invoice {0}, reversal {1}:{0}",
    ENROLLMENTS: "paperless on for account {0}, enrollment {1}",
}
MONEY = [PAYMENTS, REVERSALS]


def guid(number):
    """Return the GUID by which an item is known: a reversal by its payment's."""
    return str(UUID(int=number))


def line(kind, number, rest="", word=""):
    what = WHAT[kind].format(number, guid(number))
    return f"{number}: {word or WORDS[kind][number]}: {BILLER}, {what}{rest}"


class Commands:
    """The commands of one kind, and a ledger with an item of it in each state that matters."""

    def __init__(self, cli, config, kind):
        self.cli = cli
        self.config = config
        self.kind = kind

    def __call__(self, command, *arguments, code=0):
        result = self.cli(
            self.kind.command, command, *map(str, arguments), "--config", str(self.config)
        )
        assert result.exit_code == code, result.output
        return result

    def refused(self, command, *arguments):
        """Return what wrong usage is answered."""
        return self(command, *arguments, code=2).stderr

    def listed(self, *options):
        rows = json.loads(self("list", "--json", *options).stdout)
        return {row["number"]: row["state"] for row in rows}

    def story(self, number):
        [story] = json.loads(self("show", number, "--json").stdout)
        return {**story, **story[self.kind.ops_name]}

    def fill(self):
        with open_ledger_of(self.config) as ledger:
            desk = DoorDesk(ledger, self.kind.item)
            desk.accept(DONE, lane=str(DONE))
            desk.done()
            desk.accept(REFUSED, lane=str(REFUSED))
            desk.record(desk.send(), State.NEEDS_PERSON, review=self.kind.refused, detail="no")
            desk.accept(RETRYING, lane=str(RETRYING))
            later = datetime(2050, 1, 1, tzinfo=UTC)
            desk.record(desk.send(), State.RETRYING, next_at=later, detail="answered 503")
            desk.accept(WAITING, lane=str(WAITING), at=later)
            if self.kind is PAYMENTS:
                desk.accept(IN_DOUBT, lane=str(IN_DOUBT))
                desk.record(desk.send(), State.IN_DOUBT, next_at=NOW + timedelta(minutes=2))
                desk.accept(UNCLEAR, lane=str(UNCLEAR))
                desk.record(desk.send(), State.IN_DOUBT, next_at=NOW)
                desk.record(
                    desk.claim(),
                    State.NEEDS_PERSON,
                    cause=Cause.EVIDENCE,
                    may_have_left=True,
                    review=ExceptionKind.EVIDENCE_UNCLEAR,
                )
                desk.accept(NOT_APPLIED, lane=str(NOT_APPLIED))
                review = ExceptionKind.NOT_APPLIED
                desk.record(desk.send(), State.NEEDS_PERSON, review=review, may_have_left=True)

    def accept(self, number, lane):
        with open_ledger_of(self.config) as ledger:
            DoorDesk(ledger, self.kind.item).accept(number, lane=lane)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.command)
def run(request, cli, settings_file):
    commands = Commands(cli, settings_file(), request.param)
    commands.fill()
    return commands


def only(*kinds):
    return pytest.mark.parametrize("run", kinds, indirect=True, ids=lambda kind: kind.command)


def test_what_is_unfinished_is_a_line_each_the_newest_first(run):
    lines = run("list").stdout.splitlines()
    assert lines[-3:] == [
        line(run.kind, WAITING),
        line(run.kind, RETRYING, ": answered 503"),
        line(run.kind, REFUSED, ": no"),
    ]
    assert len(lines) == (6 if run.kind is PAYMENTS else 3)
    assert run("list", "--open").stdout.splitlines() == lines
    assert run("list", "--all").stdout.splitlines() == [
        *lines,
        line(run.kind, DONE, ", receipt R-1"),
    ]


def test_lists_are_cut_by_state_biller_invoice_and_number(run):
    words = WORDS[run.kind]
    for number in (DONE, RETRYING, WAITING):
        assert run.listed("--state", words[number]) == {number: words[number]}
    assert run.listed("--biller", "another") == {}
    assert run.listed("--biller", BILLER, "--limit", "1000") == run.listed()
    on_invoice = {} if run.kind is ENROLLMENTS else {REFUSED: words[REFUSED]}
    assert run.listed("--invoice", REFUSED) == on_invoice
    cut = run("list", "--all", "--limit", "1")
    assert len(cut.stdout.splitlines()) == 1
    assert "--limit shows more" in cut.stderr
    assert "Known are" in run.refused("list", "--state", "lost")


@only(PAYMENTS)
def test_a_word_of_payments_stands_for_its_reasons_only(run):
    assert run.listed("--state", "dead") == {REFUSED: "dead", UNCLEAR: "dead"}
    assert run.listed("--state", "not_applied") == {NOT_APPLIED: "not_applied"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.command)
def test_an_empty_list_says_so(cli, settings_file, kind):
    run = Commands(cli, settings_file(), kind)
    assert run("list").stdout == f"there are no such {kind.command}\n"
    assert run.listed() == {}
    assert run("retry", "--all").stdout == "nothing has failed\n"


def test_the_whole_story_of_one(run):
    shown = run("show", REFUSED).stdout.splitlines()
    first, refused = WORDS[run.kind][WAITING], WORDS[run.kind][REFUSED]
    story = run.story(REFUSED)
    assert shown[0] == f"{run.kind.item.name} {story['reference']} of {BILLER}: {refused}"
    moment = "2026-01-05T09:12:30.123456Z"
    for words in (
        f"  number: {REFUSED}",
        "  last_error: no",
        f"  {moment}  {first} -> sending: about to leave",
        f"  {moment}  sending -> {refused}: no",
        f"  1: {run.kind.refused.value}: no",
    ):
        assert words in shown
    assert "received" in next(text for text in shown if text.startswith(f"  {moment}  {first}:"))
    assert shown[-1].startswith("next: Nothing, until a person acts: `adapter")
    assert "open exceptions: none" in run("show", RETRYING).stdout
    assert run.story(RETRYING)["next"]["at"] == "2050-01-01T00:00:00Z"


def test_an_item_is_named_by_its_number_or_its_guid_as_dot_net_writes_it(run):
    name = guid(REFUSED)
    shapes = (name, name.upper(), f"{{{name}}}", name.replace("-", ""), f"urn:uuid:{name}")
    for shape in (*shapes, run.story(REFUSED)["reference"]):
        assert run.story(shape)["number"] == REFUSED
    for wrong in (guid(99), "99", "9" * 5000, "%", "nonsense"):
        for command in ("show", "retry"):
            told = run.refused(command, wrong)
            assert f"there is no {run.kind.item.name} {wrong[:60]}. `adapter" in told
    assert "on invoice 3" in run.refused("show", name, "--invoice", 3)


@only(*MONEY)
def test_a_guid_of_several_invoices_is_shown_whole_and_handled_one_by_one(run):
    name = guid(REFUSED)
    run.accept(REFUSED, "22")
    assert run("show", name).stdout.count(f"{run.kind.item.name} {name}:") == 2
    for command in (("retry",), ("resolve", "--as", "never-applied", "--note", "x")):
        told = run.refused(command[0], name, *command[1:])
        assert f"names several: {REFUSED} ({name}:{REFUSED} of {BILLER}), " in told
        assert "--invoice" in told
    assert "--biller" in run.refused("retry", name)
    run("retry", name, "--invoice", REFUSED)
    assert run.story(REFUSED)["state"] == "failed"


@pytest.mark.parametrize("number", [REFUSED, RETRYING])
def test_what_failed_is_sent_again_in_a_persons_name(run, number):
    shown = run("retry", number, "--by", " ada ").stdout
    assert shown.startswith(line(run.kind, number, ": ", word="failed"))
    story = run.story(number)
    assert (story["attempts"], story["next_at"]) == (0, "2026-01-05T09:12:30.123456Z")
    assert story["events"][-1]["cause"] == "person"
    assert "ada sends it again" in story["events"][-1]["detail"]
    assert story["exceptions"] == []


@pytest.mark.parametrize(
    ("number", "words"),
    [(DONE, "the partner has it. Nothing is to be done"), (WAITING, "not sent yet")],
)
def test_what_needs_no_person_is_refused_with_what_to_do(run, number, words):
    before = run.story(number)
    assert words in run.refused("retry", number)
    assert run.story(number) == before


@only(PAYMENTS)
def test_what_may_be_applied_is_refused_with_what_to_do(run):
    before = run.story(IN_DOUBT)
    assert "may be applied. Wait for the evidence" in run.refused("retry", IN_DOUBT)
    assert run.story(IN_DOUBT) == before


@only(PAYMENTS)
@pytest.mark.parametrize("number", [UNCLEAR, NOT_APPLIED])
def test_an_unclear_outcome_is_looked_into_before_it_is_posted(run, number):
    run("retry", number)
    assert run.story(number)["state"] == "in_doubt"


@pytest.mark.parametrize("spelling", ["--all", "--all-dead"])
def test_all_that_failed_goes_again(run, spelling):
    unclear = dict.fromkeys((UNCLEAR, NOT_APPLIED), "in_doubt") if run.kind is PAYMENTS else {}
    told = json.loads(run("retry", spelling, "--json").stdout)
    again = {row["number"]: row["state"] for row in told["done"]}
    assert again == {REFUSED: "failed", RETRYING: "failed"} | unclear
    assert told["refused"] == []
    rest = run("retry", spelling)
    assert len(rest.stdout.splitlines()) == 2  # what goes again may be told so again
    assert run("retry", "--all", "--biller", "another").stdout == "nothing has failed\n"


@pytest.mark.parametrize(
    "arguments",
    [(), (REFUSED, "--all"), ("--all", "--invoice", 2)],
)
def test_either_one_or_all(run, arguments):
    assert "either one item or --all" in run.refused("retry", *arguments)


@pytest.mark.parametrize("number", [REFUSED, RETRYING])
def test_a_persons_finding_is_kept_for_ever(run, number):
    finding = ("--as", "applied", "--note", "by hand", "--by", "ada")
    receipt = ("--receipt", "1003") if run.kind is PAYMENTS else ()
    run("resolve", number, *finding, *receipt)
    story = run.story(number)
    assert (story["state"], story["evidence"]) == (WORDS[run.kind][DONE], "person")
    assert story["receipt_id"] == ("1003" if receipt else None)
    assert story["exceptions"] == []
    assert story["events"][-1]["detail"].endswith("by hand")
    assert story["next"]["what"].endswith("a person's finding")
    assert "the partner has it" in run.refused("resolve", number, *finding, *receipt)


def test_never_applied_is_sent_again(run):
    number = NOT_APPLIED if run.kind is PAYMENTS else REFUSED
    balance = ("--balance", "731.37") if run.kind is PAYMENTS else ()
    run("resolve", number, "--as", "never-applied", "--note", "not there", *balance)
    assert run.story(number)["state"] == "failed"
    assert run.story(number)["exceptions"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as", "perhaps", "--note", "x"), "Known are applied, never-applied, given-back"),
        (("--as", "never-applied", "--note", " "), "must say something"),
        (("--as", "never-applied", "--note", "x", "--receipt", "7"), "receipt number"),
    ],
)
def test_a_finding_that_says_too_little_or_too_much_is_wrong_usage(run, arguments, words):
    assert words in run.refused("resolve", REFUSED, *arguments)


@only(PAYMENTS)
@pytest.mark.parametrize("balance", [(), ("--balance", "much")])
def test_a_payment_is_released_by_the_balance_that_was_seen(run, balance):
    finding = ("--as", "never-applied", "--note", "x", *balance)
    assert "balance = " in run.refused("resolve", UNCLEAR, *finding)


@only(PAYMENTS)
def test_an_applied_payment_has_a_receipt(run):
    arguments = ("--as", "applied", "--note", "x", "--receipt", " ")
    assert "receipt number" in run.refused("resolve", REFUSED, *arguments)


def test_a_machine_that_knows_no_login_name_records_an_operator(run, monkeypatch):
    def unknown():
        raise OSError

    monkeypatch.setattr("getpass.getuser", unknown)
    run("retry", REFUSED)
    assert "an operator sends it again" in run.story(REFUSED)["events"][-1]["detail"]
