"""Reading whole settings: what they become, and every problem at once, without a value."""

import copy
from dataclasses import asdict
from pathlib import Path

import pytest

from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.domain.retry import RetryPolicy
from adapter.settings.reading import read_settings
from adapter.settings.values import BifSettings

FOLDER = Path("/etc/adapter")


def read(settings, environ=None):
    return read_settings(settings, environ=environ or {}, folder=FOLDER)


def changed(settings, path, value):
    """Return a copy with the setting at a dotted path replaced, or removed for None."""
    settings = copy.deepcopy(settings)
    *tables, key = path.split(".")
    table = settings
    for name in tables:
        table = table.setdefault(name, {})
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
    return settings


def test_right_settings_become_frozen_values(settings):
    reading = read(settings)
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


def test_what_is_left_out_has_its_documented_default(settings):
    adapter = read(changed(settings, "adapter", None)).adapter
    assert adapter.ledger == "sqlite:////etc/adapter/adapter.db"
    assert (adapter.listen_host, adapter.listen_port) == ("127.0.0.1", 8200)
    assert adapter.ops_key is None
    assert (adapter.settle_seconds, adapter.lease_seconds) == (120, 90)
    assert adapter.request_timeout_seconds == 30
    assert (adapter.poll_overlap_minutes, adapter.first_reach_hours) == (30, 48)
    assert adapter.retry.model_dump() == asdict(RetryPolicy())


def test_paths_are_relative_to_the_settings_file(settings):
    settings = changed(settings, "billers.alpha-mutual.feed", {"kind": "folder", "location": "in"})
    reading = read(changed(settings, "adapter.ledger", "sqlite:////var/lib/a.db"))
    assert reading.billers["alpha-mutual"].feed.location == "/etc/adapter/in"
    assert reading.adapter.ledger == "sqlite:////var/lib/a.db"


def test_figures_may_come_as_text_from_the_environment(settings):
    settings = changed(settings, "adapter.settle_seconds", "env:SETTLE")
    settings = changed(settings, "billers.alpha-mutual.feed.receipts", "env:RECEIPTS")
    reading = read(settings, {"SETTLE": "45.5", "RECEIPTS": "true"})
    assert reading.adapter.settle_seconds == 45.5
    assert reading.billers["alpha-mutual"].feed.receipts is True


BILLER = "billers.alpha-mutual"


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
        ("feed", None, "is missing"),
        ("feed.kind", "ftp", "must be 'http' or 'folder'"),
        ("feed.location", "not a url s3cret", "must be an http or https URL"),
        ("feed.receipts", "perhaps", "must be true or false"),
        ("invoice_cloud.columns", {"amnt": "Amount"}, "names amnt; known are payment_guid"),
        ("invoice_cloud.columns", {"amount": "A", "fee": "A"}, "one column to two fields"),
        ("bif", {"reserved_characters": "~"}, "one printable character"),
        ("bif", {"reserved_characters": ""}, "one printable character"),
    ],
)
def test_a_wrong_setting_of_a_biller_is_named_with_rule_and_remedy(settings, path, value, says):
    """The other biller keeps working, and the value is never repeated."""
    reading = read(changed(settings, f"{BILLER}.{path}", value))
    (problem,) = reading.biller_problems["alpha-mutual"]
    assert problem.startswith(f"{BILLER}.{path}")
    assert says in problem
    assert "s3cret" not in problem
    assert set(reading.billers) == {"beta-mutual"}


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
        ("setle_seconds", 3, "Did you mean 'settle_seconds'?"),
    ],
)
def test_a_wrong_setting_of_the_adapter_is_named_with_rule_and_remedy(settings, path, value, says):
    reading = read(changed(settings, f"adapter.{path}", value))
    assert reading.adapter is None
    (problem,) = reading.problems
    assert problem.startswith(f"adapter.{path}")
    assert says in problem
    assert "s3cret" not in problem


def test_every_wrong_setting_is_told_at_once(settings):
    settings = changed(settings, "addapter", {})
    settings = changed(settings, "adapter.listen", "nowhere")
    settings = changed(settings, f"{BILLER}.advanced_settings.10", "nothing")
    settings = changed(settings, f"{BILLER}.advanced_settings.8", "env:UNSET_URL")
    settings = changed(settings, f"{BILLER}.door_key", "file:absent")
    settings = changed(settings, "billers.beta-mutual.name", None)
    reading = read(settings)
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
    ],
)
def test_what_must_be_a_billers_own_and_is_anothers_stops_both(settings, path, kind):
    """Which of the two is wrong cannot be known, so neither posts into the other's book."""
    *_, key = path.split(".")
    table = settings["billers"]["alpha-mutual"]
    theirs = table["advanced_settings"][key] if "." in path else table[key]
    reading = read(changed(settings, f"billers.beta-mutual.{path}", theirs))
    (ours,) = reading.biller_problems["alpha-mutual"]
    (problem,) = reading.biller_problems["beta-mutual"]
    assert f"billers.beta-mutual.{path}: holds the same {kind} as {BILLER}.{path}" in problem
    assert f"{BILLER}.{path}: holds the same {kind}" in ours
    assert theirs not in problem


def test_billers_may_share_urls_and_one_biller_its_own_credentials(settings):
    table = settings["billers"]["alpha-mutual"]["advanced_settings"]
    table["12"], table["13"] = table["9"], table["10"]
    assert set(read(settings).billers) == {"alpha-mutual", "beta-mutual"}


@pytest.mark.parametrize("slug", ["Alpha", "a_b", "-a", "a" * 64, "a\x00b", "s3cret" * 20])
def test_a_billers_name_fits_a_path(settings, slug):
    reading = read({**settings, "billers": {slug: settings["billers"]["alpha-mutual"]}})
    (problem,) = reading.biller_problems[slug]
    assert "must be named in at most 63 lower-case letters" in problem


@pytest.mark.parametrize("billers", [None, {}, [], "x"])
def test_settings_without_billers_are_wrong(settings, billers):
    reading = read(changed(settings, "billers", billers))
    assert reading.problems == (
        "billers: must hold at least one table. Give each carrier [billers.<name>]",
    )


@pytest.mark.parametrize("wrong", ["text", 5, [], {}])
def test_a_biller_that_is_no_table_is_told(settings, wrong):
    reading = read(changed(settings, "billers.beta-mutual", wrong))
    assert set(reading.billers) == {"alpha-mutual"}
    assert reading.biller_problems["beta-mutual"]


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield ".".join((*path, key))


def test_no_problem_ever_repeats_a_value(settings):
    """Whatever stands anywhere, as a text, in a list, in a table or beside what is known."""
    tables = ("adapter.retry", f"{BILLER}.bif", f"{BILLER}.invoice_cloud.columns")
    wrong = ("s3cret", "s3cret|s3cret", ["s3cret"], {"known": "s3cret"}, "env:s3cret!", "s3cret\n")
    told = 0
    for path in [*leaves(settings), *tables, f"{BILLER}.surprise"]:
        for value in wrong:
            reading = read(changed(settings, path, value))
            found = [*reading.problems, *sum(reading.biller_problems.values(), ())]
            assert not [line for line in found if "s3cret" in line]
            told += len(found)
    assert told > 100


IMT = {
    "base_url": "https://auth.example/",
    "company_id": "300",
    "username": "alpha-ic",
    "password": "p4ss!imt",
}


def test_a_biller_may_name_imt(settings):
    reading = read(changed(settings, f"{BILLER}.imt", IMT))
    access = reading.billers["alpha-mutual"].imt
    assert (access.base_url, access.company_id) == ("https://auth.example", "300")
    assert access.cookie_name == "authorization"
    assert reading.billers["beta-mutual"].imt is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("base_url", "auth.example"),
        ("company_id", "../7"),
        ("company_id", ".."),
        ("username", ""),
        ("password", None),
        ("cookie_name", "a b"),
        ("cookie_name", "a=b"),
        ("cookies", "x"),
    ],
)
def test_a_wrong_key_of_imt_is_named(settings, key, value):
    table = {name: v for name, v in {**IMT, key: value}.items() if v is not None}
    reading = read(changed(settings, f"{BILLER}.imt", table))
    (problem,) = reading.biller_problems["alpha-mutual"]
    assert problem.startswith(f"{BILLER}.imt.{key}: ")


def test_two_billers_are_not_one_company_of_imt(settings):
    """Its policies would take the other carrier's enrolments."""
    both = changed(changed(settings, f"{BILLER}.imt", IMT), "billers.beta-mutual.imt", IMT)
    problems = read(both).biller_problems
    assert f"holds the same company as {BILLER}.imt.company_id" in problems["beta-mutual"][0]
    assert set(problems) == {"alpha-mutual", "beta-mutual"}
    both["billers"]["beta-mutual"]["imt"] = {**IMT, "company_id": "301"}
    assert read(both).biller_problems == {}


def test_a_billers_answers_and_dialect_are_read(settings):
    table = {
        "dialect": "positional",
        "receiver_bytes_max": 8_000_000,
        "allow_partial_payments": True,
        "first_notify_days": -10,
        "third_notify_days": 0,
    }
    bif = read(changed(settings, "billers.alpha-mutual.bif", table)).billers["alpha-mutual"].bif
    assert bif.dialect is BifDialect.POSITIONAL
    assert bif.receiver_bytes_max == 8_000_000
    assert bif.questionnaire == Questionnaire(
        allow_partial_payments=True, notify_days=(-10, None, 0)
    )


def test_a_biller_without_answers_has_the_designs_file(settings):
    assert read(settings).billers["beta-mutual"].bif == BifSettings()


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("dialect", "csv", 'Give "tagged" or "positional"'),
        ("receiver_bytes_max", 100, "must be greater than or equal to 4096"),
        ("receiver_bytes_max", True, "must be a number"),
        ("first_notify_days", 400, "must be less than or equal to 366"),
        ("second_notify_days", "soon", "must be a whole number"),
        ("allow_partial_payments", "maybe", "must be true or false"),
        ("late_fee_date", "x", "LateFeeDate is marked N/A in the technical design"),
        ("InvoiceDate", "x", "InvoiceDate is in every file"),
    ],
)
def test_a_wrong_answer_is_told_by_its_path(settings, key, value, told):
    reading = read(changed(settings, f"billers.alpha-mutual.bif.{key}", value))
    (problem,) = reading.biller_problems["alpha-mutual"]
    assert problem.startswith(f"billers.alpha-mutual.bif.{key}: ")
    assert told in problem
