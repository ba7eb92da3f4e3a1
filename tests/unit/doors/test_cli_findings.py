"""`resolve --from` and `findings-template`: a file of findings at the command line."""

import csv
import io
import json

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.doors.ledger_file import open_ledger_of
from adapter.kinds import KINDS, PAYMENTS
from tests.unit.doors.conftest import BILLER, NOW
from tests.unit.doors.test_cli_items import (
    IN_DOUBT,
    NOT_APPLIED,
    REFUSED,
    UNCLEAR,
    WORDS,
    Commands,
)

ASKED = {kind: [REFUSED] for kind in KINDS} | {PAYMENTS: [REFUSED, UNCLEAR, NOT_APPLIED]}


class Desk(Commands):
    """The commands of one kind, and a file of findings."""

    def __init__(self, cli, config, kind):
        super().__init__(cli, config, kind)
        self.path = config.parent / "findings.csv"

    def template(self, *options):
        return list(csv.DictReader(io.StringIO(self("findings-template", *options).stdout)))

    def fill_in(self, findings, *more):
        """Write the template with what is found of each number; `more` lines come after it."""
        rows = self.template()
        with self.path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            for row in rows:
                writer.writerow({**row, **findings.get(int(row["number"]), {})})
            stream.writelines(f"{line}\n" for line in more)

    def give(self, *options, code=0):
        return self("resolve", "--from", self.path, "--by", "ada", *options, code=code)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.command)
def desk(request, cli, settings_file):
    desk = Desk(cli, settings_file(), request.param)
    desk.fill()
    return desk


def applied(kind, receipt="1003"):
    found = {"finding": "applied", "note": "seen"}
    return found | ({"receipt": receipt} if kind is PAYMENTS else {})


def test_a_template_holds_what_needs_a_person_the_oldest_first(desk):
    rows = desk.template()
    assert [int(row["number"]) for row in rows] == ASKED[desk.kind]
    assert not any(row["finding"] or row["note"] for row in rows)
    assert desk.template("--biller", "another") == []
    told = desk("findings-template", "--biller", "another")
    assert told.stderr == f"there are no {desk.kind.command} that need a person\n"


def test_a_file_is_told_row_by_row_and_by_its_sum(desk):
    desk.fill_in({REFUSED: applied(desk.kind)})
    count, rest = len(ASKED[desk.kind]), len(ASKED[desk.kind]) - 1
    unsaid = f", {rest} not filled in" if rest else ""
    done = WORDS[desk.kind][1]
    line, total = desk.give("--dry-run").stdout.splitlines()
    assert line.startswith(f"line 2: would be recorded: {REFUSED}: ")
    assert line.endswith(f" -> {done}")
    words = f"{count} rows: 1 would be recorded, 0 refused{unsaid}; nothing was written"
    assert total == words
    assert desk.story(REFUSED)["state"] != done
    line, total, hint = desk.give().stdout.splitlines()
    assert line.startswith(f"line 2: recorded: {REFUSED}: ")
    assert total == f"{count} rows: 1 recorded, 0 refused{unsaid}"
    assert f"adapter run {desk.kind.job}" in hint
    assert desk.story(REFUSED)["state"] == done
    assert "ada says it is applied" in desk.story(REFUSED)["events"][-1]["detail"]


def test_a_refused_row_is_told_with_its_line_and_ends_with_1(desk):
    # The last line has a cell too many or too few, whatever the kind.
    desk.fill_in({REFUSED: applied(desk.kind)}, "99,")
    result = desk.give(code=1)
    line = 2 + len(ASKED[desk.kind])
    assert result.stderr.startswith(f"line {line}: refused: row = '2 cells': ")
    assert "1 recorded, 1 refused" in result.stdout
    told = json.loads(desk.give("--json", code=1).stdout)
    assert told["dry_run"] is False
    first, last = told["rows"][0], told["rows"][-1]
    assert (first["outcome"], first["number"], first["refused"]["field"]) == (
        "refused",
        REFUSED,
        "state",
    )
    assert (last["line"], last["number"], sorted(last["refused"])) == (
        line,
        None,
        ["field", "remedy", "rule", "value"],
    )


@pytest.mark.parametrize("desk", [PAYMENTS], indirect=True)
def test_what_is_looked_at_still_is_in_a_template_while_a_person_is_asked_too(desk):
    reference = desk.story(IN_DOUBT)["reference"]
    with open_ledger_of(desk.config) as ledger:
        asked = ledger.exceptions.open(
            BILLER, ExceptionKind.EVIDENCE_OVERDUE, "a day", now=NOW, reference=reference
        )
    assert [int(row["number"]) for row in desk.template()] == [
        REFUSED,
        IN_DOUBT,
        *ASKED[PAYMENTS][1:],
    ]
    with open_ledger_of(desk.config) as ledger:
        ledger.exceptions.resolve(asked.id, now=NOW, resolution="seen")
    assert [int(row["number"]) for row in desk.template()] == ASKED[PAYMENTS]


@pytest.mark.parametrize("content", [None, "nonsense\n"])
def test_a_file_that_cannot_be_read_is_wrong_usage(desk, content):
    if content is not None:
        desk.path.write_text(content)
    assert f"file = '{desk.path}'" in desk.give(code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "either one item is resolved"),
        ((REFUSED, "--as", "applied"), "either one item is resolved"),
        ((REFUSED, "--as", "applied", "--note", "x", "--dry-run"), "goes with --from"),
        ((REFUSED, "--from", "f.csv"), "each row says so for itself"),
        (("--from", "f.csv", "--balance", "731.37"), "each row says so for itself"),
        (("--from", "f.csv", "--as", "applied"), "each row says so for itself"),
        (("--from", "f.csv", "--biller", "alpha-mutual"), "each row says so for itself"),
    ],
)
def test_what_is_said_of_all_rows_at_once_is_refused(desk, arguments, words):
    assert words in desk.refused("resolve", *arguments)
