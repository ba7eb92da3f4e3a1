"""The ways in which a ledger is lost, put back, moved or failed over, and what each forgets."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url
from typer.testing import CliRunner

from adapter.doors.cli import app
from adapter.ledger import open_ledger
from adapter.ledger.copying import back_up, put_back
from tests.delivery.lost_ledgers.world import (
    HOUR,
    MINUTE,
    SECOND,
    World,
    afterwards,
    before_the_copy,
    in_forgotten_time,
    judged_and_done,
)

LOSSES = {}
COPY_NAME = "an_older_copy"


class Place:
    """A folder with an SQLite ledger, its copy and its marks."""

    def __init__(self, folder, cluster):
        self.folder = folder
        self.file, self.copy = folder / "ledger.db", folder / "copy.db"
        self.url = f"sqlite:///{self.file}"
        self.cluster = cluster
        open_ledger(self.url, make=True).close()

    def make_copy(self):
        back_up(self.file, self.copy)

    def put_copy_under(self):
        """Put the copy in the ledger's place under whoever works on it, as a failover does."""
        newer = self.folder / "newer.db"
        shutil.copyfile(self.copy, newer)
        self.forget("-wal", "-shm")
        newer.replace(self.file)

    def forget(self, *endings):
        for ending in endings:
            self.file.with_name(f"{self.file.name}{ending}").unlink(missing_ok=True)

    def command(self, world, *arguments):
        """Run `adapter ledger` as an operator does, with the settings of the adapter."""
        config = self.folder / "adapter.toml"
        config.write_text("\n".join(_toml(world.settings)))
        done = CliRunner().invoke(app, ["ledger", *arguments, "--config", str(config)])
        assert done.exit_code == 0, done.output


class ServerPlace:
    """A PostgreSQL ledger and its copy."""

    def __init__(self, folder, cluster):
        self.folder, self.cluster = folder, cluster
        self.url = cluster.new_database()
        self._name = make_url(self.url).database

    def make_copy(self):
        self.cluster.disconnect(self._name)
        self.cluster.execute(f"CREATE DATABASE {COPY_NAME} TEMPLATE {self._name}")

    def put_copy_under(self):
        self.cluster.execute(f"DROP DATABASE {self._name} WITH (FORCE)")
        self.cluster.execute(f"ALTER DATABASE {COPY_NAME} RENAME TO {self._name}")


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A way to lose a ledger: `forgets` lasts from the copy to the loss."""

    name: str
    lose: Callable
    forgets: timedelta
    place: type
    copies: Callable | None

    @property
    def needs_server(self):
        return self.name.endswith("PostgreSQL")

    def play(self, server, folder, *, cluster=None, hasty=False, **spectrum):
        """Play every story; return how each ended by itself, and after a person judged."""
        place = self.place(Path(folder), cluster)
        marks = str(place.folder / "adapter-marks")
        with World(server, place.url, marks=marks, **spectrum) as world:
            billed = before_the_copy(world)
            if self.copies is not None:
                self.copies(world, place)
            in_forgotten_time(world, billed, self.forgets)
            self.lose(world, place)
            afterwards(world, billed, hasty=hasty)
            return world.verdicts(), judged_and_done(world)


def loss(name, *, forgets=HOUR, place=Place, copies=None):
    """Keep a way by its name."""

    def keep(lose):
        LOSSES[name] = Loss(name=name, lose=lose, forgets=forgets, place=place, copies=copies)
        return lose

    return keep


def _copy(_world, place):
    place.make_copy()


def _toml(settings, *path):
    """Write settings as TOML, each table after what stands in the one around it."""
    tables = {name: value for name, value in settings.items() if isinstance(value, dict)}
    lines = [f"[{'.'.join(path)}]"] if path else []
    lines += [f"{k} = {json.dumps(v)}" for k, v in settings.items() if k not in tables]
    for name, table in tables.items():
        lines += _toml(table, *path, name)
    return lines


def _reopen(world, url, **how):
    how.setdefault("marks", world.marks)
    world.open(url, **how)


@loss("deleted")
def _deleted(world, place, **biller):
    place.forget("", "-wal", "-shm")
    world.adapter.stop()
    _reopen(world, place.url, make_ledger=True, biller=biller)


@loss("deleted, payments_since")
def _deleted_since(world, place):
    begun = world.ledger.life.knowledge().beginning
    _deleted(world, place, payments_since=begun.isoformat())


@loss("put back", copies=_copy)
def _put_back(world, place):
    world.adapter.stop()
    put_back(place.copy, place.file, now=world.clock.now())
    _reopen(world, place.url)


@loss(
    "put back by command",
    copies=lambda world, place: place.command(world, "backup", str(place.copy)),
)
def _restored(world, place):
    world.adapter.stop()
    place.command(world, "restore", str(place.copy))
    _reopen(world, place.url)


@loss("moved without its marks")
def _moved(world, place):
    world.adapter.stop()
    there = place.folder / "there"
    there.mkdir()
    place.file.rename(there / "ledger.db")
    _reopen(world, f"sqlite:///{there / 'ledger.db'}", marks=str(there / "adapter-marks"))


@loss("moved by command to PostgreSQL")
def _copied(world, place):
    world.adapter.stop()
    url = place.cluster.new_database()
    place.command(world, "copy", "--to", url)
    _reopen(world, url)


@loss("fresh ledger on PostgreSQL")
def _fresh(world, place):
    world.adapter.stop()
    _reopen(world, place.cluster.new_database(), make_ledger=True)


@loss("failed over", copies=_copy, forgets=30 * SECOND)
def _failed_over(_world, place):
    place.put_copy_under()


@loss(
    "failed over on PostgreSQL",
    place=ServerPlace,
    copies=_copy,
    forgets=30 * SECOND,
)
def _failed_over_on_a_server(_world, place):
    place.put_copy_under()


@loss("restarted")
def _restarted(world, place):
    world.adapter.stop()
    _reopen(world, place.url)


@loss("killed")
def _killed(world, place):
    world.die()
    _reopen(world, place.url)


@loss("restarted on PostgreSQL", place=ServerPlace)
def _restarted_on_a_server(world, place):
    _restarted(world, place)


def go_live(server, folder, **spectrum):
    """Begin a ledger where Invoice Cloud posted by itself, and have its report tell all of it."""
    place = Place(Path(folder), None)
    marks = str(place.folder / "adapter-marks")
    with World(server, place.url, marks=marks, **spectrum) as world:
        world.take("direct, never applied", is_told=False)
        direct = world.take("direct", is_told=False)
        world.spectrum.book.apply(
            invoice=direct.invoice_number, reference=direct.payment_guid, amount=direct.amount
        )
        world.clock.advance(hours=36)
        _deleted(world, place, payments_since=world.clock.now().isoformat())
        world.poll()
        world.live(world.clock.now() + 10 * MINUTE)
        world.take("since")
        world.take("since, never told", is_told=False)
        world.live(world.clock.now() + 24 * HOUR, polls=True)
        return world.verdicts(), judged_and_done(world)
