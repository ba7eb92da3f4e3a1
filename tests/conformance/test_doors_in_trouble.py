"""The doors when the store fails, callers break off or come at once, and the process has to end.

Whatever happens: what was answered 202 is on disk, and what is not on disk was not answered 202.
"""

import hmac
import json
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import httpx
import jsonschema_rs
import pytest
from sqlalchemy import event

from adapter.ledger import store
from contracts.loader import schema
from sandbox.control.toml import toml_text
from sandbox.world.adapter_settings import adapter_settings

GUID = "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713"


class Served:
    """`adapter serve` as a process of its own, and what stands on its disk."""

    def __init__(self, world, folder):
        self.biller = world.billers[0]
        self.ledger = folder / "adapter.db"
        self.settings = adapter_settings(
            world, ledger="sqlite:///adapter.db", listen="127.0.0.1:0", request_timeout_seconds=5
        )
        self.path = folder / "adapter.toml"
        self.path.write_text(toml_text(self.settings))
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from adapter.doors.cli import main; main()"),
                *("serve", "--new-ledger", "--config", str(self.path)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self.process.stdout.readline().split()[-1]
        self.host, self.port = "127.0.0.1", int(self.url.rpartition(":")[2])

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def request(self, number=1, **changes):
        """Return the bytes of a notice."""
        notice = {
            "BillerGUID": self.biller.biller_guid,
            "PaymentGUID": guid(number),
            "InvoiceNumber": "30254",
            "AccountNumber": "1204117",
            "PaymentDate": "2026-01-05T03:04:05-05:00",
            "PaymentAmount": "1.00",
            "Approved": "True",
            **changes,
        }
        prepared = httpx.Request(
            "POST",
            f"{self.url}/billers/{self.biller.slug}/payments",
            json=notice,
            headers={"Connection": "close", "Authorization": self.authorization},
        )
        lines = [f"{name}: {value}" for name, value in prepared.headers.items()]
        target = prepared.url.raw_path.decode()
        head = "\r\n".join([f"POST {target} HTTP/1.1", *lines, "", ""])
        return head.encode() + prepared.content

    @property
    def authorization(self):
        table = self.settings["billers"][self.biller.slug]
        auth = httpx.BasicAuth(table["biller_guid"], table["door_key"])
        return next(auth.auth_flow(httpx.Request("GET", self.url))).headers["Authorization"]

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=60)

    def pay(self, number=1, **changes):
        with self.connect() as connection:
            connection.sendall(self.request(number, **changes))
            return answered(connection)

    def get(self, path):
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=60)

    def kept(self):
        """Return the GUIDs of every payment on disk."""
        with closing(sqlite3.connect(self.ledger)) as connection:
            rows = connection.execute("SELECT payment_guid FROM payments ORDER BY item_id")
            return [guid for (guid,) in rows]


def guid(number):
    return f"c3f1a6d2-7b48-4e90-8d5c-{number:012d}"


def answered(connection):
    """Read an answer to its end; return status, headers and document, or None for silence."""
    content = b""
    while chunk := connection.recv(65536):
        content += chunk
    if not content:
        return None
    head, _, body = content.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in lines)
    return int(line.split()[1]), headers, json.loads(body)


def is_come_again_later(answer):
    status, headers, document = answer
    told = jsonschema_rs.validator_for(schema("adapter", "Error")).is_valid(document)
    return status == 503 and int(headers["retry-after"]) > 0 and told


@pytest.fixture
def served(world, tmp_path):
    served = Served(world, tmp_path)
    yield served
    served.end()


@contextmanager
def locked(path):
    """Hold the write lock, as another process may."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.requirement("A3")
def test_a_full_disk_takes_nothing_and_what_was_answered_stands(served):
    assert served.pay(1)[0] == 202
    with full_disk(served.process.pid):
        refused = [served.pay(number) for number in range(2, 6)]
        assert all(is_come_again_later(answer) for answer in refused)
        ready = served.get("/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert served.get("/health").status_code == 200
    assert served.kept() == [guid(1)]
    assert served.pay(2)[0] == 202
    served.process.kill()
    assert served.kept() == [guid(1), guid(2)]


@contextmanager
def full_disk(pid):
    """Let a process's files grow no more, not even those that it has open."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_database_that_is_gone_takes_nothing(served):
    assert served.pay(1)[0] == 202
    away = shutil.move(served.ledger, f"{served.ledger}.away")
    assert is_come_again_later(served.pay(2))
    assert served.get("/ready").status_code == 503
    shutil.move(away, served.ledger)
    assert served.pay(3)[0] == 202
    assert served.kept() == [guid(1), guid(3)]


@pytest.fixture
def impatient(monkeypatch):
    """Wait for no other writer; stands before the ledger that is opened so."""
    monkeypatch.setattr(store, "BUSY_SECONDS", 0)


on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite:///adapter.db"])


@on_sqlite
def test_a_read_only_store_takes_nothing(doors):
    @event.listens_for(doors.adapter.ledger._store._engine, "checkout")
    def forbid(connection, _record, _proxy):
        connection.execute("PRAGMA query_only = ON")

    answer = doors.pay()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert doors.client.get("/ready").json()["reasons"] == ["the ledger cannot be written"]
    assert doors.kept() == []


@on_sqlite
@pytest.mark.usefixtures("impatient")
def test_a_store_locked_beyond_the_busy_time_takes_nothing(doors, tmp_path):
    with locked(tmp_path / "adapter.db"):
        answer = doors.pay()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert doors.client.get("/ready").status_code == 503
    assert doors.kept() == []
    assert doors.pay().status_code == 202


def test_a_notice_that_breaks_off_is_nothing(served):
    whole = served.request(1)
    for length in (10, whole.index(b"\r\n\r\n") + 4, len(whole) - 1):
        with served.connect() as connection:
            connection.sendall(whole[:length])
            connection.shutdown(socket.SHUT_WR)
            answer = answered(connection)
        assert answer is None or answer[0] == 400
    assert served.pay(2)[0] == 202
    assert served.kept() == [guid(2)]


def test_who_hangs_up_before_the_answer_may_ask_again(served):
    with locked(served.ledger), served.connect() as connection:
        connection.sendall(served.request(1))
        assert served.get("/health").status_code == 200
    again = served.pay(1)
    assert again[0] == 202
    assert served.kept() == [guid(1)]


@pytest.mark.requirement("A3")
def test_equal_notices_at_once_are_one_payment(doors):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: doors.pay(), range(8)))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert sorted(answer.json()["repeated"] for answer in answers) == [False] + [True] * 7
    assert len(doors.kept()) == 1


def test_of_unequal_notices_at_once_one_is_taken(doors):
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(doors.pay, ["0.10", "0.11"]))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    [taken] = [answer for answer in answers if answer.status_code == 202]
    assert taken.json()["repeated"] is False
    assert len(doors.kept()) == 1


def test_every_caller_costs_the_same_comparisons(doors, monkeypatch):
    """Known or unknown, right or wrong: two comparisons of digests, each to its end."""
    compared = []

    def counted(one, other, compare=hmac.compare_digest):
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    name, key = doors.credentials
    callers = [(name, key), (name, "x"), ("x", key), ("x" * 500, "x" * 500), ("", "")]
    for biller in (doors.biller.slug, "nobody"):
        for credentials in callers:
            compared.clear()
            doors.client.get(f"/billers/{biller}/balance?invoiceNumber=1", auth=credentials)
            assert compared[:2] == [(32, 32), (32, 32)]


def test_a_notice_in_flight_when_the_process_has_to_end_is_on_disk_and_answered(served):
    with ExitStack() as lock, served.connect() as connection:
        lock.enter_context(locked(served.ledger))
        connection.sendall(served.request(1))
        # Whoever answers this one has read the notice before it.
        assert served.get("/health").status_code == 200
        served.process.send_signal(signal.SIGTERM)
        wait_until_refused(served)
        lock.close()
        answer = answered(connection)
    assert served.process.wait(60) == 0
    assert answer[0] == 202
    assert served.kept() == [guid(1)]


def wait_until_refused(served):
    """Wait until no new caller is let in."""
    for _ in range(100_000):
        try:
            served.connect().close()
        except OSError:
            return
    raise AssertionError("new callers are let in for ever")


def test_half_a_notice_when_the_process_has_to_end_is_refused(served):
    whole = served.request(1)
    with served.connect() as connection:
        connection.sendall(whole[:-1])
        assert served.get("/health").status_code == 200
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert hears_nothing(connection, whole[-1:])
    assert served.kept() == []


def hears_nothing(connection, rest):
    """Send the rest of a request; tell whether it met a closed door."""
    try:
        connection.sendall(rest)
        return answered(connection) is None
    except OSError:
        return True
