"""The auditor: the only reader of every book, and the invariants it holds them to."""

from __future__ import annotations

from sandbox.audit.billing import bills_equal_spectrum
from sandbox.audit.claims import ledger_claims_nothing_denied
from sandbox.audit.completeness import ledger_and_books_hold_the_same
from sandbox.audit.due import nobody_is_asked_for_too_much
from sandbox.audit.enrollments import settings_follow_enrollments
from sandbox.audit.events import books_follow_from_events
from sandbox.audit.evidence import Evidence, gather
from sandbox.audit.figures import file_headers_equal_bodies
from sandbox.audit.payments import every_payment_has_one_receipt, no_receipt_without_payment
from sandbox.audit.receipts import nothing_is_paid_twice_over, receipts_equal_payments
from sandbox.audit.report import AuditReport, Finding, Invariant
from sandbox.audit.returns import every_reject_is_reversed_once
from sandbox.audit.reversals import reversals_equal_their_rejects
from sandbox.audit.review_items import what_waits_for_a_person_is_asked
from sandbox.audit.secrets import no_secret_anywhere
from sandbox.audit.settlement import batches_match_to_the_cent
from sandbox.world.world import World

# The numbers are for ever; 4 has become 14.
INVARIANTS = (
    Invariant(
        number=1,
        statement="every approved payment has exactly one receipt, or stands visibly open",
        check=every_payment_has_one_receipt,
    ),
    Invariant(
        number=2,
        statement="no InvoiceCloud receipt without a payment",
        check=no_receipt_without_payment,
    ),
    Invariant(
        number=3,
        statement="every book follows from its events: balance = billed - receipts + reversals",
        check=books_follow_from_events,
    ),
    Invariant(
        number=5,
        statement="each invoice file's header equals its body, and its body the bills",
        check=file_headers_equal_bodies,
    ),
    Invariant(
        number=6,
        statement="each ACH reject has exactly one reversal, or stands visibly open",
        check=every_reject_is_reversed_once,
    ),
    Invariant(
        number=7,
        statement="IMT's settings equal the last enrolment of each account",
        check=settings_follow_enrollments,
    ),
    Invariant(
        number=8,
        statement="a payment is in one settled batch, to the cent",
        check=batches_match_to_the_cent,
    ),
    Invariant(
        number=9,
        statement="the adapter's ledger claims nothing that the books deny",
        check=ledger_claims_nothing_denied,
    ),
    Invariant(
        number=10,
        statement="no secret, card or bank number in any journal, report, log or database",
        check=no_secret_anywhere,
    ),
    Invariant(
        number=11,
        statement="what Invoice Cloud shows as due is at most Spectrum's, less money under way",
        check=nobody_is_asked_for_too_much,
    ),
    Invariant(
        number=12,
        statement="what is paid is at most what was ever billed, or a review item says so",
        check=nothing_is_paid_twice_over,
    ),
    Invariant(
        number=13,
        statement="every field of a receipt equals its payment's",
        check=receipts_equal_payments,
    ),
    Invariant(
        number=14,
        statement="every line Invoice Cloud was billed equals Spectrum's record at the cut-off",
        check=bills_equal_spectrum,
    ),
    Invariant(
        number=15,
        statement="what the books imply stands in the ledger, and the ledger's rows in a book",
        check=ledger_and_books_hold_the_same,
    ),
    Invariant(
        number=16,
        statement="what waits for a person has an open review item",
        check=what_waits_for_a_person_is_asked,
    ),
    Invariant(
        number=17,
        statement="a reversal equals its receipt and its reject, once; IMT's settings are known",
        check=reversals_equal_their_rejects,
    ),
)


def run_audit(world: World) -> AuditReport:
    """Judge every invariant at this moment."""
    return judge(gather(world))


def judge(evidence: Evidence) -> AuditReport:
    """Judge every invariant by what was gathered."""
    findings = tuple(
        Finding(invariant=invariant, violations=tuple(invariant.check(evidence)))
        for invariant in INVARIANTS
    )
    return AuditReport(evidence=evidence, findings=findings)
