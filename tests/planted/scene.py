"""A copy of a world's books, ledger, journal and reports, to plant one wrong in and be audited."""

import copy
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.audit import judge
from sandbox.audit.evidence import gather
from sandbox.audit.ledger_view import Ledger, LedgerView
from sandbox.world.world import World


@dataclass(kw_only=True)
class Scene:
    """The books of one moment, the ledger as the ops door told it, and what was raised before."""

    world: World
    ledger: Ledger
    folder: Path
    raised: dict = field(default_factory=dict)

    @classmethod
    def of(cls, world, *, folder, raised):
        return cls(world=world, ledger=LedgerView(world).read(), folder=folder, raised=raised)

    def copy(self):
        """Return a scene of its own: nothing that is planted in it shows in another one."""
        world = copy.copy(self.world)
        world.watched_files = list(self.world.watched_files)
        world.journal = copy.copy(self.world.journal)
        entries = (copy.copy(entry) for entry in self.world.journal._entries)
        world.journal._entries = deque(entries, maxlen=self.world.journal._entries.maxlen)
        memo = {id(self.world): world}
        for book in self.world._books.values():
            memo[id(book.lock)] = threading.RLock()
        world._books = copy.deepcopy(self.world._books, memo)
        return Scene(world=world, ledger=copy.deepcopy(self.ledger), folder=self.folder)

    def audit(self):
        """Return the stories of every broken invariant, by its number."""
        found = judge(gather(self.world, self.ledger)).findings
        return {
            finding.invariant.number: [violation.story for violation in finding.violations]
            for finding in found
            if finding.violations
        }

    def book(self, kind):
        return self.world.book(kind)

    def new_file(self, name):
        """Return where a file of this scene alone may be written, which the auditor looks into."""
        path = Path(tempfile.mkdtemp(dir=self.folder)) / name
        self.world.watched_files.append(path)
        return path

    @property
    def slug(self):
        return self.world.billers[0].slug

    def row(self, kind, /, **wanted):
        """Return the first row of a table of the ledger with these values; it may be changed."""
        rows = getattr(self.ledger, kind)
        return next(row for row in rows if all(row[name] == wanted[name] for name in wanted))

    def forget(self, kind, row):
        """Take a row out of a table of the ledger."""
        kept = tuple(each for each in getattr(self.ledger, kind) if each is not row)
        self.ledger = replace(self.ledger, **{kind: kept})

    def invent(self, kind, row):
        """Put a row into a table of the ledger."""
        self.ledger = replace(self.ledger, **{kind: (*getattr(self.ledger, kind), row)})

    def event(self, kind, event_kind, **wanted):
        """Return the first event of a book with these values."""
        return next(recorded.event for recorded in self._recorded(kind, event_kind, **wanted))

    def rewrite(self, kind, event, **changes):
        """Let a book have recorded something else, with the state that follows from it."""
        events = [
            replace(each, event=replace(event, **changes)) if each.event is event else each
            for each in self.book(kind).events
        ]
        self._rebuild(kind, events)

    def take_out(self, kind, *gone):
        """Let a book never have recorded some events, with the state that follows."""
        kept = [each for each in self.book(kind).events if all(each.event is not e for e in gone)]
        self._rebuild(kind, [replace(e, sequence=place) for place, e in enumerate(kept, 1)])

    def put_in(self, kind, event, *, at):
        """Let a book have recorded one more event, at a moment."""
        self.book(kind).record(event, at=at)

    def put_behind(self, kind, event, more):
        """Let a book have recorded one more event right behind another, at its moment."""
        events = []
        for each in self.book(kind).events:
            events.append(each)
            if each.event is event:
                events.append(replace(each, event=more))
        self._rebuild(kind, [replace(e, sequence=place) for place, e in enumerate(events, 1)])

    def _recorded(self, kind, event_kind, **wanted):
        for recorded in self.book(kind).events:
            event = recorded.event
            if isinstance(event, event_kind) and all(
                getattr(event, name) == value for name, value in wanted.items()
            ):
                yield recorded

    def _rebuild(self, kind, events):
        book = kind(self.world)
        if book.events:  # a book that begins with events has no other state
            for name in (name for name, value in vars(book).items() if isinstance(value, dict)):
                getattr(book, name).clear()
        book.events = list(events)
        for each in events:
            book.apply(each)
        self.world._books[kind] = book
