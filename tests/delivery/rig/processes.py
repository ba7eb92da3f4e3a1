"""Real adapter processes: started, ordered to die at a point, killed, put to sleep."""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from sandbox.control.toml import toml_text
from sandbox.world.adapter_settings import adapter_settings
from tests.delivery.rig.engines import Engine
from tests.delivery.rig.partner import Partner

ROOT = Path(__file__).parents[3]
PLUGIN = Path(__file__).with_name("plugin")
START_SECONDS_MAX = 300.0
DIE_SECONDS_MAX = 120.0
# How far a process's clock is from the right time, where a campaign sets clocks apart.
SKEW_SECONDS = 600.0
LOG_CHARACTERS_MAX = 2000
COMMAND = (sys.executable, "-c", "from adapter.doors.cli import main; main()")


class EndedByItselfError(Exception):
    """A process of the adapter ended although nobody had killed it."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The delivery rules' times, as short as they can be without lying (settings [adapter])."""

    request_timeout_seconds: float = 1.0
    lease_seconds: float = 3.0
    settle_seconds: float = 3.0
    # Backing off, the longest wait; a retry of nothing else than the adapter's own kind.
    delay_seconds_max: float = 1.0

    def settings(self) -> dict[str, object]:
        return {
            "request_timeout_seconds": self.request_timeout_seconds,
            "lease_seconds": self.lease_seconds,
            "settle_seconds": self.settle_seconds,
            "retry": {
                "first_delay_seconds": 0.2,
                "delay_seconds_max": self.delay_seconds_max,
                "configuration_delay_seconds": 1.0,
            },
        }


class AdapterProcess:
    """One process of an engine; it may be started again and again, always on the same port."""

    def __init__(self, command: tuple[str, ...], config: Path, url: str) -> None:
        self.url = url
        self._config = config
        self._command = (*COMMAND, *command, "--config", str(config))
        self._orders = config.with_suffix(".orders")
        self.clock = config.with_suffix(".clock")
        self._log = config.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self.starts = 0
        self.has_doors = command[0] == "serve"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def beside(self, *command: str) -> "AdapterProcess":
        """Return another process with the same settings and the same orders."""
        return AdapterProcess(command, self._config, self.url)

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def start(self, *, die_at: str = "") -> None:
        """Start it; whoever has to know when it is at work asks `wait_until_ready`."""
        self._orders.unlink(missing_ok=True)
        if die_at:
            self.order_to_die(die_at)
        self._ready = threading.Event()
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
            "PYTHONPATH": f"{PLUGIN}{os.pathsep}{ROOT}",
            "RIG_ORDERS": str(self._orders),
            "RIG_CLOCK": str(self.clock),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._log.parent,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.starts += 1
        listener = threading.Thread(target=_listen, args=(self._process, self._ready), daemon=True)
        listener.start()

    def wait_until_ready(self) -> None:
        """Return when it says that it is at work, or has died before."""
        assert self._ready.wait(START_SECONDS_MAX), f"{self._command} does not start"
        self._was_killed_if_it_ended()

    def order_to_die(self, point: str, passing: int = 1) -> None:
        """Let it die when it passes a point for the so-manieth time from now."""
        self._order(point, passing, signal.SIGKILL)

    def order_to_sleep(self, point: str) -> None:
        """Let it fall asleep at a point, until somebody wakes it."""
        self._order(point, 1, signal.SIGSTOP)

    def _order(self, point: str, passing: int, end: signal.Signals) -> None:
        draft = self._orders.with_suffix(".draft")
        draft.write_text(f"{point} {passing} {end.value}")
        draft.replace(self._orders)

    def died_within(self, seconds: float) -> bool:
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL: not a line of its code runs any more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DIE_SECONDS_MAX)
        self._was_killed_if_it_ended()

    def set_clock(self, seconds: float) -> None:
        """Set its clock so many seconds off the right time, also while it runs."""
        draft = self.clock.with_suffix(".clock-draft")
        draft.write_text(str(seconds))
        draft.replace(self.clock)

    def sleep(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        self._orders.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGCONT)

    @property
    def is_asleep(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def limit_files(self, size: int | None) -> None:
        """Let no file of this process grow beyond `size` bytes, as on a full disk."""
        limit = resource.RLIM_INFINITY if size is None else size
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def _was_killed_if_it_ended(self) -> None:
        assert self._process is not None
        code = self._process.poll()
        if code not in {None, -signal.SIGKILL}:
            told = self._log.read_text("utf-8", "replace")[-LOG_CHARACTERS_MAX:]
            raise EndedByItselfError(f"{self._command} ended with {code}: {told}")


def _listen(process: subprocess.Popen[bytes], ready: threading.Event) -> None:
    """Read the one line that tells of being at work; a dead process is as ready as it gets."""
    with process.stdout as out:
        out.readline()
        ready.set()
        out.read()


def make_processes(
    engine: Engine, partner: Partner, folder: Path, ledger: str, pace: Pace
) -> list[AdapterProcess]:
    """Write a settings file for each process of an engine, with a port of its own."""
    made = []
    for number, command in enumerate(engine.commands, start=1):
        port = free_port()
        document = adapter_settings(
            partner.world,
            ledger=ledger,
            listen=f"127.0.0.1:{port}",
            receipts_feed=partner.receipts_feed,
            request_timeout_seconds=pace.request_timeout_seconds,
        )
        document["adapter"] |= pace.settings() | engine.settings
        for biller in document["billers"].values():
            biller["guard"] = {"settle_seconds": pace.settle_seconds}
        config = folder / f"adapter-{number}.toml"
        config.write_text(toml_text(document))
        made.append(AdapterProcess(command, config, f"http://127.0.0.1:{port}"))
    return made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
