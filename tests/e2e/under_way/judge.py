"""Judges a story by every book at once: who was asked twice, and what was left unbilled.

What is owed follows from what was charged and what was paid, whatever Spectrum's balance is.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

ZERO = Decimal("0.00")
# The data pump's tries, from the payment on.
TRIES = tuple(timedelta(seconds=seconds) for seconds in (5, 65, 365, 1265, 4865))
# By then the two-hour poll has told of a payment that the data pump did not bring.
POLLED = timedelta(hours=2, minutes=15)
# A bill that asked again is corrected within this, and an upload may take a moment.
CORRECTED = timedelta(minutes=15)
UNBILLED_MAX = timedelta(hours=2)
OURS = "InvoiceCloud"
EVER = datetime(2000, 1, 1, tzinfo=UTC)
APPLIED, REVERSED = "applied", "reversed"


@dataclass(kw_only=True)
class Paid:
    """A payment on one invoice, and what Spectrum's book has of it; moments are UTC."""

    guid: str
    amount: Decimal
    made_at: datetime
    returned_at: datetime | None
    known_at: datetime
    receipts: list = field(default_factory=list)

    def counts_at(self, moment):
        """Tell whether Invoice Cloud had taken it then, and had not given it back."""
        return self.made_at <= moment and (self.returned_at is None or moment < self.returned_at)

    def is_reversed_by(self, moment):
        return any(
            each["reversed_at"] and moment_of(each["reversed_at"]) < moment
            for each in self.receipts
        )

    @property
    def is_settled(self):
        """Tell whether Spectrum has a receipt of it, reversed if it came back."""
        standing = [r for r in self.receipts if not r["reversed_at"]]
        return len(standing) == (0 if self.returned_at else 1) and len(self.receipts) == 1

    @property
    def moments(self):
        told = [m for r in self.receipts for m in (r["applied_at"], r["reversed_at"]) if m]
        return [self.made_at, self.known_at, self.returned_at or EVER, *map(moment_of, told)]


@dataclass(kw_only=True)
class Account:
    """One invoice in all books: charges and others' money by moment, and its payments."""

    number: str
    shown: Decimal = ZERO
    charges: list = field(default_factory=list)
    payments: list = field(default_factory=list)

    def owed(self, moment, *, since=None, leaving_out=None, known_by=None, standing=()):
        """Return the most that was owed between two moments, less what was paid by the last.

        Only money that the adapter could know of by `known_by` counts as paid, if it is given;
        what is `standing` does, returned or not.
        """
        debts = self._debts(moment if since is None else since, moment)
        paid = [
            each
            for each in self.payments
            if each is not leaving_out and (known_by is None or each.known_at <= known_by)
        ]
        counted = [each for each in paid if each.counts_at(moment) or each in standing]
        return max(ZERO, max(debts) - sum((each.amount for each in counted), ZERO))

    def shown_at_most(self, moment, *, since, leaving_out=None):
        """Return the most that Invoice Cloud may show: what is owed, but for a credit.

        It shows no credit (decision 0003), and a payment that comes back is due whole: until the
        file after its reversal, the bill is too high by the credit that was there before.
        """
        owed = self.owed(moment, since=since, leaving_out=leaving_out)
        back = [
            each
            for each in self.payments
            if each.returned_at and each.returned_at <= moment and not each.is_reversed_by(since)
        ]
        returned = sum((each.amount for each in back), ZERO)
        kept = self.owed(moment, since=since, leaving_out=leaving_out, standing=back)
        return max(owed, kept + returned)

    def _debts(self, start, end):
        """Return every sum of the charges from what stood before `start` to `end`."""
        running, debts = ZERO, [ZERO]
        for at, amount in sorted(self.charges):
            if at > end:
                break
            running += amount
            debts = [running] if at < start else [*debts, running]
        return debts

    @property
    def ever_charged(self):
        return sum((amount for _, amount in self.charges if amount > 0), ZERO)

    @property
    def last_moved(self):
        return max([at for at, _ in self.charges] + [m for p in self.payments for m in p.moments])


class Judge:
    """Looks at a carrier now and then, and keeps what was wrong."""

    def __init__(self, carrier, *, outage=None):
        """`outage` is from when to when (UTC) files could not be made, sent or known of."""
        self._carrier = carrier
        self._outage = outage
        self.crossed = set()  # invoices that a file and a payment crossed on, for a few minutes
        self.is_at_rest = False  # nothing is open, and nothing has moved for two hours
        self._judged = set()
        self._cuts = []

    def look(self, *, asked=(), at_last=False):
        """Return what is wrong now; `asked` are invoices whose balance Invoice Cloud asks for.

        At last, whatever stands open has to be a person's.
        """
        now = self._carrier.world.clock.now()
        accounts = self._accounts(now)
        self.crossed = {n for n, each in accounts.items() if self._is_crossed(each, now)}
        wrongs = []
        for account in accounts.values():
            wrongs += self._asked_twice(account, now)
            wrongs += self._drawn_twice(account)
        for number in asked:
            wrongs += self._door_asks_twice(accounts[number], now)
        wrongs += self._unbilled(accounts, now, at_last=at_last)
        return wrongs

    def _asked_twice(self, account, now):
        most = account.shown_at_most(now, since=self._cut(now))
        if account.shown > most and account.number not in self.crossed:
            yield f"invoice {account.number} shows {account.shown}, and {most} is owed"

    def _drawn_twice(self, account):
        """Yield each payment of more than was owed when it was made, the others left aside."""
        for payment in account.payments:
            if payment.guid in self._judged:
                continue
            self._judged.add(payment.guid)
            at = payment.made_at
            most = account.shown_at_most(at, since=self._cut(at), leaving_out=payment)
            if payment.amount > most and not self._is_crossed(account, at, leaving_out=payment):
                yield f"invoice {account.number} paid {payment.amount} at {at}, and owed {most}"
        taken = sum((p.amount for p in account.payments if p.returned_at is None), ZERO)
        if taken > account.ever_charged:
            yield f"invoice {account.number} was never charged {taken}, which is taken on it"

    def _door_asks_twice(self, account, now):
        told = self._carrier.owed(account.number)
        most = account.owed(now, known_by=now)
        if told is not None and Decimal(told) > most:
            yield f"the balance door says {told} of invoice {account.number}; {most} is owed"

    def _unbilled(self, accounts, now, *, at_last):
        """Yield bills that differ from what is owed two hours after all is settled."""
        items = self._carrier.ledger("exceptions")
        asked = {row["invoice_number"] for row in items if not row["resolved_at"]}
        open_payments, open_reversals = self._open()
        self.is_at_rest = not open_payments and not open_reversals
        for account in accounts.values():
            number, owed = account.number, account.owed(now)
            waiting = [p for p in account.payments if (p.guid, number) in open_payments]
            unsettled = [p for p in account.payments if not p.is_settled]
            self.is_at_rest &= not unsettled and self._is_due(account, now)
            if at_last and (waiting or unsettled) and number not in asked:
                yield f"invoice {number}: {waiting or unsettled} is open, and no person is asked"
            is_open = waiting or unsettled or number in open_reversals
            if is_open and not at_last:
                continue
            if not at_last and not self._is_due(account, now):
                continue
            allowed = _less_some(owed, [p.amount for p in waiting if p.receipts])
            if account.shown not in allowed and not (
                number in open_reversals and account.shown <= owed
            ):
                yield f"invoice {number} shows {account.shown} at {now}, and {owed} is owed"

    def _open(self):
        payments = {
            (row["payment_guid"], row["invoice_number"])
            for row in self._carrier.ledger("deliveries")
            if row["state"] != APPLIED
        }
        reversals = {
            row["invoice_number"]
            for row in self._carrier.ledger("reversals")
            if row["state"] != REVERSED
        }
        return payments, reversals

    def _is_due(self, account, now):
        """Tell whether nothing has moved for two hours, and nothing kept files from being sent."""
        quiet = account.last_moved
        if self._outage and now > self._outage[0]:
            quiet = max(quiet, min(now, self._outage[1]))
        return now - quiet > UNBILLED_MAX

    def _is_crossed(self, account, at, *, leaving_out=None):
        """Tell whether a file crossed a payment that was not known yet, and is being corrected."""
        for made, received in self._cuts:
            for payment in account.payments:
                if payment is leaving_out or payment.made_at > received or received > at:
                    continue
                until = max(payment.known_at, received) + CORRECTED
                if self._outage and until >= self._outage[0]:
                    until = max(until, self._outage[1] + CORRECTED)
                if payment.known_at > made and at <= until:
                    return True
        return False

    def _cut(self, at):
        """Return when the last file was made that Invoice Cloud had taken by then."""
        return max((made for made, received in self._cuts if received <= at), default=EVER)

    def _accounts(self, now):
        state = self._carrier.state()
        cloud, spectrum = state["invoice_cloud"], state["spectrum"]
        self._cuts = [
            (_made_at(file["reference"]), moment_of(file["received_at"]))
            for file in cloud["files"]
            if file["accepted"]
        ]
        shown = {b["invoice_number"]: Decimal(b["balance_due"]) for b in cloud["bills"]}
        accounts = {
            row["invoice_number"]: Account(
                number=row["invoice_number"],
                shown=max(ZERO, shown.get(row["invoice_number"], ZERO)),
                charges=[(EVER, Decimal(row["billed"]))],
            )
            for row in spectrum["invoices"]
        }
        for change in self._carrier.call("GET", "/spectrum/changes")["changes"]:
            moved = (moment_of(change["at"]), Decimal(change["moved"]))
            accounts[change["invoice_number"]].charges.append(moved)
        receipts = defaultdict(list)
        for row in spectrum["receipts"]:
            if row["online_vendor"] == OURS:
                receipts[row["reference_number"].lower(), row["invoice_number"]].append(row)
        for row in cloud["payments"]:
            if row["approved"]:
                paid = _paid(row, now)
                paid.receipts = receipts[paid.guid, row["invoice_number"]]
                accounts[row["invoice_number"]].payments.append(paid)
        return accounts


def _paid(row, now):
    made_at = moment_of(row["made_at"])
    tries = row["pump_attempts"]
    known_at = made_at + TRIES[tries - 1] if row["pump"] == "delivered" else made_at + POLLED
    if row["pump"] == "delivered" and known_at > now:
        raise AssertionError(f"{row['payment_guid']} was delivered before it was tried")
    return Paid(
        guid=row["payment_guid"].lower(),
        amount=Decimal(row["amount"]),
        made_at=made_at,
        returned_at=moment_of(row["returned_at"]) if row["returned_at"] else None,
        known_at=known_at,
    )


def _less_some(owed, amounts):
    """Return what is owed less any of these amounts, and never below nothing."""
    sums = {ZERO}
    for amount in amounts:
        sums |= {each + amount for each in sums}
    return {max(ZERO, owed - each) for each in sums}


def _made_at(reference):
    """Return the moment (UTC) that a file's reference names, such as BIF20260105080000-2."""
    return datetime.strptime(reference[3:17], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def moment_of(text):
    return datetime.fromisoformat(text)
