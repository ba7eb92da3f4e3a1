"""`adapter doctor`: a line each, what to do, and the exit code of the worst failure."""

import json


def test_warnings_alone_end_well(cli, settings_file):
    result = cli("doctor", "--offline", "--config", str(settings_file(ledger=False)))
    assert result.exit_code == 0
    assert result.stdout.startswith("ok    settings: ")
    assert "warn  ledger: " in result.stdout
    assert "\n        Do: `adapter serve --new-ledger` makes it" in result.stdout
    assert result.stdout.endswith("2 ok, 1 warn, 0 fail\n")


def test_the_worst_failure_gives_the_code(cli, settings_file):
    path = settings_file()
    assert cli("doctor", "--config", str(path)).exit_code == 4
    path.write_text("[adapter")
    assert cli("doctor", "--config", str(path)).exit_code == 3


def test_json_for_scripts(cli, settings_file):
    result = cli("doctor", "--offline", "--json", "--config", str(settings_file()))
    told = json.loads(result.stdout)
    assert told["well"] is True
    assert told["checks"][0]["name"] == "settings"
    assert set(told["checks"][0]) == {"level", "name", "detail", "remedy"}
