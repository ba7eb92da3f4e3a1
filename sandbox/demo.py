"""The payment day: `sandbox demo` plays it over real sockets and tells it as a timeline."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import httpx
from rich.console import Console

from sandbox.composition import join_adapter
from sandbox.server import Sandbox
from sandbox.timeline import Line, Timeline, print_line
from sandbox.visitor import Visitor
from sandbox.world.carrier import make_policies
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

FeedOption = Literal["http", "folder", "none"]
FaultOption = Literal["sever_after", "sever_before", "silence_after", "none"]
CARD = "4111111111111111"
# Its bank returns every payment as R01, three banking days on (decision 0017).
RETURNING_ACCOUNT = {"routing_number": "021000021", "account_number": "000911880001"}


class RedirectId(IntEnum):
    """Pages at Invoice Cloud that IMT's portal leads to (D2)."""

    PAPERLESS = 2
    AUTOPAY = 3
    PAYMENT_OPTIONS = 5


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What the day is played with; `fault` strikes Spectrum under the third payment.

    `first_day` leaves out the days on which payments settle and one comes back.
    """

    seed: int = 1
    journal: Path | None = None
    deduplicate: bool = True
    receipts_feed: FeedOption = "none"
    fault: FaultOption = "sever_after"
    first_day: bool = False
    as_json: bool = False


class PaymentDay:
    """The story's hands: they act on the pages, and through the control API as QA would."""

    def __init__(self, world: World, control: httpx.Client, timeline: Timeline) -> None:
        self._world = world
        self._biller = world.billers[0]
        self._control = control
        self._timeline = timeline

    def play(self, options: DemoOptions) -> dict[str, Any]:
        """Play the day from Monday, 08:00 UTC, and what follows from it; return the audit."""
        self._call("PATCH", "behaviours", {"spectrum_deduplicates": options.deduplicate})
        self._timeline.chapter("The hourly invoice file")
        self._advance(hours=1)
        first, second, third, fourth, fifth = self._open_invoices()[:5]
        self._timeline.chapter("A payer finds the bill on the Virtual Site and pays by card")
        self._pay_on_the_site(first)
        self._timeline.chapter("Another pays by bank account")
        self._pay(second, {"bank_account": RETURNING_ACCOUNT})
        self._timeline.chapter(f"A third pays: {_FAULT_WORDS[options.fault]}")
        self._arm(third, options.fault)
        self._pay(third, {"card_number": CARD}, minutes=10)
        self._timeline.chapter("A fourth pays, and the data pump never gets through")
        self._lose_data_pump(fourth)
        self._pay(fourth, {"card_number": CARD})
        self._timeline.chapter(
            "Two policy holders sign on at IMT's portal, for paperless bills and for AutoPay"
        )
        self._choose_paperless(third)
        self._choose_autopay(first)
        self._timeline.chapter("The next invoice file carries what changed")
        self._advance(minutes=33)
        self._timeline.chapter("The poll confirms three payments and rescues the fourth")
        self._advance(minutes=15)
        if not options.first_day:
            self._play_an_outage(fifth)
            self._play_what_follows()
        self._timeline.rest()
        report: dict[str, Any] = self._call("GET", "audit")
        return report

    def _play_an_outage(self, bill: dict[str, Any]) -> None:
        """Play what once made a payer pay twice; Invoice Cloud asks the door at each look."""
        self._timeline.chapter(
            "Spectrum takes no receipt for an hour: a fifth pays, looks, and owes nothing"
        )
        self._call("PATCH", "behaviours", {"rtdr_suppressed": False})
        self._fail_receipts()
        self._pay(bill, {"card_number": CARD}, minutes=45)
        self._look_again(bill)
        self._advance(minutes=15)
        self._timeline.chapter("Spectrum is back: the payment is applied, once")
        self._call("DELETE", "faults")
        self._advance(hours=1)

    def _play_what_follows(self) -> None:
        self._timeline.chapter("Tuesday and Wednesday: the processor settles cards, then ACH")
        self._advance(hours=48, minutes=15)
        self._timeline.chapter("Thursday: the bank returns the second payment, and it is reversed")
        self._advance(hours=23, minutes=50)
        self._timeline.chapter("The next invoice file shows its balance again, and all matches")
        self._advance(hours=4, minutes=30)

    def _open_invoices(self) -> list[dict[str, Any]]:
        bills = self._call("GET", "state")["invoice_cloud"]["bills"]
        return [bill for bill in bills if bill["balance_due"] != "0.00"]

    def _pay(self, bill: dict[str, Any], instrument: dict[str, Any], minutes: int = 5) -> None:
        order = {"biller": bill["biller"], "invoice_number": bill["invoice_number"], **instrument}
        self._call("POST", "payers/payments", order)
        self._advance(minutes=minutes)

    def _pay_on_the_site(self, bill: dict[str, Any]) -> None:
        with closing(Visitor()) as payer:
            payer.open(f"{self._world.base_url}/invoicecloud/portal/site/{self._biller.slug}")
            payer.submit(number=bill["invoice_number"])
            payer.submit(method="card", card_number=CARD)
        self._advance(minutes=5)

    def _look_again(self, bill: dict[str, Any]) -> None:
        with closing(Visitor()) as payer:
            payer.open(f"{self._world.base_url}/invoicecloud/portal/site/{self._biller.slug}")
            payer.submit(number=bill["invoice_number"])
        self._advance()

    def _choose_paperless(self, bill: dict[str, Any]) -> None:
        with closing(Visitor()) as holder:
            self._sign_on(holder, bill, RedirectId.PAPERLESS)
            holder.submit("choice")
        self._advance(minutes=1)

    def _choose_autopay(self, bill: dict[str, Any]) -> None:
        with closing(Visitor()) as holder:
            self._sign_on(holder, bill, RedirectId.PAYMENT_OPTIONS)
            holder.submit(method="card", card_number=CARD)
            holder.open(self._portal(f"go/{RedirectId.AUTOPAY}"))
            holder.submit("method_guid", "choice")
        self._advance(minutes=1)

    def _sign_on(self, holder: Visitor, bill: dict[str, Any], page: RedirectId) -> None:
        """Let a policy's owner register at IMT, and go on to a page at Invoice Cloud."""
        [policy] = [
            policy
            for policy in make_policies(self._world, self._biller)
            if policy.policy_number == bill["account_number"]
        ]
        holder.open(self._portal())
        holder.submit(
            policy_number=policy.policy_number,
            owner=policy.organization_name or policy.last_name,
            zip_code=policy.zip_code,
            email=policy.email_address or f"owner-{policy.policy_number}@example.com",
        )
        holder.open(self._portal(f"go/{page}"))

    def _portal(self, page: str = "") -> str:
        company = self._biller.imt.company_id
        return f"{self._world.base_url}/imt/{company}/portal/{page}"

    def _arm(self, bill: dict[str, Any], fault: FaultOption) -> None:
        if fault == "none":
            return
        kind, _, moment = fault.partition("_")
        self._call(
            "POST",
            "faults",
            {
                "fault": kind,
                "partner": "spectrum",
                "operation": "OnlineReceipt",
                "moment": moment,
                "count": 1,
                "match": {"invoice_number": bill["invoice_number"]},
            },
        )

    def _fail_receipts(self) -> None:
        self._call(
            "POST",
            "faults",
            {
                "fault": "status",
                "partner": "spectrum",
                "operation": "OnlineReceipt",
                "moment": "before",
                "count": None,
                "parameters": {"status": 503},
            },
        )

    def _lose_data_pump(self, bill: dict[str, Any]) -> None:
        self._call(
            "POST",
            "faults",
            {
                "fault": "sever",
                "partner": "invoice_cloud",
                "operation": "DataPump",
                "moment": "before",
                "count": None,
                "match": {"invoice_number": bill["invoice_number"]},
            },
        )

    def _advance(self, *, hours: int = 0, minutes: int = 0) -> None:
        self._call("POST", "clock/advance", {"seconds": hours * 3600 + minutes * 60})
        self._timeline.tell()

    def _call(self, method: str, resource: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._control.request(method, f"/_sandbox/{resource}", json=body)
        answer.raise_for_status()
        return answer.json()


_FAULT_WORDS: dict[FaultOption, str] = {
    "sever_after": "Spectrum applies the receipt and the connection dies",
    "sever_before": "the connection dies before Spectrum acts",
    "silence_after": "Spectrum applies the receipt and never answers",
    "none": "nothing goes wrong",
}


def run_demo(options: DemoOptions) -> int:
    """Play the day; return 0 when the auditor finds every invariant to hold, else 1."""
    console = Console(highlight=False)
    lines: list[Line] = []
    show = lines.append if options.as_json else partial(print_line, console)
    with ExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory(prefix="sandbox-demo-")))
        sandbox = Sandbox().start("127.0.0.1", 0)
        running.callback(sandbox.stop)
        world = sandbox.create_world(seed=options.seed, start=DEMO_START)
        if not options.as_json:
            _introduce(console, options, world.billers[0].name)
        joined = join_adapter(
            world,
            folder=folder,
            feed="folder" if options.receipts_feed == "folder" else "http",
            receipts_feed=options.receipts_feed != "none",
            request_timeout_seconds=2.0 if options.fault == "silence_after" else 10.0,
        )
        running.callback(joined.stop)
        control = running.enter_context(httpx.Client(base_url=sandbox.url, timeout=600))
        report = PaymentDay(world, control, Timeline(world, show)).play(options)
        cash = _cash_of(world.billers[0].slug, joined.doors.url)
        if options.journal is not None:
            options.journal.write_text(world.journal.as_lines(), "utf-8")
    if options.as_json:
        document = {"timeline": [line.as_json() for line in lines], "cash": cash, "audit": report}
        print(json.dumps(document, indent=2))  # noqa: T201  # the answer of --json
    else:
        _tell_cash(console, cash)
        _conclude(console, report)
    return 0 if report["clean"] and cash["balances"] else 1


def _cash_of(biller: str, doors: str) -> dict[str, Any]:
    """Ask the adapter what Invoice Cloud took on the first day, and what became of it (0037)."""
    answer = httpx.get(
        f"{doors}/ops/cash-positions/{biller}",
        params={"day": f"{DEMO_START:%Y-%m-%d}"},
        trust_env=False,
    )
    answer.raise_for_status()
    position: dict[str, Any] = answer.json()
    return position


def _introduce(console: Console, options: DemoOptions, carrier: str) -> None:
    feed = {"http": "over HTTP", "folder": "as files in a folder", "none": "none"}
    console.print(f"[bold]A payment day of {carrier}[/] (seed {options.seed})")
    console.print(
        "Virtual time, real sockets. Spectrum de-duplicates receipts: "
        f"{'yes' if options.deduplicate else 'no'}; "
        f"receipts feed: {feed[options.receipts_feed]}."
    )


def _tell_cash(console: Console, cash: dict[str, Any]) -> None:
    console.print()
    console.print(f"[bold]The cash of {cash['day']}[/], now")
    for name in ("taken", "applied", "open", "given_back", "returned", "differences"):
        part = cash[name]
        words = "taken at Invoice Cloud" if name == "taken" else name.replace("_", " ")
        amount = f"{Decimal(part['amount']):,.2f}"
        console.print(f"  {words:<24}{part['count']:>3}{amount:>12}")
    console.print(
        "[green]To the cent.[/]" if cash["balances"] else "[bold red]It does not balance.[/]"
    )


def _conclude(console: Console, report: dict[str, Any]) -> None:
    console.print()
    for invariant in report["invariants"]:
        mark = "[green]holds [/]" if invariant["holds"] else "[bold red]BROKEN[/]"
        line = f"{mark} {invariant['number']:>2}  {invariant['statement']}"
        console.print(line, soft_wrap=True)
        for violation in invariant["violations"]:
            console.print(f"           {violation['story']}", markup=False)
    verdict = (
        "[bold green]The auditor: nothing lost, nothing doubled.[/]"
        if report["clean"]
        else "[bold red]The auditor: the books do not agree.[/]"
    )
    console.print(verdict)
