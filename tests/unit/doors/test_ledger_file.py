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

    path = settings_file()
    monkeypatch.setattr(Ledger, "close", note)
    with pytest.raises(ZeroDivisionError), open_ledger_of(path):
        raise ZeroDivisionError
    assert closed == [1]


def test_settings_that_cannot_be_read_open_nothing(tmp_path):
    with pytest.raises(AdapterError), open_ledger_of(tmp_path / "missing.toml"):
        pass


LOOKS = (
    *(("payments", "list"), ("payments", "show", "7"), ("payments", "retry", "--all")),
    *(("reversals", "list"), ("enrollments", "list"), ("exceptions", "list")),
    *(("ledger", "status"), ("ledger", "backup", "copy.db"), ("run", "post_payments")),
    *(("serve",), ("worker",)),
)


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_no_command_makes_a_ledger_unless_it_is_told_to(cli, settings_file, tmp_path, command):
    """A mistyped path must not look like a ledger in which nothing has happened."""
    result = cli(*command, "--config", str(settings_file(ledger=False)))
    assert result.exit_code == 5
    assert f"there is no ledger at {tmp_path / 'adapter.db'}" in result.stderr
    assert "--new-ledger" in result.stderr
    assert not (tmp_path / "adapter.db").exists()
