"""`adapter bif`: compiler-like lines, exit codes, standard streams."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapter.kinds import PAYMENTS
from adapter.ledger import open_ledger
from tests.unit.doors.conftest import BILLER, BILLER_GUID, DoorDesk


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
    column = path.read_text().index("5~2") + 1
    assert f'{path}:1:{column}: error: 5 InvoiceCount = "2"' in result.stdout
    told = json.loads(cli("bif", "check", str(path), "--json").stdout)
    assert told["valid"] is False
    assert told["problems"][0]["row"] == 1


def test_a_sample_is_written_in_either_dialect(cli):
    written = cli("bif", "sample", "--invoices", "2", "--dialect", "positional", "--out", "-")
    assert written.stdout_bytes.startswith(b"FH|")
    checked = cli("bif", "check", "-", stdin=written.stdout_bytes)
    assert checked.exit_code == 0
    assert "valid; positional" in checked.stdout


@pytest.mark.parametrize("command", [("check",), ("sample", "--out")])
def test_a_file_that_cannot_be_opened_is_wrong_usage(cli, tmp_path, command):
    result = cli("bif", *command, str(tmp_path / "absent" / "x.BIF"))
    assert result.exit_code == 2
    assert "cannot be opened" in result.stderr


@pytest.mark.parametrize("count", ["-1", "x", "1000000000"])
def test_a_count_out_of_bounds_is_wrong_usage(cli, tmp_path, count):
    result = cli("bif", "sample", "--invoices", count, "--out", str(tmp_path / "x.BIF"))
    assert result.exit_code == 2


INVOICE = {
    "invoice_number": "30254",
    "policy_number": "1204117",
    "organization_name": "",
    "first_name": "Ada",
    "last_name": "Carver",
    "address1": "12 Main St",
    "address2": "",
    "city": "Ames",
    "state": "IA",
    "zip_code": "50010",
    "email_address": "",
    "invoice_date": "2026-01-02",
    "due_date": "2026-01-27",
    "balance_due": "731.37",
    "autopay_date": None,
}


def tell(folder, *invoices):
    """Write Spectrum's extract as a file of the feed's folder."""
    (folder / "feed").mkdir()
    path = folder / "feed" / "invoices-20260105T080000Z.jsonl"
    path.write_text("".join(f"{json.dumps(invoice)}\n" for invoice in invoices))


def test_a_billers_own_file_is_written_from_its_feed(cli, settings_file, tmp_path):
    """Nothing is sent, and no ledger is made."""
    tell(tmp_path, INVOICE)
    out = tmp_path / "alpha.BIF"
    options = (
        "--config",
        str(settings_file(ledger=False)),
        "--biller",
        "alpha-mutual",
        "--out",
        str(out),
    )
    result = cli("bif", "write", *options)
    assert result.exit_code == 0, result.stderr
    assert "1 invoices, total 731.37" in result.stderr
    assert b"10~30254|" in out.read_bytes()
    assert cli("bif", "check", str(out)).exit_code == 0
    assert not (tmp_path / "adapter.db").exists()


def test_what_is_under_way_is_not_billed(cli, settings_file, tmp_path):
    """A payment that waits for longer than an hour; a young one's invoice is left out."""
    tell(tmp_path, INVOICE, {**INVOICE, "invoice_number": "30255"})
    config = settings_file()
    url = f"sqlite:///{tmp_path / 'adapter.db'}"
    ledger = open_ledger(url, billers=lambda: {BILLER: BILLER_GUID})
    now = datetime.now(UTC)
    ledger.life.begin(now - timedelta(days=1))
    desk = DoorDesk(ledger, PAYMENTS.item)
    for number, hours in ((30254, 2), (30255, 0)):
        paid = {"paid_at": now - timedelta(hours=hours, minutes=1), "amount": Decimal("31.37")}
        desk.accept(number, at=now, lane=str(number), **paid)
    ledger.close()
    out = tmp_path / "alpha.BIF"
    options = ("--config", str(config), "--biller", "alpha-mutual", "--out", str(out))
    result = cli("bif", "write", *options)
    assert result.exit_code == 0, result.stderr
    assert "1 invoices, total 700.00" in result.stderr
    assert "invoice 30255 is left out: its money is under way" in result.stderr


def test_an_invoice_that_no_file_can_carry_is_told(cli, settings_file, tmp_path):
    tell(tmp_path, INVOICE, {**INVOICE, "invoice_number": "30255", "city": "A|B"})
    out = tmp_path / "alpha.BIF"
    options = ("--config", str(settings_file()), "--biller", "alpha-mutual", "--out", str(out))
    result = cli("bif", "write", *options)
    assert result.exit_code == 1
    assert "invoice 30255 is left out" in result.stderr
    assert cli("bif", "check", str(out)).exit_code == 0


@pytest.mark.parametrize(
    ("biller", "code"), [("beta", 2), ("alpha-mutual", 3)], ids=["unknown biller", "no folder"]
)
def test_a_file_that_cannot_be_written_ends_with_its_reason(
    cli, settings_file, tmp_path, biller, code
):
    options = ("--config", str(settings_file()), "--biller", biller)
    result = cli("bif", "write", *options, "--out", str(tmp_path / "x.BIF"))
    assert result.exit_code == code
    assert result.stderr.startswith("error: ")
