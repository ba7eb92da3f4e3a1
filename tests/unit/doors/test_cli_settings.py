"""`adapter settings check`: all problems at once, no value, the documented exit code."""

import json


def test_right_settings_are_told(cli, settings_file):
    result = cli("settings", "check", "--config", str(settings_file()))
    assert result.exit_code == 0
    assert "alpha-mutual" in result.stdout


def test_every_problem_is_a_line(cli, settings_file):
    path = settings_file(door_key="s3cret", time_zone="Nowhere")
    result = cli("settings", "check", "--config", str(path))
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "billers.alpha-mutual.door_key",
        "billers.alpha-mutual.time_zone",
    ]
    assert "s3cret" not in result.stdout
    told = json.loads(cli("settings", "check", "--config", str(path), "--json").stdout)
    assert told == {"right": False, "billers": [], "problems": lines}


def test_a_file_that_is_not_there_is_a_problem_of_the_settings(cli, tmp_path):
    result = cli("settings", "check", "--config", str(tmp_path / "absent.toml"))
    assert result.exit_code == 3
    assert "cannot be read" in result.stdout
