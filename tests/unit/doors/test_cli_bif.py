"""`adapter bif`: compiler-like lines, exit codes, standard streams."""

import json

import pytest


def test_a_sample_is_valid_and_the_same_for_the_same_seed(cli, tmp_path):
    first, second = tmp_path / "first.BIF", tmp_path / "second.BIF"
    for path in (first, second):
        result = cli("bif", "sample", "--invoices", "3", "--seed", "7", "--out", str(path))
        assert result.exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    assert "3 invoices" in result.stderr
    checked = cli("bif", "check", str(first))
    assert checked.exit_code == 0
    assert "valid" in checked.stdout


def test_a_sample_goes_through_standard_streams(cli):
    written = cli("bif", "sample", "--invoices", "2", "--out", "-")
    assert written.stdout_bytes.startswith(b"1~FH|")
    checked = cli("bif", "check", "-", stdin=written.stdout_bytes)
    assert checked.exit_code == 0


def test_each_broken_rule_is_a_line_with_row_and_field(cli, tmp_path):
    path = tmp_path / "broken.BIF"
    cli("bif", "sample", "--invoices", "1", "--out", str(path))
    path.write_bytes(path.read_bytes().replace(b"|5~1|", b"|5~2|"))
    result = cli("bif", "check", str(path))
    assert result.exit_code == 1
    assert f'{path}:1: 5 InvoiceCount = "2"' in result.stdout
    told = json.loads(cli("bif", "check", str(path), "--json").stdout)
    assert told["valid"] is False
    assert told["problems"][0]["row"] == 1


@pytest.mark.parametrize("command", [("check",), ("sample", "--out")])
def test_a_file_that_cannot_be_opened_is_wrong_usage(cli, tmp_path, command):
    result = cli("bif", *command, str(tmp_path / "absent" / "x.BIF"))
    assert result.exit_code == 2
    assert "cannot be opened" in result.stderr


@pytest.mark.parametrize("count", ["-1", "x", "1000000000"])
def test_a_count_out_of_bounds_is_wrong_usage(cli, tmp_path, count):
    result = cli("bif", "sample", "--invoices", count, "--out", str(tmp_path / "x.BIF"))
    assert result.exit_code == 2
