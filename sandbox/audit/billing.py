"""Invariant 14: what Invoice Cloud was billed is what Spectrum said at the cut-off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.lines import problems_of_line
from sandbox.audit.report import Violation
from sandbox.audit.rows import ZERO, FileRow
from sandbox.audit.spectrum_record import InvoiceRecord, spectrum_record

Record = Mapping[str, InvoiceRecord]
# No file can carry the invoice, and a person was asked to look.
EXCUSE = "invoice_refused"
# The hourly job has its turn twice within this time (C1), and the alarm of a late file is raised.
UNBILLED_MAX = timedelta(hours=2, minutes=15)
# So long an invoice waits for its payment to arrive before a file bills it (decision 0036).
HELD_BACK_MAX = timedelta(hours=1)
# What says that changes are not billed in time, for a biller or for the whole adapter.
EXCUSING_ALARMS = frozenset(
    {
        "biller_removed",
        "biller_settings_wrong",
        "invoice_file_late",
        "invoice_file_refused",
        "ledger_not_writable",
        "work_not_done",
    }
)


def bills_equal_spectrum(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 14: every line of every file, every bill, and nothing unbilled for two hours.

    What a line tells of an invoice is not told again of its bill.
    """
    record = spectrum_record(evidence.world)
    told: set[str] = set()
    for differ in (_lines_differ, _bills_differ, _unbilled):
        found = [each for each in differ(evidence, record) if each.invoice_number not in told]
        told |= {each.invoice_number for each in found}
        yield from found


def allowed_for(
    evidence: Evidence, biller: str, invoice_number: str, *, reference: str | None = None
) -> Decimal:
    """Return the money under way, in dollars, that the ledger says a file's line was less by.

    Without a file's `reference`, that of the invoice's last line (decision 0036).
    """
    if reference is None:
        reference = evidence.last_billed_in.get((biller, invoice_number), "")
    return evidence.allowances.get((biller, reference, invoice_number), ZERO)


def _lines_differ(evidence: Evidence, record: Record) -> Iterator[Violation]:
    """Yield each line of an accepted file that says otherwise than Spectrum at its cut-off."""
    cut_offs = {
        (row["biller"], row["reference"]): datetime.fromisoformat(row["as_of"])
        for row in evidence.uploads
        if row["state"] == "accepted"
    }
    for file in evidence.files:
        as_of = cut_offs.get((file.biller, file.reference))
        if as_of is None:
            continue
        for number, problem in _problems_of_file(evidence, file, as_of, record):
            yield Violation(
                story=f"invoice {number} in file {file.file_name}: {problem}",
                since=file.received_at,
                invoice_number=number,
            )


def _problems_of_file(
    evidence: Evidence, file: FileRow, as_of: datetime, record: Record
) -> Iterator[tuple[str, str]]:
    counts = Counter(line.invoice_number for line in file.lines)
    usual = Counter(line.allow_partial for line in file.lines).most_common(1)
    for line in file.lines:
        number = line.invoice_number
        if counts[number] > 1:
            yield number, f"it stands there {counts[number]} times"
        if line.allow_partial is not usual[0][0]:
            yield number, "AllowPartialPayments is another one than in the other lines"
        invoice = record.get(number)
        if invoice is None or invoice.policy is None or invoice.biller != file.biller:
            yield number, "Spectrum has no such invoice"
            continue
        due = invoice.due_at(as_of)
        taken_off = allowed_for(evidence, file.biller, number, reference=file.reference)
        if not _is_due(line.total_due, taken_off, due):
            yield number, f"it says {line.total_due}, and Spectrum said {_either(due)}"
        for problem in problems_of_line(line, invoice.policy):
            yield number, problem
    for number, problem in _notices_differ(file):
        yield number, problem


def _notices_differ(file: FileRow) -> Iterator[tuple[str, str]]:
    """Yield lines whose notify dates are set where those of most lines are not, or the reverse."""
    told = {line.invoice_number: tuple(map(bool, line.notify_dates)) for line in file.lines}
    if told:
        usual = Counter(told.values()).most_common(1)[0][0]
        for number, each in told.items():
            if each != usual:
                yield number, "its notify dates are others than those of the other lines"


def _bills_differ(evidence: Evidence, record: Record) -> Iterator[Violation]:
    """For each biller whose last file is answered, yield the bills that differ from Spectrum.

    An invoice that no file can carry, and that stands in the exceptions, is not judged.
    """
    billed = {(row.biller, row.invoice_number): row.total_due for row in evidence.billed}
    excused = _excused(evidence)
    for biller, as_of in sorted(cut_offs(evidence).items()):
        told = {
            (biller, number): due
            for number, invoice in record.items()
            if invoice.biller == biller and (due := invoice.due_at(as_of))
        }
        ours = {key for key in billed if key[0] == biller}
        for key in sorted((ours | told.keys()) - excused):
            problem = _compare(evidence, key, billed, told)
            if problem and not _waits_for_money(evidence, key, as_of):
                yield Violation(
                    story=f"invoice {key[1]} is {problem} at {as_of:%Y-%m-%dT%H:%M:%SZ}, the "
                    "cut-off of the last file",
                    since=as_of,
                    invoice_number=key[1],
                )


def _compare(
    evidence: Evidence,
    key: tuple[str, str],
    billed: Mapping[tuple[str, str], Decimal],
    told: Mapping[tuple[str, str], frozenset[Decimal]],
) -> str:
    """Return what is wrong with an invoice, or nothing; one with nothing due need no bill."""
    if key not in told:
        return f"billed {billed[key]} at Invoice Cloud, and Spectrum had no such invoice"
    if key not in billed:
        said = f"not billed at Invoice Cloud, and Spectrum said {_either(told[key])}"
        return "" if ZERO in told[key] else said
    if billed[key] in told[key] or _is_due(billed[key], allowed_for(evidence, *key), told[key]):
        return ""
    return f"billed {billed[key]} at Invoice Cloud, and Spectrum said {_either(told[key])}"


def _unbilled(evidence: Evidence, record: Record) -> Iterator[Violation]:
    """Yield each invoice that Invoice Cloud has shown otherwise for longer than two hours.

    While its money arrives it is left out of the files; the two hours begin anew.
    """
    billed = {(row.biller, row.invoice_number): row.total_due for row in evidence.billed}
    excused, since = _excused(evidence), evidence.now - UNBILLED_MAX
    late = {row["biller"] for row in evidence.alarms if row["name"] in EXCUSING_ALARMS}
    refused = {row["biller"] for row in evidence.open_items if row["kind"] == "upload_refused"}
    for biller in sorted(cut_offs(evidence)):
        if biller in late | refused or None in late:
            continue
        for number, invoice in sorted(record.items()):
            key = (biller, number)
            if invoice.biller != biller or key in excused:
                continue
            was_due = invoice.due_between(since, evidence.now)
            told = billed.get(key, ZERO)
            is_told = told in was_due or _is_due(told, allowed_for(evidence, *key), was_due)
            if was_due and not is_told and not _waits_for_money(evidence, key, since):
                yield Violation(
                    story=f"invoice {number} is billed {billed.get(key, 'nothing')} at Invoice "
                    f"Cloud, and Spectrum has said {_either(was_due)} for more than two hours",
                    since=since,
                    invoice_number=number,
                )


def _is_due(billed: Decimal, taken_off: Decimal, due: frozenset[Decimal]) -> bool:
    """Tell whether an amount is what was due less what was taken off, and not below nothing."""
    return any(billed == max(ZERO, amount - taken_off) for amount in due)


def _waits_for_money(evidence: Evidence, key: tuple[str, str], as_of: datetime) -> bool:
    """Tell whether a file left an invoice out for its payment or reversal (decision 0036)."""

    def was_open(row: Row, done: str) -> bool:
        is_final = row["state"] in {"given_back", "superseded"}
        return not is_final and (not row[done] or datetime.fromisoformat(row[done]) > as_of)

    return any(
        was_open(row, "applied_at")
        and as_of - datetime.fromisoformat(row["paid_at"]) < HELD_BACK_MAX
        for row in evidence.deliveries
        if (row["biller"], row["invoice_number"]) == key
    ) or any(
        was_open(row, "reversed_at")
        for row in evidence.reversals
        if (row["biller"], row["invoice_number"]) == key
    )


def _excused(evidence: Evidence) -> set[tuple[str, str]]:
    return {
        (row["biller"], row["invoice_number"])
        for row in evidence.open_items
        if row["kind"] == EXCUSE
    }


def cut_offs(evidence: Evidence) -> dict[str, datetime]:
    """Return the moment of each biller's last accepted file, unless a later one is unanswered."""
    accepted: dict[str, datetime] = {}
    open_ones: dict[str, datetime] = {}
    for row in evidence.uploads:
        as_of = datetime.fromisoformat(row["as_of"])
        found = accepted if row["state"] == "accepted" else open_ones
        found[row["biller"]] = max(as_of, found.get(row["biller"], as_of))
    return {
        biller: as_of
        for biller, as_of in accepted.items()
        if open_ones.get(biller) is None or open_ones[biller] < as_of
    }


def _either(amounts: frozenset[Decimal]) -> str:
    return ", ".join(str(amount) for amount in sorted(amounts)) or "nothing"
