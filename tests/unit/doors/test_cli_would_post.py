"""`adapter payments would-post`: it writes nothing, whatever there is."""

from adapter.doors.cli_would_post import _lines, _told
from adapter.jobs.would_post import Prospect, Rehearsed
from tests.unit.domain.conftest import PAYMENT


def test_groups_have_counts_totals_and_guids():
    found = [
        Rehearsed(payment=PAYMENT, prospect=Prospect.POST),
        Rehearsed(payment=PAYMENT, prospect=Prospect.POST, waits=True),
        Rehearsed(payment=PAYMENT, prospect=Prospect.KNOWN),
    ]
    first, one, two, *rest = _lines(found)
    assert first == f"2 payments, {PAYMENT.amount * 2}: would be posted"
    assert one == two
    assert PAYMENT.payment_guid in one
    assert f"1 payments, {PAYMENT.amount}: in the ledger already" in rest
    assert _told(found[1])["waits"] is True


def test_a_report_that_cannot_be_read_ends_with_4_and_no_ledger_is_made(cli, settings_file):
    path = settings_file(ledger=False)
    result = cli("payments", "would-post", "--biller", "alpha-mutual", "--config", str(path))
    assert result.exit_code == 4
    assert not path.with_name("adapter.db").exists()
