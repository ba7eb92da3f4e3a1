"""`sandbox up`: what it serves, what it says and when, and how it stops."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from sandbox.cli import app
from sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "sandbox"]


@pytest.fixture
def up():
    """Start `sandbox up` as a process of its own, and return it with what it said."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--json", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process, json.loads(process.stdout.readline())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_serves_until_it_is_told_to_stop(up, number):
    """With the default world in real time, and an end in peace."""
    process, said = up("--seed", "7")
    told = httpx.get(f"{said['control_url']}/worlds/default").json()
    assert (told["seed"], told["virtual"], told["base_url"]) == (7, False, said["url"])
    assert (said["adapter_url"], said["world"]["seed"]) == (None, 7)
    process.send_signal(number)
    assert process.wait(timeout=300) == 0


def test_up_is_told_to_stop_before_it_serves(up):
    """As soon as it is known where it listens: the signal is not lost, and ends it in peace."""
    process, _ = up("--with-adapter", "--adapter-port", "0")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=300) == 0


def test_up_in_virtual_time_expects_the_adapter_at_its_usual_place(up):
    _, said = up("--virtual", "--billers", "2", "--base-url", "http://sandbox:8100")
    told = httpx.get(f"{said['control_url']}/worlds/default").json()
    assert (told["virtual"], told["now"]) == (True, "2026-01-05T08:00:00Z")
    assert told["base_url"] == "http://sandbox:8100"
    page = httpx.get(f"{said['url']}/").text
    assert page.count("http://127.0.0.1:8200") == 2


def test_up_with_an_adapter_sends_the_first_invoice_file(up):
    """Both in one process and on one clock, each behind its own socket."""
    process, said = up("--virtual", "--with-adapter", "--adapter-port", "0")
    assert httpx.get(f"{said['adapter_url']}/ops/health").status_code == 200
    control = said["control_url"]
    answer = httpx.post(f"{control}/clock/advance", json={"seconds": 3600}, timeout=60)
    assert answer.json()["end"] == "2026-01-05T09:00:00Z"
    bills = httpx.get(f"{control}/state").json()["invoice_cloud"]["bills"]
    assert len(bills) == 25
    assert httpx.get(f"{control}/audit").json()["clean"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=300) == 0


def test_whoever_waits_until_it_is_ready_advances_with_the_adapter():
    """The first minute as the documents tell it, with the adapter in the very first file."""
    with socket.socket() as free:  # both start at once, so the port is chosen here
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    where = ["--url", f"http://127.0.0.1:{port}"]
    options = ["--virtual", "--with-adapter", "--adapter-port", "0", "--port", port]
    process = subprocess.Popen([*COMMAND, "up", *options], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        waiting = CliRunner().invoke(app, ["ready", "--wait", "60", *where])
        assert (waiting.exit_code, waiting.output) == (0, "ready\n")
        advanced = CliRunner().invoke(app, ["advance", "1h", "--json", *where])
        assert json.loads(advanced.output)["events"]["adapter.send_invoices"] == 1
    finally:
        process.terminate()
        assert process.wait(timeout=300) == 0


def test_banner_says_what_is_so_and_what_to_type_next():
    process = subprocess.Popen(
        [
            *(*COMMAND, "up", "--port", "0", "--virtual", "--with-adapter"),
            *("--adapter-port", "0", "--control-token", "let-me-in"),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = [process.stdout.readline() for _ in range(12)]
    process.terminate()
    rest, _ = process.communicate(timeout=300)
    assert rest == ""
    told = "".join(said)
    url = re.search(r"page +(http://[0-9.:]+)/\n", told).group(1)
    for line in (
        f"  control  {url}/_sandbox\n",
        "  world    default, seed 1\n",
        "  clock    virtual: it stands at 2026-01-05T08:00:00Z until it is advanced\n",
        f"  export SANDBOX_URL={url}\n",
        "  sandbox ready ",
        "  sandbox env ",
        "  sandbox advance 1h ",
    ):
        assert line in told
    assert re.search(r"  adapter  http://[0-9.:]+/ops/\n", told)
    assert "let-me-in" not in told


def test_a_taken_port_of_the_sandbox_is_named(taken_port):
    told = CliRunner().invoke(app, ["up", "--port", taken_port])
    assert told.exit_code == 2
    assert f"--port {taken_port}: the port is taken on 127.0.0.1" in told.output


def test_a_taken_port_of_the_adapter_is_named(taken_port):
    told = CliRunner().invoke(
        app, ["up", "--port", "0", "--with-adapter", "--adapter-port", taken_port]
    )
    assert told.exit_code == 2
    assert f"--adapter-port {taken_port}: the port is taken on 127.0.0.1" in told.output


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_none_of_this_machine_is_named(host):
    told = CliRunner().invoke(app, ["up", "--port", "0", "--host", host])
    assert told.exit_code == 2
    assert f"--port 0: cannot listen on {host}: " in told.output


@pytest.mark.parametrize("option", ["--port", "--adapter-port"])
def test_a_port_that_is_none_is_refused(option):
    assert CliRunner().invoke(app, ["up", option, "65536"]).exit_code == 2


def test_nothing_is_left_listening_where_the_adapter_found_its_port_taken(taken_port, monkeypatch):
    started = []
    begin = Sandbox.start

    def start(self, *arguments):
        started.append(self)
        return begin(self, *arguments)

    monkeypatch.setattr(Sandbox, "start", start)
    CliRunner().invoke(app, ["up", "--port", "0", "--with-adapter", "--adapter-port", taken_port])
    (sandbox,) = started
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.listens_at)
