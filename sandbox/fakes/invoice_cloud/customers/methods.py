"""Payment options: stored, changed and removed by the login that owns them (D4)."""

from __future__ import annotations

from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.sessions import PortalSession
from sandbox.fakes.invoice_cloud.customers.wallet import MethodRemoved, MethodStored, WalletBook
from sandbox.fakes.invoice_cloud.instruments import BankAccount, Card
from sandbox.world.billers import next_guid
from sandbox.world.world import World

METHODS_MAX = 10
LABEL_LENGTH_MAX = 40


def store_method(
    world: World, session: PortalSession, instrument: Card | BankAccount, label: str = ""
) -> MethodStored:
    """Store one of the sandbox's own instruments."""
    book = world.book(WalletBook)
    with book.locked():
        if len(methods_of(world, session)) >= METHODS_MAX:
            raise PortalRefusedError(
                f"there are {METHODS_MAX} payment options already", remedy="Remove one first"
            )
        guid = next_guid(world.chance(f"method:{len(book.events)}"))
        return _store(world, session, guid, instrument, label)


def update_method(
    world: World,
    session: PortalSession,
    method_guid: str,
    instrument: Card | BankAccount,
    label: str = "",
) -> MethodStored:
    """Put another instrument behind a stored option; what was planned with it stays planned."""
    require_method(world, session, method_guid)
    return _store(world, session, method_guid, instrument, label)


def remove_method(world: World, session: PortalSession, method_guid: str) -> None:
    """Remove an option; what is planned with it will say that it is gone."""
    method = require_method(world, session, method_guid)
    world.book(WalletBook).record(MethodRemoved(method_guid=method_guid))
    _tell(world, session, f"{method.words} removed")


def methods_of(world: World, session: PortalSession) -> list[MethodStored]:
    methods = world.book(WalletBook).methods.values()
    return [method for method in methods if method.login_guid == session.login_guid]


def require_method(world: World, session: PortalSession, method_guid: str) -> MethodStored:
    """Return an option of the session's own login."""
    for method in methods_of(world, session):
        if method.method_guid == method_guid:
            return method
    raise PortalRefusedError(
        "this is none of your payment options",
        field="method_guid",
        remedy="Choose one of the list, or store one first",
    )


def _store(
    world: World,
    session: PortalSession,
    guid: str,
    instrument: Card | BankAccount,
    label: str,
) -> MethodStored:
    label = label.strip()
    if len(label) > LABEL_LENGTH_MAX or not (label.isprintable() or not label):
        raise PortalRefusedError(
            f"a name has at most {LABEL_LENGTH_MAX} printable characters", field="label"
        )
    stored = MethodStored(
        method_guid=guid, login_guid=session.login_guid, label=label, instrument=instrument
    )
    world.book(WalletBook).record(stored)
    _tell(world, session, f"{stored.words} stored")
    return stored


def _tell(world: World, session: PortalSession, outcome: str) -> None:
    world.journal.event(
        target="invoice_cloud",
        operation="PaymentOption",
        outcome=outcome,
        biller=session.biller,
        account_number=session.account_number,
    )
