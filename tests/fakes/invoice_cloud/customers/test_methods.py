"""Payment options: one's own, bounded, and never more of a number than its end."""

import pytest

from sandbox.fakes.invoice_cloud.customers.methods import (
    METHODS_MAX,
    methods_of,
    remove_method,
    store_method,
    update_method,
)
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS


def test_an_option_is_stored_changed_and_removed(customers):
    session = customers.sign_on()
    method = store_method(customers.world, session, CARDS[0], " Mine ")
    assert (method.label, method.words) == ("Mine", "VISA ending in 1111")
    changed = update_method(customers.world, session, method.method_guid, BANK_ACCOUNTS[0])
    assert (changed.kind, changed.last_four) == ("ACH", "6789")
    assert [m.method_guid for m in methods_of(customers.world, session)] == [method.method_guid]
    remove_method(customers.world, session, method.method_guid)
    assert methods_of(customers.world, session) == []


def test_another_logins_option_can_be_neither_changed_nor_removed(customers):
    ours, theirs = customers.sign_on(), customers.sign_on("1002", "sam@example.com")
    guid = store_method(customers.world, ours, CARDS[0]).method_guid
    with pytest.raises(PortalRefusedError):
        remove_method(customers.world, theirs, guid)
    with pytest.raises(PortalRefusedError):
        update_method(customers.world, theirs, guid, CARDS[1])


def test_options_and_names_are_bounded(customers):
    session = customers.sign_on()
    with pytest.raises(PortalRefusedError, match="at most 40"):
        store_method(customers.world, session, CARDS[0], "x" * 41)
    for _ in range(METHODS_MAX):
        store_method(customers.world, session, CARDS[0])
    with pytest.raises(PortalRefusedError, match="already"):
        store_method(customers.world, session, CARDS[0])


def test_neither_state_nor_journal_holds_a_number(customers):
    session = customers.sign_on()
    store_method(customers.world, session, CARDS[0])
    store_method(customers.world, session, BANK_ACCOUNTS[0])
    told = f"{customers.wallet.as_json()} {customers.world.journal.as_lines()}"
    assert "1111" in told
    assert CARDS[0].number not in told
    assert BANK_ACCOUNTS[0].account_number not in told
