"""A sandbox for tests: in this process, in one of its own, or one that runs already."""

from __future__ import annotations

import itertools
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .connection import Connection, SandboxError
from .world import World, utc_text

if TYPE_CHECKING:
    from sandbox.composition import JoinedAdapter
    from sandbox.server import Sandbox

# Where a world's virtual clock starts: a Monday.
START = "2026-01-05T08:00:00Z"
FIRST_LOOK_SECONDS = 10.0
STOP_SECONDS = 10.0
# Nothing of the folder it is started in, and none of its names, is seen by a process of its own;
# it ends with its parent, however that ends.
_ISOLATED = """
import os, sys, threading
sys.path.insert(0, sys.argv.pop(1))
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from sandbox.cli import main
main()
"""


class ServedSandbox:
    """A sandbox that answers at `url`; worlds that were made here end with it."""

    def __init__(
        self,
        url: str,
        *,
        control_token: str | None = None,
        prefix: str = "test",
        own: Sandbox | None = None,
    ) -> None:
        self.url = url
        self._control_token = control_token
        self._own = own
        self._names = (f"{prefix}-{number}" for number in itertools.count(1))
        self._made: list[World] = []

    def create_world(
        self,
        name: str | None = None,
        *,
        seed: int = 1,
        start: str | datetime | None = START,
        billers: int = 1,
        open_invoices: int = 25,
        spectrum_deduplicates: bool | None = None,
    ) -> World:
        """Grow a world from a seed; without a `start` (UTC) its clock runs in real time.

        Raises SandboxError, such as for a name that is taken, and ValueError for a naive start.
        """
        name = name or next(self._names)
        wanted = {
            "name": name,
            "seed": seed,
            "start": utc_text(start) if isinstance(start, datetime) else start,
            "billers": billers,
            "open_invoices": open_invoices,
        }
        connection = Connection(url=self.url, control_token=self._control_token)
        connection.ask("POST", "/_sandbox/worlds", wanted)
        world = World(self.url, name, control_token=self._control_token)
        self._made.append(world)
        if spectrum_deduplicates is not None:
            change = {"spectrum_deduplicates": spectrum_deduplicates}
            world.control("PATCH", "behaviours", change)
        return world

    def delete_worlds(self) -> None:
        """End every world that was made here and is still there."""
        for world in self._made:
            with suppress(SandboxError):
                world.delete()

    def join_adapter(self, world: World, folder: Path) -> JoinedAdapter:
        """Let the adapter serve a world, on its clock; its ledger lies in the folder.

        Raises SandboxError where the sandbox is in another process.
        """
        if self._own is None:
            raise SandboxError(
                f"the adapter joins a sandbox of its own process, and {self.url} is in another. "
                "Run one beside it: adapter serve, with the world's adapter.toml.",
                code="other_process",
            )
        from sandbox.composition import join_adapter

        return join_adapter(self._own.world(world.name), folder=folder)


@contextmanager
def serve(
    *, url: str | None = None, control_token: str | None = None, isolated: bool = False
) -> Iterator[ServedSandbox]:
    """Serve a sandbox on a free port of this machine until the block ends.

    With `url`, use the one that answers there; with `isolated`, start it in a process that sees
    nothing of this one. Raises SandboxError where none answers, or what it needs is missing.
    """
    if url is not None:
        connection = Connection(url=url.rstrip("/"), control_token=control_token)
        answer = connection.ask("GET", "/_sandbox/worlds", timeout_seconds=FIRST_LOOK_SECONDS)
        if not isinstance(answer, Mapping) or "worlds" not in answer:
            raise SandboxError(f"what answers at {url} is no sandbox", code="no_sandbox")
        # Others may make worlds there, too.
        prefix = f"test-{secrets.token_hex(4)}"
        served = ServedSandbox(connection.url, control_token=control_token, prefix=prefix)
        try:
            yield served
        finally:
            served.delete_worlds()
    elif isolated:
        with _isolated() as started:
            yield ServedSandbox(started)
    else:
        from sandbox.extras import missing_extra
        from sandbox.server import Sandbox

        if missing := missing_extra():
            raise SandboxError(missing, code="missing_extra")
        sandbox = Sandbox().start(port=0)
        try:
            yield ServedSandbox(sandbox.url, own=sandbox)
        finally:
            sandbox.stop()


@contextmanager
def _isolated() -> Iterator[str]:
    home = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-I", "-c", _ISOLATED, home, "up", "--virtual", "--port", "0"]
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(  # noqa: S603  # our own
            [*command, "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        try:
            yield _told_url(process, complaints)
        finally:
            process.communicate(timeout=STOP_SECONDS)  # closes its input, by which it ends


def _told_url(process: subprocess.Popen[str], complaints: Any) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        complaints.seek(0)
        raise SandboxError(f"no sandbox starts: {complaints.read().strip()}", code="not_started")
    url: str = json.loads(line)["url"]
    return url
