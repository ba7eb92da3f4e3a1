"""The doctor's checks, each with a level, and with something to do unless it is well."""

import re
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.ledger_life import Gap
from adapter.domain.work_item import State
from adapter.doors.doctor import Level, examine
from adapter.doors.exit_codes import ExitCode
from adapter.kinds import PAYMENTS
from adapter.ledger import open_ledger
from adapter.partners.clock_watch import ClockWatch
from tests.unit.doors.conftest import DoorDesk

NOW = datetime(2026, 1, 5, 14, tzinfo=UTC)
CLOCK = SimpleNamespace(now=lambda: NOW)


def checks(path, *, offline=True):
    return {check.name: check for check in examine(path, CLOCK, offline=offline)}


@pytest.fixture
def ledger(settings_file):
    """Return the path of the settings and their ledger, which exists."""
    path = settings_file()
    ledger = open_ledger(f"sqlite:///{path.with_name('adapter.db')}", make=True)
    yield path, ledger
    ledger.close()


def test_a_well_adapter(ledger):
    path, _ = ledger
    told = checks(path)
    assert list(told) == ["settings", "ledger", "disk", "unfinished payments"]
    assert {check.level for check in told.values()} == {Level.OK}


def test_every_wrong_setting_is_a_line(ledger, settings_file):
    settings_file(time_zone="Nowhere", door_key="short")
    told = [c for c in examine(ledger[0], CLOCK, offline=True) if c.name == "settings"]
    assert {check.code for check in told} == {ExitCode.CONFIGURATION}
    assert len(told) == 2
    assert all(check.remedy for check in told)


def test_a_ledger_that_is_not_there_is_not_made(settings_file):
    path = settings_file(ledger=False)
    told = checks(path)["ledger"]
    assert (told.level, "does not exist yet" in told.detail) == (Level.WARN, True)
    assert not path.with_name("adapter.db").exists()


def test_a_driver_that_is_not_installed_is_a_wrong_setting(settings_file, monkeypatch):
    path = settings_file(ledger=False)
    url = "postgresql+psycopg://adapter@127.0.0.1/ledger"
    path.write_text(re.sub(r"(?m)^ledger = .*$", f'ledger = "{url}"', path.read_text()))
    monkeypatch.setitem(sys.modules, "psycopg", None)
    found = [check for check in examine(path, CLOCK, offline=True) if check.level is Level.FAIL]
    assert [(check.name, check.code) for check in found] == [("settings", ExitCode.CONFIGURATION)]
    assert "imt-spectrum-adapter[postgresql]" in found[0].detail


def test_a_ledger_that_is_none_fails(settings_file):
    path = settings_file()
    path.with_name("adapter.db").write_text("this is no database, whatever its name may say")
    told = checks(path)["ledger"]
    assert (told.level, told.code) == (Level.FAIL, ExitCode.LEDGER)


def test_a_full_disk_fails(ledger, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=2**20))
    told = checks(ledger[0])["disk"]
    assert (told.level, told.code) == (Level.FAIL, ExitCode.LEDGER)


def test_partners_that_nobody_can_reach_fail(ledger):
    told = checks(ledger[0], offline=False)
    assert told["alpha-mutual: Spectrum, RTDR"].code is ExitCode.PARTNER
    assert "no connection was made" in told["alpha-mutual: Spectrum, RTDR"].detail
    assert told["alpha-mutual: Spectrum, extract"].code is ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    ("seconds", "level"),
    [
        (30, Level.OK),
        (31, Level.WARN),
        (-31, Level.WARN),
        (300, Level.WARN),
        (301, Level.FAIL),
    ],
)
def test_clocks_apart(ledger, monkeypatch, seconds, level):
    monkeypatch.setattr(ClockWatch, "skews", lambda _self: {"imt": seconds})
    told = checks(ledger[0], offline=False)["clock against imt"]
    assert told.level is level
    assert bool(told.remedy) == (level is not Level.OK)


def test_what_waits_and_what_needs_a_person_is_told(ledger):
    path, book = ledger
    desk = DoorDesk(book, PAYMENTS.item)
    desk.accept(1, lane="1")
    desk.record(desk.send(), State.NEEDS_PERSON, review=ExceptionKind.NOT_APPLIED)
    payment = desk.payload(2, lane="2", biller="gone-mutual")
    desk.accept(2, lane="2", biller="gone-mutual")
    book.exceptions.open("alpha-mutual", ExceptionKind.MISMATCH, "why", now=NOW)
    for job, ago in (
        ("reconcile_payments", 9),
        ("reverse_rejects", 1),
        ("match_settlements", -1),
        ("no job", 1),
    ):
        book.watermarks.move("alpha-mutual", job, "x", now=NOW - timedelta(hours=ago))
    told = checks(path)
    unfinished = f"1; the oldest is {payment.payment_guid} of gone-mutual, accepted, "
    assert told["unfinished payments"].detail.startswith(unfinished)
    assert told["payments that need a person"].detail == "1"
    assert "adapter payments list" in told["payments that need a person"].remedy
    assert told["gone-mutual: settings"].level is Level.FAIL
    kinds = [
        check.detail for check in examine(path, CLOCK, offline=True) if "exceptions" in check.name
    ]
    assert [detail.partition(",")[0] for detail in kinds] == [
        "1 mismatch open",
        "1 not_applied open",
    ]
    assert told["alpha-mutual: reconcile_payments"].level is Level.WARN
    assert "adapter run reconcile_payments" in told["alpha-mutual: reconcile_payments"].remedy
    assert told["alpha-mutual: reverse_rejects"].level is Level.OK
    assert "1 h 0 min in this machine's future" in told["alpha-mutual: match_settlements"].detail
    assert "alpha-mutual: no job" not in told


def test_a_switch_that_is_off_and_a_time_that_is_forgotten_are_lines(ledger):
    path, opened = ledger
    now = CLOCK.now()
    opened.life.begin(now - timedelta(days=9))
    opened.life.forget(Gap(start=now - timedelta(hours=2), end=now, why="an earlier copy"))
    path.write_text(path.read_text().replace('name = "Alpha', 'posting = false\nname = "Alpha'))
    told = checks(path)
    assert told["alpha-mutual: posting"].level is Level.WARN
    assert "an earlier copy" in told["forgotten time"].detail
