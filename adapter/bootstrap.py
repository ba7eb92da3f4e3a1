"""The one place that builds anything: the ledger, the partners' clients, the engine."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url

from adapter.clock import Clock, Timer
from adapter.context import JobContext, Rules
from adapter.domain.invoice import BifProfile
from adapter.domain.retry import RetryPolicy
from adapter.engines.embedded import EmbeddedEngine
from adapter.engines.engine import Engine
from adapter.errors import ConfigurationError, LedgerError
from adapter.ledger import Ledger, open_ledger
from adapter.observer import Observer
from adapter.partners.clock_watch import ClockWatch
from adapter.partners.http import PartnerHttp, open_client
from adapter.partners.imt import ImtClient, MissingImt
from adapter.partners.invoice_cloud import InvoiceCloudClient
from adapter.partners.invoice_cloud_rest import InvoiceCloudRestClient
from adapter.partners.spectrum import SpectrumClient
from adapter.partners.spectrum_feed import FolderFeed, HttpFeed
from adapter.partners.spectrum_reversals import FolderReversals, HttpReversals
from adapter.ports import BillerPorts, EnrollmentPort, PayerAccountsPort, ReversalPort
from adapter.settings import AdapterSettings, BillerSettings, SettingsSource
from adapter.telemetry.gauges import LedgerGauges
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.watch import Watch, open_traces
from adapter.version import DISTRIBUTION


class Billers:
    """Every configured biller; its connections live as long as its settings stay the same."""

    def __init__(
        self, source: SettingsSource, clock: Clock, observer: Observer | None = None
    ) -> None:
        self._source = source
        self._clock = clock
        self.clock_watch = ClockWatch(clock)
        self._observer = observer
        # A client for each partner: one that hangs takes no connection from the other.
        seconds = source.current().adapter.request_timeout_seconds
        self._clients = {
            partner: open_client(timeout_seconds=seconds)
            for partner in ("spectrum", "invoice_cloud", "imt")
        }
        self._lock = threading.Lock()
        self._built: dict[str, tuple[BillerSettings, BillerPorts]] = {}

    def names(self) -> tuple[str, ...]:
        """Return every biller, those with wrong settings too: what they miss is to be seen."""
        view = self._source.current()
        return tuple(sorted({*view.billers, *view.biller_problems}))

    def ports(self, biller: str) -> BillerPorts:
        """Return the biller's connections; raises ConfigurationError or NotFoundError."""
        settings = self._source.current().biller(biller)
        with self._lock:
            built = self._built.get(biller)
            if built is None or built[0] != settings:
                built = (settings, self._connect(settings))
                self._built[biller] = built
            return built[1]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _http(self, partner: str) -> PartnerHttp:
        return PartnerHttp(
            partner, self._clients[partner], observer=self._observer, watch=self.clock_watch
        )

    def _imt(self, biller: BillerSettings, settings: str) -> EnrollmentPort:
        if biller.imt is None:
            return MissingImt(settings)
        return ImtClient(self._http("imt"), biller.imt, self._clock, settings=settings)

    def _payer_accounts(self, biller: BillerSettings, settings: str) -> PayerAccountsPort | None:
        if biller.rest is None or biller.sign_on is None:
            return None
        return InvoiceCloudRestClient(
            self._http("invoice_cloud"),
            biller.rest,
            biller_guid=biller.biller_guid,
            password_seed=biller.sign_on.password_seed,
            settings=settings,
        )

    def _connect(self, biller: BillerSettings) -> BillerPorts:
        table = f"billers.{biller.slug}"
        rtdr = SpectrumClient(
            self._http("spectrum"),
            biller.rtdr,
            self._clock,
            settings=f"{table}.advanced_settings.8 to 10",
        )
        payments = SpectrumClient(
            self._http("spectrum"),
            biller.payments,
            self._clock,
            settings=f"{table}.advanced_settings.11 to 13",
            time_zone=biller.time_zone,
        )
        feed = _feed(biller, payments, f"{table}.feed")
        invoice_cloud = InvoiceCloudClient(
            self._http("invoice_cloud"), biller, base64_upload=biller.base64_upload
        )
        return BillerPorts(
            bif_profile=_bif_profile(biller),
            posts_per_minute=biller.posts_per_minute,
            guard=biller.guard.figures,
            return_codes=biller.reversing_codes,
            rtdr=rtdr,
            balances=payments,
            receipts=payments,
            invoice_feed=feed,
            receipt_feed=feed if biller.feed.receipts else None,
            invoice_upload=invoice_cloud,
            payment_report=invoice_cloud,
            reject_report=invoice_cloud,
            reversals=_reversals(biller, payments, f"{table}.feed"),
            settlement_report=invoice_cloud,
            enrollments=self._imt(biller, f"{table}.imt"),
            enrollment_report=invoice_cloud,
            payer_accounts=self._payer_accounts(biller, f"{table}.invoice_cloud"),
            payments_since=biller.payments_since,
            posting=biller.posting,
            subtract_under_way=biller.subtract_under_way,
        )


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A built adapter: what the doors and commands work with.

    `settings` are those of [adapter] that are in effect, whatever the file says by now.
    """

    source: SettingsSource
    settings: AdapterSettings
    clock: Clock
    ledger: Ledger
    billers: Billers
    work: JobContext
    engine: Engine
    watch: Watch
    # Set when the process was told to end: from then on it is not ready.
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Let the jobs run on their schedule."""
        self.engine.start()

    def stop(self) -> None:
        """Let what runs come to its end, and close every connection; close the doors before."""
        self.stopping.set()
        self.engine.stop()
        with suppress(LedgerError):
            self.ledger.life.leave(now=self.clock.now())
        self.billers.close()
        self.ledger.close()
        self.watch.close()


def build(
    source: SettingsSource,
    *,
    clock: Clock,
    timer: Timer,
    works: bool = True,
    sweep: timedelta | None = None,
    make_ledger: bool = False,
    begun: datetime | None = None,
) -> Adapter:
    """Build an adapter; what stands in [adapter] is read here once, the billers at each look.

    One that does not work has doors only: its payments wait for the workers of other processes.
    `sweep` is how often the embedded engine looks for what another process has left. Only with
    `make_ledger` is a ledger made where none is. A new one knows nothing of the time before
    `begun`, which is now unless somebody knows better.
    """
    settings = source.current().adapter
    ledger = open_ledger(
        settings.ledger, billers=lambda: source.current().biller_guids, make=make_ledger
    )
    ledger.keep_time(clock)
    ledger.life.begin(begun or clock.now())
    ledger.life.arrive(clock, None if settings.marks is None else Path(settings.marks))
    watch = Watch(Metrics(clock), open_traces())
    billers = Billers(source, clock, watch)
    watch.metrics.registry.register(LedgerGauges(ledger, clock, billers.names))
    work = JobContext(
        ledger=ledger, billers=billers, clock=clock, rules=rules_of(settings), observer=watch
    )
    return Adapter(
        source=source,
        settings=settings,
        clock=clock,
        ledger=ledger,
        billers=billers,
        work=work,
        engine=_engine(work, settings, timer, works=works, sweep=sweep),
        watch=watch,
    )


def _engine(
    work: JobContext,
    settings: AdapterSettings,
    timer: Timer,
    *,
    works: bool,
    sweep: timedelta | None,
) -> Engine:
    if settings.engine == "embedded" and works:
        return EmbeddedEngine(work, timer, sweep=sweep)
    if settings.engine == "embedded":
        raise ConfigurationError(
            "adapter.engine: the embedded engine has no workers elsewhere. Leave --doors-only "
            'out, or set engine to "procrastinate"'
        )
    try:
        from adapter.engines.procrastinate import ProcrastinateEngine
    except ImportError as error:
        raise ConfigurationError(
            f"adapter.engine: procrastinate is not installed ({error}). Install the adapter with "
            f"its extra: pip install '{DISTRIBUTION}[postgresql]'"
        ) from None
    threads = settings.threads if works else 0
    return ProcrastinateEngine(work, make_url(settings.ledger), threads=threads)


def _feed(biller: BillerSettings, client: SpectrumClient, settings: str) -> HttpFeed | FolderFeed:
    if biller.feed.kind == "http":
        return HttpFeed(client, biller.feed.location, settings=settings)
    return FolderFeed(biller.feed.location, settings=settings)


def _reversals(biller: BillerSettings, client: SpectrumClient, settings: str) -> ReversalPort:
    if biller.feed.kind == "http":
        return HttpReversals(client, biller.feed.location, settings=settings)
    return FolderReversals(biller.feed.location, settings=settings)


def _bif_profile(biller: BillerSettings) -> BifProfile:
    replaces = biller.reserved_characters != "refuse"
    return BifProfile(
        biller_guid=biller.biller_guid,
        invoice_format_guid=biller.invoice_format_guid,
        time_zone=biller.time_zone,
        replacement=biller.reserved_characters if replaces else None,
        dialect=biller.bif.dialect,
        questionnaire=biller.bif.questionnaire,
    )


def bif_profile_of(source: SettingsSource, biller: str) -> BifProfile:
    """Return what a biller's files are written with; raises as `Billers.ports` does."""
    return _bif_profile(source.current().biller(biller))


def rules_of(settings: AdapterSettings) -> Rules:
    """Return the bounds that jobs keep to."""
    return Rules(
        settle_seconds=settings.settle_seconds,
        lease_seconds=settings.lease_seconds,
        poll_overlap_minutes=settings.poll_overlap_minutes,
        first_reach_hours=settings.first_reach_hours,
        retry=RetryPolicy(**settings.retry.model_dump()),
        keep_days=settings.keep_days,
    )
