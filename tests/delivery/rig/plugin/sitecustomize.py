"""Kills or stops the process that imports it at a named point, and shifts its clock.

Python imports it at the start of every process that the rig starts, because its folder comes
first on PYTHONPATH; the adapter knows nothing of it. Two files order what happens.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections import Counter
from datetime import timedelta
from functools import wraps
from pathlib import Path
from urllib.parse import urlsplit

ORDERS = os.environ.get("RIG_ORDERS")
CLOCK = os.environ.get("RIG_CLOCK")
# What a request is of, by a part of its path.
REQUESTS = {
    "/OnlineReceipt": "payment",
    "/extract/v1/reversals": "reversal",
    "/api/settings/": "enrollment",
}

_passed = Counter()


def order():
    """Return what the rig wrote: a point, the passing that counts and a signal; or nothing."""
    with contextlib.suppress(FileNotFoundError):
        return Path(ORDERS).read_text().split()
    return None


def is_due(name, kind, wanted):
    """Return whether this is the point, and its passing the one that was ordered.

    An order may name a point alone, or a point of one kind of item, such as `claimed:reversal`.
    """
    if not wanted or wanted[0] not in {name, f"{name}:{kind}"}:
        return False
    _passed[tuple(wanted)] += 1
    return _passed[tuple(wanted)] == int(wanted[1])


def pass_point(name, kind):
    """End here, when this is the point and its time has come."""
    wanted = order()
    if is_due(name, kind, wanted):
        # To this very thread: it must not run on while another one takes the signal.
        signal.pthread_kill(threading.get_ident(), int(wanted[2]))


def die_after(owner, method, point, *, kind=None, when=lambda _result: True):
    """Pass a point whenever a method has returned; an outbox knows the kind of its items."""
    inner = getattr(owner, method)

    @wraps(inner)
    def outer(*args, **kwargs):
        result = inner(*args, **kwargs)
        if when(result):
            pass_point(point, kind or args[0]._kind.name)
        return result

    setattr(owner, method, outer)


def die_when_the_request_has_left(transport):
    """Write the request to a socket of its own and die: the partner works on, for nobody."""
    inner = transport.handle_request

    @wraps(inner)
    def outer(self, request):
        kind = next((REQUESTS[part] for part in REQUESTS if part in request.url.path), None)
        if kind is not None and is_due("request_left", kind, order()):
            _send(request)
            os.kill(os.getpid(), signal.SIGKILL)
        return inner(self, request)

    transport.handle_request = outer


def _send(request):
    parts = urlsplit(str(request.url))
    head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n".encode()
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers.raw)
    with socket.create_connection((parts.hostname, parts.port)) as wire:
        wire.sendall(head + lines + b"\r\n" + request.read())


def shift_clocks():
    """Add the seconds in a file, if there is one, to whatever the machine's clock says.

    That is what the adapter reads, and what the queue's schedule reads.
    """
    from adapter import clock

    machine_now, seconds_now = clock.machine_now, time.time

    def shift():
        try:
            return float(Path(CLOCK).read_text())
        except (FileNotFoundError, ValueError):
            return 0.0

    clock.machine_now = lambda: machine_now() + timedelta(seconds=shift())
    time.time = lambda: seconds_now() + shift()


def install():
    import httpx

    from adapter.kinds.payments import PaymentQueries
    from adapter.ledger.outbox import Outbox
    from adapter.ledger.uploads import UploadBook
    from adapter.partners.imt import ImtClient
    from adapter.partners.invoice_cloud import InvoiceCloudClient
    from adapter.partners.spectrum import SpectrumClient
    from adapter.partners.spectrum_reversals import HttpReversals

    die_after(Outbox, "accept", "accepted")
    die_after(Outbox, "accept_all", "accepted")
    die_after(Outbox, "claim_due", "claimed", when=lambda claimed: claimed is not None)
    die_after(SpectrumClient, "balance_due", "balance_read", kind="payment")
    die_after(Outbox, "begin_sending", "sending_committed")
    die_when_the_request_has_left(httpx.HTTPTransport)
    die_after(SpectrumClient, "post_receipt", "answered", kind="payment")
    die_after(HttpReversals, "reverse", "answered", kind="reversal")
    die_after(ImtClient, "push", "answered", kind="enrollment")
    die_after(Outbox, "record", "recorded")
    die_after(UploadBook, "begin", "upload_begun", kind="upload")
    die_after(InvoiceCloudClient, "upload", "uploaded", kind="upload")
    die_after(PaymentQueries, "of_guids", "reconciling", kind="payment")
    if CLOCK:
        shift_clocks()


if ORDERS:
    install()
