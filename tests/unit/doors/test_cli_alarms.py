"""`adapter alarms`: what is wrong now, whether the adapter runs or not."""

import json


def test_no_alarm_is_fine(cli, settings_file):
    result = cli("alarms", "--config", str(settings_file()))
    assert (result.exit_code, result.stdout) == (0, "no alarm\n")


def test_an_alarm_says_what_to_do_and_where_to_read_on(cli, settings_file, tmp_path):
    path = settings_file()
    (tmp_path / "adapter.db").write_text("no ledger at all, but long enough to be looked at")
    result = cli("alarms", "--config", str(path))
    assert result.exit_code == 1
    assert result.stdout.startswith("critical: ledger_not_writable: ")
    assert "  Do: " in result.stdout
    assert "  See docs/operations.md#ledger_not_writable\n" in result.stdout
    result = cli("alarms", "--json", "--config", str(path))
    assert result.exit_code == 1
    assert [a["name"] for a in json.loads(result.stdout)["alarms"]] == ["ledger_not_writable"]
