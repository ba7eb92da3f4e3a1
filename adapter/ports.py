"""What the jobs and doors need of the partners: nouns, without a word about the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from adapter.clock import GmtWindow
from adapter.domain.ach_return import AchReturn, ReversalTaken
from adapter.domain.enrollment import EnrolledAccount, EnrollmentChange, EnrollmentKind
from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BalanceAnswer, BifProfile, InvoiceExtract, ReceiptSearch
from adapter.domain.payment import Payment, ReceiptAnswer
from adapter.domain.registration import Customer, Destination, KnownUsers, Payer
from adapter.domain.settlement import SettledRow
from adapter.domain.upload import UploadAnswer


class BalancePort(Protocol):
    """Spectrum's RTDR (A2)."""

    def balance_due(self, invoice_number: str) -> BalanceAnswer:
        """Ask for the balance; raises RejectedError for an unknown invoice.

        Whether the answer is evidence of anything, it says itself.
        """
        ...


class ReceiptPort(Protocol):
    """Spectrum's OnlineReceipt (A3)."""

    def post_receipt(self, payment: Payment) -> ReceiptAnswer:
        """Post one receipt, once; outcome (d) is raised, sorted by what it proves (decision 0031).

        RejectedError: surely refused, or unfit to be sent, and then without a status.
        RetryableError and ConfigurationError: surely nothing left. CredentialsRefusedError and
        OutcomeUnknownError: a receipt may exist.
        """
        ...


class InvoiceFeedPort(Protocol):
    """Spectrum's extract of invoices (decision 0001)."""

    def invoices_since(self, cursor: str | None) -> InvoiceExtract:
        """Return every invoice changed after `cursor`, or all of them for None."""
        ...


class ReceiptFeedPort(Protocol):
    """Spectrum's extract of receipts (decision 0001), where a biller has one."""

    def find_receipts(self, payment: Payment, *, since: datetime) -> ReceiptSearch:
        """Return the receipts of this payment GUID, and all others of its invoice.

        Those are told that were applied or reversed at or after `since`. Raises RetryableError
        while there is no feed to read.
        """
        ...


class InvoiceUploadPort(Protocol):
    """Invoice Cloud's UploadInvoiceFile (C1)."""

    @property
    def request_bytes_max(self) -> int:
        """Tell how large a request Invoice Cloud takes."""
        ...

    def request_bytes(self, content: bytes) -> int:
        """Tell how large the request with this file is at most, all that is around it included."""
        ...

    def upload(self, *, file_name: str, content: bytes) -> UploadAnswer:
        """Send one BIF; raises OutcomeUnknownError when the answer was lost."""
        ...


class PaymentReportPort(Protocol):
    """Invoice Cloud's PaymentReportingDataSetFromGMT (C2)."""

    def payments(self, window: GmtWindow) -> Iterator[Payment]:
        """Yield every payment of the window, approved or declined, in the report's order."""
        ...


class RejectReportPort(Protocol):
    """Invoice Cloud's ACHRejectReportingDataSetFromGMT (C3)."""

    def rejects(self, window: GmtWindow) -> Iterator[AchReturn]:
        """Yield every reject of the window; BadInputError lists unreadable rows last."""
        ...


class ReversalPort(Protocol):
    """Spectrum's inbox of reversals (decision 0018)."""

    def reverse(self, ach_return: AchReturn) -> ReversalTaken:
        """Have a receipt taken back; an inbox as assumed knows the same reversal again (0018).

        Raises RejectedError where Spectrum says no.
        """
        ...

    def outcome(self, ach_return: AchReturn) -> ReversalTaken | None:
        """Tell what came of a reversal that may have been handed over; None where nothing says.

        Nothing is sent by it. Raises RejectedError where Spectrum has said no.
        """
        ...


class SettlementReportPort(Protocol):
    """Invoice Cloud's BillerSettledBatchDetailDataSet (C4)."""

    def day_of(self, moment: datetime) -> date:
        """Return the server's day, by which batches are asked for."""
        ...

    def settled(self, day: date) -> Iterator[SettledRow]:
        """Yield every row of the day's batches; BadInputError lists unreadable rows last."""
        ...


class EnrollmentPort(Protocol):
    """IMT's policy settings (B1 to B3)."""

    def push(self, change: EnrollmentChange) -> None:
        """Set what the change says; setting the same value twice is harmless.

        Raises RejectedError for what IMT surely refuses, OutcomeUnknownError when the request
        may still arrive, and ConfigurationError while the biller's IMT settings are wrong.
        """
        ...


class EnrollmentReportPort(Protocol):
    """Invoice Cloud's paperless and AutoPay customer reports (C5)."""

    def enrolled(self, kind: EnrollmentKind) -> Iterator[EnrolledAccount]:
        """Yield every account that is enrolled now; BadInputError lists unreadable rows last."""
        ...


class PayerAccountsPort(Protocol):
    """Invoice Cloud's accounts and logins, and the way into its pages (D1, D2).

    A login's password is the adapter's affair; nobody else ever sees it.
    """

    def known_users(self, account_number: str) -> KnownUsers:
        """Tell whether an account exists, and who is registered for it."""
        ...

    def create_customer(self, payer: Payer, customer: Customer) -> None:
        """Make the account; AccountExistsError when it exists by now."""
        ...

    def register(self, payer: Payer) -> None:
        """Give the payer's e-mail address a login for the account, or link the one it has."""
        ...

    def update_password(self, email_address: str) -> None:
        """Give the login of an e-mail address the password that the adapter makes for it."""
        ...

    def authenticate(self, payer: Payer) -> str:
        """Return a token that signs on once; PasswordMismatchError for another password."""
        ...

    def sign_on_url(self, token: str, destination: Destination) -> str:
        """Return the address that takes a payer's browser to the destination, signed on."""
        ...


@dataclass(frozen=True, kw_only=True)
class BillerPorts:
    """One biller's connections, built from one version of its settings."""

    bif_profile: BifProfile
    posts_per_minute: int | None
    guard: GuardFigures
    return_codes: frozenset[str]
    rtdr: BalancePort
    balances: BalancePort
    receipts: ReceiptPort
    invoice_feed: InvoiceFeedPort
    receipt_feed: ReceiptFeedPort | None
    invoice_upload: InvoiceUploadPort
    payment_report: PaymentReportPort
    reject_report: RejectReportPort
    reversals: ReversalPort
    settlement_report: SettlementReportPort
    enrollments: EnrollmentPort
    enrollment_report: EnrollmentReportPort
    payer_accounts: PayerAccountsPort | None
    # What was paid before is not posted by itself; None leaves it to the ledger's beginning.
    payments_since: datetime | None = None
    # Switched off, payments and reversals are taken over and wait.
    posting: bool = True
    # Bills and the balance door allow for payments that Spectrum lacks (decision 0036).
    subtract_under_way: bool = True


class BillersPort(Protocol):
    """Every configured biller; settings are read anew at each look (F2)."""

    def names(self) -> tuple[str, ...]: ...

    def ports(self, biller: str) -> BillerPorts:
        """Return the biller's connections; raises ConfigurationError or NotFoundError."""
        ...
