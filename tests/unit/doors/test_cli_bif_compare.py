"""`adapter bif diff` and `adapter bif convert`: what they tell, what they write, how they end."""

import json

import pytest

GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
FORMAT = "47179ce6-8d9f-46b9-9462-7521f79b0014"
MIPS = f"""1~FH|2~{GUID}|3~MIPS1|4~1/5/2026|5~1|6~731.37
7~IH|8~N|9~{FORMAT}|10~30254|11~1/2/2026|12~1/27/2026|13~731.37|93~1.50|252~42
58~CR|59~1204117|60~Renée O'Brien
70~ID|72~Premium|79~731.37
"""


@pytest.fixture
def sample(cli, tmp_path):
    def write(name, *options):
        path = tmp_path / name
        result = cli("bif", "sample", "--invoices", "3", *options, "--out", str(path))
        assert result.exit_code == 0
        return path

    return write


@pytest.fixture
def mips(tmp_path):
    path = tmp_path / "mips.BIF"
    path.write_text(MIPS, "utf-8")
    return path


def test_files_that_say_the_same_end_with_0(cli, sample):
    one, other = sample("a.BIF"), sample("b.BIF", "--dialect", "positional")
    result = cli("bif", "diff", str(one), str(other))
    assert result.exit_code == 0
    assert result.stdout.startswith("same: 0 added, 0 removed, 0 changed; 3 -> 3 invoices")


def test_files_that_do_not_end_with_1(cli, sample):
    old, new = sample("a.BIF"), sample("b.BIF")
    new.write_bytes(new.read_bytes().replace(b"|63~", b"|63~New ", 1))
    result = cli("bif", "diff", str(old), str(new))
    assert result.exit_code == 1
    assert "    CR 63 City: " in result.stdout
    told = json.loads(cli("bif", "diff", str(old), str(new), "--json").stdout)
    assert (told["same"], told["changed"], len(told["changes"])) == (False, 1, 1)
    assert told["old_file"] == str(old)


def test_a_header_that_differs_is_told(cli, sample):
    old, new = sample("a.BIF"), sample("b.BIF")
    new.write_bytes(new.read_bytes().replace(b"|5~3|", b"|5~4|", 1))
    result = cli("bif", "diff", str(old), str(new))
    assert 'FH 5 InvoiceCount: "3" -> "4"' in result.stdout
    assert result.exit_code == 1


def test_what_cannot_be_compared_ends_with_2(cli, sample, tmp_path):
    junk = tmp_path / "junk.BIF"
    junk.write_bytes(b"junk\n")
    for other in (junk, tmp_path / "absent.BIF"):
        result = cli("bif", "diff", str(sample("a.BIF")), str(other))
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")


def test_a_file_is_converted_and_everything_is_told(cli, mips, tmp_path):
    out = tmp_path / "ours.BIF"
    result = cli("bif", "convert", str(mips), "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert 'changed: row 2: IH 252 InvoiceTypeID: "42" -> "1"' in result.stdout
    assert 'not_carried: row 2: IH 93: "1.50"; 1.50 in all' in result.stdout
    assert cli("bif", "check", str(out)).exit_code == 0
    again = cli("bif", "convert", str(out), "--out", str(tmp_path / "again.BIF"), "--json")
    assert json.loads(again.stdout)["changes"] == []
    assert (tmp_path / "again.BIF").read_bytes() == out.read_bytes()


def test_a_billers_settings_decide(cli, mips, settings_file, tmp_path):
    out = tmp_path / "ours.BIF"
    options = ("--config", str(settings_file()), "--biller", "alpha-mutual", "--reference", "N1")
    result = cli("bif", "convert", str(mips), "--out", str(out), *options)
    assert result.exit_code == 0, result.stderr
    assert out.read_text("utf-8").startswith(f"1~FH|2~{GUID}|3~N1|")


def test_what_is_refused_writes_nothing_unless_it_may_be_left_out(cli, mips, tmp_path):
    mips.write_text(MIPS.replace("|252~42", "|252~42|375~0"), "utf-8")
    out = tmp_path / "ours.BIF"
    result = cli("bif", "convert", str(mips), "--out", str(out))
    assert result.exit_code == 1
    assert "refused: invoice 30254" in result.stdout
    assert "--leave-out" in result.stderr
    assert not out.exists()
    result = cli("bif", "convert", str(mips), "--out", str(out), "--leave-out")
    assert result.exit_code == 1
    assert b"|5~0|6~0.00" in out.read_bytes()


def test_totals_can_be_trusted(cli, mips, tmp_path):
    mips.write_text(MIPS.replace("|79~731.37", "|79~700.00"), "utf-8")
    command = ("bif", "convert", str(mips), "--out", str(tmp_path / "ours.BIF"))
    assert cli(*command).exit_code == 1
    assert cli(*command, "--trust-totals").exit_code == 0


def test_another_encoding_is_read_by_its_name(cli, mips, tmp_path):
    mips.write_bytes(MIPS.encode("windows-1252"))
    out = tmp_path / "ours.BIF"
    command = ("bif", "convert", str(mips), "--out", str(out))
    assert cli(*command).exit_code == 2
    assert cli(*command, "--encoding", "windows-1252").exit_code == 0
    assert "Renée" in out.read_text("utf-8")


def test_columns_of_a_positional_file_are_named(cli, tmp_path):
    path = tmp_path / "p.BIF"
    path.write_text(
        f"FH|{GUID}|r|1/5/2026|1|5.00\nIH|N|{FORMAT}|7|1/5/2026|1/9/2026|5.00|1.00\n"
        "CR|8|Ada\nID|x|5.00\n"
    )
    command = ("bif", "convert", str(path), "--out", str(tmp_path / "ours.BIF"))
    refused = cli(*command)
    assert refused.exit_code == 2
    assert "column_count" in refused.stderr
    named = ("--columns", "IH=7,8,9,10,11,12,13,93", "--columns", "CR=58,59,60")
    assert cli(*command, *named).exit_code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--columns", "XX=1"), "--columns"),
        (("--columns", "IH=8,7"), "RowType"),
        (("--columns", "IH=7,x"), "--columns"),
        (("--columns", "IH=7,8,8"), "each once"),
        (("--columns", "IH"), "--columns"),
        (("--config", "x.toml"), "--biller"),
        (("--biller", "alpha-mutual"), "--config"),
        (("--encoding", "klingon"), "no such encoding"),
        (("--encoding", "base64"), "no such encoding"),
        (("--reference", "two words"), "ThirdPartyFileReference"),
    ],
)
def test_wrong_options_are_wrong_usage(cli, mips, tmp_path, options, told):
    out = tmp_path / "ours.BIF"
    result = cli("bif", "convert", str(mips), "--out", str(out), *options)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not out.exists()


def test_wrong_settings_end_with_their_reason(cli, mips, settings_file, tmp_path):
    config = settings_file()
    command = ("bif", "convert", str(mips), "--out", str(tmp_path / "x.BIF"), "--config")
    assert cli(*command, str(config), "--biller", "beta").exit_code == 2
    config.write_text(config.read_text().replace("alpha-rtdr", ""))
    result = cli(*command, str(config), "--biller", "alpha-mutual")
    assert result.exit_code == 3
    assert "advanced_settings.9" in result.stderr
