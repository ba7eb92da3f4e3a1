"""A new kind is one file and one line: everything else works with it as it stands."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Evidence, State
from adapter.errors import ContentConflictError, OutcomeUnknownError, RejectedError, RetryableError
from adapter.ledger.schema import metadata
from tests.unit.jobs.conftest import KIND_OF, answer

ROOT = Path(__file__).parents[3]
FILE = "tests.unit.kinds.letters"
# The one line stands before the commands are made: each process of a carrier would have it.
ADAPTER = f"""
import adapter.kinds, {FILE} as letters
adapter.kinds.KINDS.append(letters.LETTERS)
from adapter.doors.cli import main
main()
"""
NAMES = {"partner": "mail house", "operation": "post"}
LATER = RetryableError("closed on Sundays", **NAMES)
LOST = OutcomeUnknownError("the line broke off", **NAMES)
REFUSED = RejectedError("no such address", **NAMES)


@pytest.fixture
def letters(bench, monkeypatch):
    """Read the file for one test only: other tests' schema has no letters."""
    module = importlib.import_module(FILE)
    monkeypatch.setitem(KIND_OF, module.Letter, module.LETTERS)
    module.LETTER.table.create(bench.ledger.outbox(module.LETTER)._store._engine)
    bench.partners.mail_house = SimpleNamespace(answers=[], posted=[], listed=[])
    house = bench.partners.mail_house
    house.post = lambda letter: (
        house.posted.append(letter),
        answer(house.answers.pop(0) if house.answers else None),
    )
    house.has_posted = lambda _letter: house.listed.pop(0)
    yield module
    metadata.remove(module.LETTER.table)
    del sys.modules[FILE]


@pytest.fixture
def write(bench, letters):
    def write(number=1, text="Dear Sir"):
        return bench.put(
            letters.Letter(
                biller=bench.biller,
                letter_guid=f"l-{number}",
                policy_number=str(number),
                text=text,
            )
        )

    return write


@pytest.fixture
def command(ledger_url, tmp_path):
    """Run a command of the adapter that knows the fourth kind; return its JSON."""
    settings = tmp_path / "adapter.toml"
    settings.write_text(f'[adapter]\nledger = "{ledger_url}"\n[billers.camp-point]\n')

    def command(*words):
        line = [sys.executable, "-c", ADAPTER, "letters", *words, "--json", "--config", settings]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return command


def test_it_is_delivered_once(bench, letters, write):
    letter = write()
    write()
    assert bench.run(letters.LETTERS).counts == {"done": 1}
    assert bench.partners.mail_house.posted == [letter]
    with pytest.raises(ContentConflictError):
        write(text="Dear Madam")


@pytest.mark.parametrize("posted", [True, False])
def test_a_doubt_is_settled_by_its_own_look(bench, letters, write, posted):
    letter = write()
    house = bench.partners.mail_house
    house.answers, house.listed = [LOST], [None, posted]
    assert bench.run(letters.LETTERS).counts == {"in_doubt": 1}
    bench.run_on(letters.LETTERS, times=1)
    assert "has not closed its list" in bench.item(letter).last_error
    bench.run_on(letters.LETTERS)
    assert bench.item(letter).state is State.DONE
    assert len(house.posted) == (1 if posted else 2)


def test_the_common_commands_list_show_retry_and_resolve_it(bench, letters, write, command):
    for number in (1, 2, 3):
        write(number)
    bench.partners.mail_house.answers = [None, REFUSED, LATER, REFUSED]
    assert bench.run(letters.LETTERS).counts == {"done": 1, "needs_person": 1, "retrying": 1}
    bench.run_on(letters.LETTERS)
    reviews = [(review.kind, review.reference) for review in bench.exceptions()]
    assert reviews == [(ExceptionKind.DEAD, "l-2"), (ExceptionKind.DEAD, "l-3")]
    assert [item.attempts for item in bench.items(letters.LETTERS)] == [1, 1, 2]
    assert [view["letter_guid"] for view in command("list")] == ["l-3", "l-2"]
    assert [view["state"] for view in command("list", "--state", "done")] == ["done"]
    [story] = command("show", "l-2")
    assert story["next"]["what"].endswith("`adapter letters retry` or `adapter letters resolve`")
    assert [event["to"] for event in story["events"]] == ["waiting", "sending", "needs_person"]
    assert [each["kind"] for each in story["exceptions"]] == ["dead"]
    assert [view["state"] for view in command("retry", "l-2")["done"]] == ["retrying"]
    said = ("resolve", "l-3", "--as", "applied", "--note", "the clerk has it")
    assert [view["state"] for view in command(*said)["done"]] == ["done"]
    assert bench.run(letters.LETTERS).counts == {"done": 1}
    first, second, third = bench.items(letters.LETTERS)
    assert first.evidence is second.evidence is Evidence.ANSWER
    assert third.evidence is Evidence.PERSON
    assert bench.open_kinds() == []
