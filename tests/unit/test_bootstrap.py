"""What gets built, from which settings, and when it is built anew."""

import copy
from datetime import UTC, datetime

import pytest

from adapter.bootstrap import bif_profile_of, build
from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.domain.invoice import BifDialect
from adapter.errors import ConfigurationError, LedgerError, NotFoundError
from adapter.kinds import PAYMENTS
from adapter.partners.imt import ImtClient
from adapter.partners.invoice_cloud_rest import InvoiceCloudRestClient
from adapter.partners.spectrum_feed import FolderFeed, HttpFeed
from adapter.settings import StaticSettings

NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)


class FixedClock:
    def now(self):
        return NOW


class ListTimer:
    """Keeps what it is asked to run, and runs nothing."""

    def __init__(self):
        self.calls = []

    def call_at(self, at, label, action):
        self.calls.append((at, label, action))


def biller(number):
    return {
        "name": f"Carrier {number}",
        "time_zone": "America/Chicago",
        "biller_guid": f"11111111-0000-4000-8000-00000000000{number}",
        "web_service_key": f"22222222-0000-4000-8000-00000000000{number}",
        "invoice_format_guid": f"33333333-0000-4000-8000-00000000000{number}",
        "door_key": f"door-secret-{number}",
        "advanced_settings": {
            "8": "https://spectrum.example/api-core",
            "9": f"rtdr-{number}",
            "10": f"p4ss|44444444-0000-4000-8000-00000000000{number}",
            "11": "https://spectrum.example/api-core",
            "12": f"payments-{number}",
            "13": f"p4ss|55555555-0000-4000-8000-00000000000{number}",
        },
        "feed": {"kind": "http", "location": "https://spectrum.example/extract"},
    }


@pytest.fixture
def tree(tmp_path):
    return {
        "adapter": {"ledger": f"sqlite:///{tmp_path / 'adapter.db'}", "settle_seconds": 77},
        "billers": {"alpha": biller(1), "beta": biller(2)},
    }


@pytest.fixture
def timer():
    return ListTimer()


@pytest.fixture
def adapter(tree, timer):
    adapter = build(StaticSettings(tree), clock=FixedClock(), timer=timer, make_ledger=True)
    yield adapter
    adapter.stop()


def test_rules_and_parts_come_of_the_settings(adapter):
    assert adapter.work.rules.settle_seconds == 77
    assert adapter.work.ledger is adapter.ledger
    assert adapter.work.billers is adapter.billers
    assert adapter.ledger.items(PAYMENTS.item).newest(limit=1) == ()


def test_nothing_runs_before_the_start(adapter, timer):
    assert timer.calls == []
    adapter.start()
    assert {label for _, label, _ in timer.calls} >= {"adapter.send_invoices"}


def test_each_purpose_has_its_own_way_into_spectrum(adapter):
    """The payer's balance is asked with settings 8 to 10, all else with 11 to 13."""
    ports = adapter.billers.ports("alpha")
    assert ports.rtdr is not ports.receipts
    assert ports.balances is ports.receipts


def test_connections_live_as_long_as_their_settings(adapter, tree):
    alpha, beta = adapter.billers.ports("alpha"), adapter.billers.ports("beta")
    assert adapter.billers.ports("alpha") is alpha
    changed = copy.deepcopy(tree)
    changed["billers"]["alpha"]["advanced_settings"]["9"] = "renamed"
    adapter.source.replace(changed)
    assert adapter.billers.ports("alpha") is not alpha
    assert adapter.billers.ports("beta") is beta


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("kind", ["http", "folder"])
def test_the_feed_is_the_one_that_the_biller_has(adapter, tree, tmp_path, kind, receipts):
    location = "https://spectrum.example/extract" if kind == "http" else str(tmp_path)
    feed = {"kind": kind, "location": location, "receipts": receipts}
    tree["billers"]["alpha"]["feed"] = feed
    adapter.source.replace(tree)
    ports = adapter.billers.ports("alpha")
    assert isinstance(ports.invoice_feed, HttpFeed if kind == "http" else FolderFeed)
    assert ports.receipt_feed is (ports.invoice_feed if receipts else None)


@pytest.mark.parametrize(("setting", "replacement"), [("refuse", None), (" ", " ")])
def test_the_profile_of_the_invoice_file_follows_the_settings(adapter, tree, setting, replacement):
    tree["billers"]["alpha"]["bif"] = {"reserved_characters": setting}
    adapter.source.replace(tree)
    profile = adapter.billers.ports("alpha").bif_profile
    assert profile.replacement == replacement
    assert profile.biller_guid == tree["billers"]["alpha"]["biller_guid"]
    assert profile.time_zone == "America/Chicago"


def test_the_profile_has_the_billers_dialect_and_answers(adapter, tree):
    """It is told without a ledger too, for files that nobody sends."""
    tree["billers"]["alpha"]["bif"] = {"dialect": "positional", "third_notify_days": 5}
    tree["billers"]["beta"]["name"] = ""
    adapter.source.replace(tree)
    profile = bif_profile_of(adapter.source, "alpha")
    assert profile == adapter.billers.ports("alpha").bif_profile
    assert profile.dialect is BifDialect.POSITIONAL
    assert profile.questionnaire.notify_days == (None, None, 5)
    with pytest.raises(ConfigurationError, match=r"billers\.beta\.name"):
        bif_profile_of(adapter.source, "beta")
    with pytest.raises(NotFoundError, match="gamma"):
        bif_profile_of(adapter.source, "gamma")


def test_a_biller_with_wrong_settings_is_named_and_not_connected(adapter, tree):
    """Its jobs report what is wrong; the other biller keeps working."""
    tree["billers"]["alpha"]["advanced_settings"]["10"] = "nonsense"
    adapter.source.replace(tree)
    assert adapter.billers.names() == ("alpha", "beta")
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.advanced_settings\.10"):
        adapter.billers.ports("alpha")
    assert adapter.billers.ports("beta")
    (report,) = adapter.engine.run_job("reconcile_payments", "alpha")
    assert isinstance(report.failure, ConfigurationError)


def test_a_biller_that_is_not_there_is_not_found(adapter):
    with pytest.raises(NotFoundError, match="gamma"):
        adapter.billers.ports("gamma")


def test_a_ledger_that_is_something_else_is_refused(tree, tmp_path, timer):
    (tmp_path / "adapter.db").write_text("this is no database at all, and long enough to tell")
    with pytest.raises(LedgerError):
        build(StaticSettings(tree), clock=FixedClock(), timer=timer, make_ledger=True)


def test_a_biller_without_imt_names_what_is_missing(tree, timer):
    tree["billers"]["beta"]["imt"] = {
        "base_url": "https://auth.example",
        "company_id": "300",
        "username": "alpha-ic",
        "password": "p4ss!imt",
    }
    adapter = build(StaticSettings(tree), clock=FixedClock(), timer=timer, make_ledger=True)
    assert isinstance(adapter.billers.ports("beta").enrollments, ImtClient)
    change = EnrollmentChange(
        biller="alpha",
        event_guid="7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9",
        account_number="7",
        kind=EnrollmentKind.PAPERLESS,
        enrolled=True,
        changed_at=NOW,
    )
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.imt: is missing"):
        adapter.billers.ports("alpha").enrollments.push(change)
    adapter.stop()


def test_payers_sign_on_where_both_keys_are_set(tree, timer):
    """One without the other connects nobody; the door then says which is missing."""
    api_key = {"api_key": "alphas-api-key"}
    sign_on = {"key": "imts-sign-on-key", "password_seed": "x" * 32}
    both = [("alpha", "invoice_cloud", api_key), ("alpha", "sign_on", sign_on)]
    for biller, table, keys in (*both, ("beta", "sign_on", sign_on)):
        tree["billers"][biller].setdefault(table, {}).update(keys)
    adapter = build(StaticSettings(tree), clock=FixedClock(), timer=timer, make_ledger=True)
    accounts = adapter.billers.ports("alpha").payer_accounts
    assert isinstance(accounts, InvoiceCloudRestClient)
    assert adapter.billers.ports("beta").payer_accounts is None
    adapter.stop()
