"""Reading whole settings: what they become, and every problem at once, without a value."""

from dataclasses import asdict

import pytest

from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.domain.retry import RetryPolicy
from adapter.settings.biller_tables import BifSettings
from tests.unit.settings.conftest import changed

BILLER = "billers.alpha-mutual"
OTHER = "billers.beta-mutual"
IMT = {
    "base_url": "https://auth.example/",
    "company_id": "300",
    "username": "alpha-ic",
    "password": "p4ss!imt",
}
SIGN_ON = {"key": "imts-sign-on-key", "password_seed": "a seed of thirty-two characters or more"}
WHOLE = {
    f"{BILLER}.imt": IMT,
    f"{BILLER}.sign_on": SIGN_ON,
    f"{BILLER}.invoice_cloud.api_key": "alphas-api-key",
    f"{OTHER}.imt": {**IMT, "company_id": "301"},
}


def test_right_settings_become_frozen_values(read):
    reading = read()
    assert reading.problems == ()
    assert reading.biller_problems == {}
    biller = reading.billers["alpha-mutual"]
    assert biller.rtdr.key == "0A1B2C3D-0000-4000-8000-00000000000A"
    assert biller.rtdr.password == "p4ss!rtdr-1"
    assert biller.rtdr.base_url == "https://spectrum.example/wsSpectrumAPICore"
    assert biller.payments.key == "0A1B2C3D-0000-4000-8000-00000000000B"
    assert biller.payments.password == "p4ss!pay-1"
    assert biller.feed.location == "https://spectrum.example/extract/v1"
    assert biller.feed.receipts is False
    assert biller.reserved_characters == "refuse"
    assert reading.doors["beta-mutual"].door_key == "door-secret-2"


def test_what_is_left_out_has_its_documented_default(read):
    reading = read({"adapter": None})
    adapter, biller = reading.adapter, reading.billers["alpha-mutual"]
    assert adapter.ledger == "sqlite:////etc/adapter/adapter.db"
    assert (adapter.listen_host, adapter.listen_port) == ("127.0.0.1", 8200)
    assert adapter.ops_key is None
    assert (adapter.settle_seconds, adapter.lease_seconds) == (120, 90)
    assert adapter.request_timeout_seconds == 30
    assert (adapter.poll_overlap_minutes, adapter.first_reach_hours) == (30, 48)
    assert adapter.retry.model_dump() == asdict(RetryPolicy())
    assert (biller.imt, biller.rest, biller.sign_on) == (None, None, None)
    assert biller.bif == BifSettings()
    assert reading.doors["alpha-mutual"].sign_on_key is None


def test_paths_are_relative_to_the_settings_file(read):
    feed = {"kind": "folder", "location": "in"}
    reading = read({f"{BILLER}.feed": feed, "adapter.ledger": "sqlite:////var/lib/a.db"})
    assert reading.billers["alpha-mutual"].feed.location == "/etc/adapter/in"
    assert reading.adapter.ledger == "sqlite:////var/lib/a.db"


def test_figures_may_come_as_text_from_the_environment(read):
    changes = {"adapter.settle_seconds": "env:SETTLE", f"{BILLER}.feed.receipts": "env:RECEIPTS"}
    reading = read(changes, SETTLE="45.5", RECEIPTS="true")
    assert reading.adapter.settle_seconds == 45.5
    assert reading.billers["alpha-mutual"].feed.receipts is True


def test_a_biller_may_name_imt_and_let_payers_sign_on(read):
    reading = read({**WHOLE, f"{BILLER}.invoice_cloud.rest_base_url": "https://ic.example/v1/"})
    assert reading.biller_problems == {}
    biller = reading.billers["alpha-mutual"]
    assert (biller.imt.base_url, biller.imt.company_id) == ("https://auth.example", "300")
    assert biller.imt.cookie_name == "authorization"
    assert biller.rest.base_url == "https://ic.example/v1"
    assert biller.rest.cloud_sso_url == "https://www.invoicecloud.com/portal/cloudsso.aspx"
    assert reading.doors["alpha-mutual"].sign_on_key == biller.sign_on.key == SIGN_ON["key"]


def test_imts_key_is_known_while_other_settings_are_wrong(read):
    reading = read({f"{BILLER}.sign_on": SIGN_ON, f"{BILLER}.time_zone": "Mars/Olympus"})
    assert "alpha-mutual" not in reading.billers
    assert reading.doors["alpha-mutual"].sign_on_key == SIGN_ON["key"]


def test_a_billers_answers_and_dialect_are_read(read):
    table = {
        "dialect": "positional",
        "receiver_bytes_max": 8_000_000,
        "allow_partial_payments": True,
        "first_notify_days": -10,
        "third_notify_days": 0,
    }
    bif = read({f"{BILLER}.bif": table}).billers["alpha-mutual"].bif
    assert bif.dialect is BifDialect.POSITIONAL
    assert bif.receiver_bytes_max == 8_000_000
    assert bif.questionnaire == Questionnaire(
        allow_partial_payments=True, notify_days=(-10, None, 0)
    )


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("name", None, "is missing. Give the carrier's name"),
        ("name", 5, "must be a text"),
        ("name", "  ", "must not be empty"),
        ("name", "two\nlines", "must not hold control characters"),
        ("time_zone", "America/Chicagoo", "must be a time zone"),
        ("time_zone", "../etc/passwd", "must be a time zone"),
        ("biller_guid", "s3cret", "must be a GUID"),
        ("web_service_key", "s3cret", "must be a GUID"),
        ("door_key", "s3cret", "must have at least 8 characters"),
        ("advanced_settings", None, "is missing"),
        ("advanced_settings", "s3cret", "must be a table"),
        ("advanced_settings.8", "ftp://s3cret", "must be an http or https URL"),
        ("advanced_settings.8", "spectrum.example", "must be an http or https URL"),
        ("advanced_settings.8", "https://h:99999/x", "must be an http or https URL"),
        ("advanced_settings.8", "https://[::1/x", "must be an http or https URL"),
        ("advanced_settings.8", "https://u:s3cret@h/x", "without user, query"),
        ("advanced_settings.8", "https://h/x?key=s3cret", "without user, query"),
        ("advanced_settings.8", "https://h/a b", "without user, query, fragment and spaces"),
        ("advanced_settings.11", "https://h/x/api/OnlineReceipt", "must be Spectrum's base URL"),
        ("advanced_settings.9", None, "is missing. Give IMT's username for balances"),
        ("advanced_settings.10", "s3cret|s3cret2", "must have one GUID-shaped end"),
        ("advanced_settings.10", 12, "must be a text"),
        ("advanced_settings.13", None, "is missing. Give IMT's key|password for receipts"),
        ("advanced_settings.14", "s3cret", "is not a setting"),
        ("web_service_kee", "s3cret", "Did you mean 'web_service_key'?"),
        ("return_codes", "R01", "must be a list. Give the codes that reverse a receipt"),
        ("return_codes", 1, "must be a list"),
        ("feed", None, "is missing"),
        ("feed.kind", "ftp", "must be 'http' or 'folder'"),
        ("feed.location", "not a url s3cret", "must be an http or https URL"),
        ("feed.receipts", "perhaps", "must be true or false"),
        ("invoice_cloud.columns", {"amnt": "Amount"}, "names amnt; known are payment_guid"),
        ("invoice_cloud.columns", {"amount": "A", "fee": "A"}, "one column to two fields"),
        ("bif.reserved_characters", "~", "one printable character"),
        ("bif.reserved_characters", "", "one printable character"),
        ("bif.dialect", "csv", 'Give "tagged" or "positional"'),
        ("bif.receiver_bytes_max", 100, "must be greater than or equal to 4096"),
        ("bif.receiver_bytes_max", True, "must be a number"),
        ("bif.first_notify_days", 400, "must be less than or equal to 366"),
        ("bif.second_notify_days", "soon", "must be a whole number"),
        ("bif.allow_partial_payments", "maybe", "must be true or false"),
        ("bif.late_fee_date", "x", "LateFeeDate is marked N/A in the technical design"),
        ("bif.InvoiceDate", "x", "InvoiceDate is in every file"),
        ("imt.base_url", "auth.example", "must be an http or https URL"),
        ("imt.company_id", "../7", "must be letters, digits, dots, dashes"),
        ("imt.company_id", "..", "must be letters, digits, dots, dashes"),
        ("imt.username", "", "must not be empty"),
        ("imt.password", None, "is missing"),
        ("imt.cookie_name", "a b", "must be the name of a cookie"),
        ("imt.cookie_name", "a=b", "must be the name of a cookie"),
        ("imt.cookies", "x", "is not a setting"),
        ("sign_on.key", "short", "at least 8"),
        ("sign_on.key", None, "is missing"),
        ("sign_on.password_seed", "x" * 31, "at least 32"),
        ("sign_on.password_seed", None, "is missing"),
        ("sign_on.seed", "x" * 32, "is not a setting"),
    ],
)
def test_a_wrong_setting_of_a_biller_is_named_with_rule_and_remedy(read, path, value, says):
    """The other biller keeps working, the door stays, and the value is never repeated."""
    reading = read({**WHOLE, f"{BILLER}.{path}": value})
    (problem,) = reading.biller_problems["alpha-mutual"]
    assert problem.startswith(f"{BILLER}.{path}: ")
    assert says in problem
    assert "s3cret" not in problem
    assert set(reading.billers) == {"beta-mutual"}
    assert ("alpha-mutual" in reading.doors) is (path not in {"biller_guid", "door_key"})


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("listen", "8200", "must be host:port"),
        ("listen", "127.0.0.1:99999", "must be host:port"),
        ("ledger", "postgresql://u:s3cret@h/x", "must be sqlite:///"),
        ("ledger", "sqlite:///:memory:", "must be sqlite:///"),
        ("ops_key", "s3cret", "must have at least 8 characters"),
        ("settle_seconds", 30, "must be more than request_timeout_seconds"),
        ("lease_seconds", 60, "must be at least three times request_timeout_seconds"),
        ("request_timeout_seconds", 0, "must be greater than 0"),
        ("request_timeout_seconds", True, "must be a number"),
        ("request_timeout_seconds", "s3cret", "must be a number"),
        ("first_reach_hours", float("nan"), "must be greater than 0"),
        ("first_reach_hours", float("inf"), "must be less than or equal to"),
        ("retry", {"attempts_max": 0}, "must be greater than or equal to 1"),
        ("retry", {"attempts_max": 1.5}, "must be a whole number"),
        ("retry", "s3cret", "must be a table"),
        ("retry.attemts_max", 3, "is not a setting. Did you mean 'attempts_max'?"),
        ("setle_seconds", 3, "Did you mean 'settle_seconds'?"),
    ],
)
def test_a_wrong_setting_of_the_adapter_is_named_with_rule_and_remedy(read, path, value, says):
    reading = read({f"adapter.{path}": value})
    assert reading.adapter is None
    (problem,) = reading.problems
    assert problem.startswith(f"adapter.{path}")
    assert says in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    "wrong", ["C01", "R1", "R01 - R39", "R39-R01", "R01-C39", "r01", "R01,R02", "", "s3cret"]
)
def test_a_code_that_cannot_take_money_back_is_no_return_code(read, wrong):
    reading = read({f"{BILLER}.return_codes": ["R01-R04", wrong]})
    (problem,) = reading.biller_problems["alpha-mutual"]
    assert problem == (
        f"{BILLER}.return_codes.1: must be R and two digits, or a range of such codes. "
        'Give "R01-R39"'
    )


def test_return_codes_are_those_of_a_bank_unless_they_are_given(read):
    usual = read().billers["alpha-mutual"].reversing_codes
    assert {"R01", "R39", "R50", "R53"} <= usual
    assert len(usual) == 39 + 4
    given = read({f"{BILLER}.return_codes": ["R01", "R03-R04"]}).billers["alpha-mutual"]
    assert given.reversing_codes == {"R01", "R03", "R04"}
    assert read({f"{BILLER}.return_codes": []}).billers["alpha-mutual"].reversing_codes == set()


def test_every_wrong_setting_is_told_at_once(read):
    reading = read(
        {
            "addapter": {},
            "adapter.listen": "nowhere",
            f"{BILLER}.advanced_settings.10": "nothing",
            f"{BILLER}.advanced_settings.8": "env:UNSET_URL",
            f"{BILLER}.door_key": "file:absent",
            f"{OTHER}.name": None,
        }
    )
    found = [*reading.problems, *(p for ps in reading.biller_problems.values() for p in ps)]
    assert [line.split(":")[0] for line in found] == [
        "addapter",
        "adapter.listen",
        f"{BILLER}.door_key",
        f"{BILLER}.advanced_settings.8",
        f"{BILLER}.advanced_settings.10",
        "billers.beta-mutual.name",
    ]
    assert reading.doors.keys() == {"beta-mutual"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("biller_guid", "biller GUID"),
        ("advanced_settings.9", "username"),
        ("advanced_settings.12", "username"),
        ("advanced_settings.10", "key"),
        ("advanced_settings.13", "key"),
        ("imt.company_id", "company"),
        ("invoice_cloud.api_key", "API key"),
    ],
)
def test_what_must_be_a_billers_own_and_is_anothers_stops_both(read, settings, path, kind):
    """Which of the two is wrong cannot be known, so neither posts into the other's book."""
    theirs = changed(settings, WHOLE)["billers"]["alpha-mutual"]
    for name in path.split("."):
        theirs = theirs[name]
    reading = read({**WHOLE, f"{OTHER}.{path}": theirs})
    (ours,) = reading.biller_problems["alpha-mutual"]
    (problem,) = reading.biller_problems["beta-mutual"]
    assert f"{OTHER}.{path}: holds the same {kind} as {BILLER}.{path}" in problem
    assert f"{BILLER}.{path}: holds the same {kind}" in ours
    assert theirs not in problem + ours


def test_billers_may_share_urls_and_one_biller_its_own_credentials(read, settings):
    table = settings["billers"]["alpha-mutual"]["advanced_settings"]
    table["12"], table["13"] = table["9"], table["10"]
    assert set(read().billers) == {"alpha-mutual", "beta-mutual"}


@pytest.mark.parametrize("slug", ["Alpha", "a_b", "-a", "a" * 64, "a\x00b", "s3cret" * 20])
def test_a_billers_name_fits_a_path(read, settings, slug):
    reading = read({"billers": {slug: settings["billers"]["alpha-mutual"]}})
    (problem,) = reading.biller_problems[slug]
    assert "must be named in at most 63 lower-case letters" in problem


@pytest.mark.parametrize("billers", [None, {}, [], "x"])
def test_settings_without_billers_are_wrong(read, billers):
    assert read({"billers": billers}).problems == (
        "billers: must hold at least one table. Give each carrier [billers.<name>]",
    )


@pytest.mark.parametrize("wrong", ["text", 5, [], {}])
def test_a_biller_that_is_no_table_is_told(read, wrong):
    reading = read({OTHER: wrong})
    assert set(reading.billers) == {"alpha-mutual"}
    assert reading.biller_problems["beta-mutual"]


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield ".".join((*path, key))


def test_no_problem_ever_repeats_a_value(read, settings):
    """Whatever stands anywhere, as a text, in a list, in a table or beside what is known."""
    tables = ("adapter.retry", f"{BILLER}.bif", f"{BILLER}.invoice_cloud.columns")
    wrong = ("s3cret", "s3cret|s3cret", ["s3cret"], {"known": "s3cret"}, "env:s3cret!", "s3cret\n")
    told = 0
    for path in [*leaves(settings), *tables, f"{BILLER}.surprise"]:
        for value in wrong:
            reading = read({path: value})
            found = [*reading.problems, *sum(reading.biller_problems.values(), ())]
            assert not [line for line in found if "s3cret" in line]
            told += len(found)
    assert told > 100


@pytest.mark.parametrize(
    ("ledger", "folder"),
    [
        ("sqlite:///adapter.db", "adapter-marks"),
        ("sqlite:////var/lib/ledger/adapter.db", "/var/lib/ledger/adapter-marks"),
        ("postgresql+psycopg://adapter@/adapter?host=/run", "adapter-marks"),
    ],
)
def test_marks_lie_beside_the_ledgers_file_or_the_settings(read, ledger, folder):
    found = read({"adapter.ledger": ledger}).adapter.marks
    assert found == folder or (not folder.startswith("/") and found.endswith(f"/{folder}"))
    assert read({"adapter.marks": "/state"}).adapter.marks == "/state"
