"""The auditor: the only reader of every book, and the invariants it holds them to."""

from __future__ import annotations

from sandbox.audit.billing import billed_figures_equal_spectrum
from sandbox.audit.enrollments import settings_follow_enrollments
from sandbox.audit.evidence import gather
from sandbox.audit.figures import balances_add_up, file_headers_equal_bodies
from sandbox.audit.payments import (
    every_payment_has_one_receipt,
    ledger_claims_nothing_denied,
    no_receipt_without_payment,
)
from sandbox.audit.report import AuditReport, Finding, Invariant
from sandbox.audit.returns import batches_match_to_the_cent, every_reject_is_reversed_once
from sandbox.audit.secrets import no_secret_anywhere
from sandbox.world.world import World

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
        statement="Spectrum's balance = billed - receipts + reversals",
        check=balances_add_up,
    ),
    Invariant(
        number=4,
        statement="the figures Invoice Cloud was billed equal Spectrum's at the cut-off",
        check=billed_figures_equal_spectrum,
    ),
    Invariant(
        number=5,
        statement="each invoice file's header equals its body",
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
        statement="a payment is in one settled batch at most, to the cent",
        check=batches_match_to_the_cent,
    ),
    Invariant(
        number=9,
        statement="the adapter's ledger claims nothing that the books deny",
        check=ledger_claims_nothing_denied,
    ),
    Invariant(
        number=10,
        statement="no secret, card or bank number in any journal, report or database",
        check=no_secret_anywhere,
    ),
)


def run_audit(world: World) -> AuditReport:
    """Judge every invariant at this moment."""
    evidence = gather(world)
    findings = tuple(
        Finding(invariant=invariant, violations=tuple(invariant.check(evidence)))
        for invariant in INVARIANTS
    )
    return AuditReport(evidence=evidence, findings=findings)
