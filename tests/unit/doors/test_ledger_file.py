"""Opening the ledger of a settings file, and closing it whatever happens."""

import pytest

from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import AdapterError
from adapter.ledger import Ledger
from adapter.settings import FileSettings


def test_the_ledger_is_open_for_a_while(settings_file):
    path = settings_file()
    with open_ledger_of(path) as ledger:
        ledger.check_writable()
    assert FileSettings(path).current().adapter.ledger.startswith("sqlite:///")


def test_it_is_closed_after_an_error_too(settings_file, monkeypatch):
    closed = []
    close = Ledger.close

    def note(ledger):
        closed.append(1)
        close(ledger)

    monkeypatch.setattr(Ledger, "close", note)
    with pytest.raises(ZeroDivisionError), open_ledger_of(settings_file()):
        raise ZeroDivisionError
    assert closed == [1]


def test_settings_that_cannot_be_read_open_nothing(tmp_path):
    with pytest.raises(AdapterError), open_ledger_of(tmp_path / "missing.toml"):
        pass
