"""The whole system in one process: the sandbox and the adapter, each behind its own socket.

The only file that knows both. The adapter's jobs run on the world's clock, so a month of its
schedule can be advanced like everything else; every call still goes through a real socket.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from adapter.bootstrap import Adapter, build
from adapter.domain.ledger_life import MARGIN
from adapter.doors.http import create_app
from adapter.doors.server import DoorServer
from adapter.errors import ConfigurationError
from adapter.settings import StaticSettings
from adapter.telemetry.log import configure_logging
from sandbox.fakes.spectrum.feed import schedule_feed_export
from sandbox.world.adapter_settings import FeedChoice, adapter_settings
from sandbox.world.world import World

# Spectrum's extract is told every quarter of an hour when it comes as files (decision 0001).
FEED_EXPORT_MINUTES = 15
ADAPTER_HOST = "127.0.0.1"


@dataclass(kw_only=True)
class JoinedAdapter:
    """An adapter at work for one world: its doors listen, its jobs wait on the world's clock."""

    adapter: Adapter
    doors: DoorServer

    @property
    def url(self) -> str:
        """Where its doors answer."""
        return self.doors.url

    def stop(self) -> None:
        self.doors.stop()
        self.adapter.stop()


def join_adapter(
    world: World,
    *,
    folder: Path,
    ledger: str | None = None,
    feed: FeedChoice = "http",
    receipts_feed: bool = True,
    port: int = 0,
    request_timeout_seconds: float = 10.0,
) -> JoinedAdapter:
    """Build an adapter for every biller of the world, open its doors and start its schedule.

    `ledger` is an SQLAlchemy URL; without it, the ledger is a file in the folder. Raises OSError
    when the port is taken.
    """
    configure_logging(level=logging.WARNING)
    feeds = folder / "feed"
    if ledger is None:
        file = folder / "adapter.db"
        world.watched_files += [file, file.with_name(f"{file.name}-wal")]
        ledger = f"sqlite:///{file}"
    settings = adapter_settings(
        world,
        ledger=ledger,
        feed=feed,
        feed_folder=feeds,
        receipts_feed=receipts_feed,
        request_timeout_seconds=request_timeout_seconds,
    )
    settings["adapter"]["marks"] = str(folder / "adapter-marks")
    adapter = build(
        StaticSettings(settings),
        clock=world.clock,
        timer=world.clock,
        make_ledger=True,
        # The world is younger than its ledger: no payment of it may be forgotten.
        begun=world.born_at - 2 * MARGIN,
    )
    try:
        doors = DoorServer(create_app(adapter), host=ADAPTER_HOST, port=port)
    except ConfigurationError as error:
        adapter.stop()
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise
    doors.start()
    for biller in world.billers:
        world.connectors[biller.slug].url = doors.url
        if feed == "folder":
            schedule_feed_export(world, biller, feeds / biller.slug, FEED_EXPORT_MINUTES)
    adapter.start()
    world.adapter_joined.set()
    return JoinedAdapter(adapter=adapter, doors=doors)
