"""HTTP beneath the partners: which error of the wire means what, and the bounds of an answer."""

import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import httpx
import pytest

from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.http import (
    ANSWER_BYTES_MAX,
    RETRY_AFTER_SECONDS_MAX,
    Call,
    PartnerHttp,
    UnauthorizedError,
    open_client,
)

URL = "https://spectrum.example/api/OnlineReceipt"
DATE = "Mon, 05 Jan 2026 08:00:00 GMT"
SECRET = "22222222-0000-4000-8000-00000000000A"


def call(**changes) -> Call:
    return Call(
        **{
            "operation": "OnlineReceipt",
            "method": "POST",
            "url": URL,
            "settings": "billers.alpha.advanced_settings.11",
            "content": b"{}",
            "secrets": (SECRET,),
        }
        | changes
    )


def raising(error: Exception):
    def handler(_):
        raise error

    return handler


def answering(status: int, **rest):
    return lambda _: httpx.Response(status, **rest)


def cut_off(error: Exception, status: int = 200):
    """Answer with a body that breaks off after some bytes."""

    def body():
        yield b'{"receiptID": '
        raise error

    return lambda _: httpx.Response(status, content=body())


def pouring(size: int, status: int = 200):
    """Return a handler whose body is a thousand chunks, and the list of those delivered."""
    delivered = []

    def body():
        for _ in range(1000):
            delivered.append(size)
            yield b"x" * size

    return lambda _: httpx.Response(status, content=body()), delivered


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("busy"),
        httpx.ProxyError("407"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("repeatable", [True, False])
def test_what_never_left_can_be_tried_again(wire, error, repeatable):
    with pytest.raises(RetryableError, match="no connection was made") as caught:
        wire(raising(error)).send(call(repeatable=repeatable))
    assert caught.value.partner == "spectrum"
    assert caught.value.operation == "OnlineReceipt"
    assert caught.value.status is None


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("silence"),
        httpx.WriteTimeout("stuck"),
        httpx.ReadError("reset"),
        httpx.WriteError("broken pipe"),
        httpx.RemoteProtocolError("disconnected"),
        httpx.LocalProtocolError("odd state"),
        httpx.CloseError("closing"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    ("repeatable", "kind"), [(True, RetryableError), (False, OutcomeUnknownError)]
)
@pytest.mark.parametrize("wrong", [raising, cut_off], ids=["at the request", "in the answer"])
def test_what_may_have_left_is_unknown_unless_it_is_repeatable(
    wire, error, repeatable, kind, wrong
):
    with pytest.raises(kind):
        wire(wrong(error)).send(call(repeatable=repeatable))


def test_an_answer_that_cannot_be_decoded_is_a_broken_one(wire):
    body = httpx.ByteStream(b"no gzip")
    garbled = answering(200, headers={"Content-Encoding": "gzip"}, stream=body)
    with pytest.raises(OutcomeUnknownError, match="DecodingError") as caught:
        wire(garbled).send(call(repeatable=False))
    assert caught.value.status == 200


@pytest.mark.parametrize("url", ["ftp://x/y", "spectrum.example/api", "https://[::1/x"])
def test_an_address_that_cannot_be_called_is_a_wrong_setting(url):
    with (
        open_client(timeout_seconds=5) as client,
        pytest.raises(ConfigurationError, match=r"billers\.alpha\.advanced_settings\.11"),
    ):
        PartnerHttp("spectrum", client).send(call(url=url))


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_is_returned(wire, status):
    answer = wire(answering(status, content=b"body")).send(call())
    assert (answer.status, answer.content) == (status, b"body")


MEANINGS = {
    (OutcomeUnknownError, False): [500, 502, 503, 504, 302, 303],
    (RetryableError, True): [500, 503, 429],
    (RetryableError, False): [408, 425, 429],
    (RejectedError, True): [404, 418],
    (RejectedError, False): [400, 405, 413, 415],
    (UnauthorizedError, False): [401],
    (ConfigurationError, True): [302],
    (ConfigurationError, False): [403, 307, 308],
}


@pytest.mark.parametrize(
    ("kind", "repeatable", "status"),
    [(*meaning, status) for meaning, statuses in MEANINGS.items() for status in statuses],
)
def test_status_means(wire, kind, repeatable, status):
    """Any 5xx to what may not be repeated leaves doubt, as does a redirect after the deed."""
    with pytest.raises(kind) as caught:
        wire(answering(status, text="why")).send(call(repeatable=repeatable))
    assert type(caught.value) is kind
    if not isinstance(caught.value, ConfigurationError):
        assert caught.value.status == status
        assert caught.value.excerpt == "why"
        assert str(status) in str(caught.value)


def test_a_call_says_which_statuses_blame_the_settings_and_which_it_reads_itself(wire):
    handled = wire(answering(500, text="a fault")).send(call(handled=frozenset({500})))
    assert (handled.status, handled.content) == (500, b"a fault")
    with pytest.raises(ConfigurationError, match=r"advanced_settings\.11: spectrum .* with 404"):
        wire(answering(404)).send(call(blames_settings=frozenset({404})))


def test_redirects_are_not_followed(wire):
    asked = []

    def handler(request):
        asked.append(str(request.url))
        return httpx.Response(307, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(ConfigurationError):
        wire(handler).send(call())
    assert asked == [URL]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 7 "}, 7),
        ({"Retry-After": "999999999999"}, RETRY_AFTER_SECONDS_MAX),
        ({"Retry-After": "Mon, 05 Jan 2026 08:01:30 GMT", "Date": DATE}, 90),
        ({"Retry-After": "Mon, 05 Jan 2026 07:00:00 GMT", "Date": DATE}, 0),
        ({"Retry-After": "Mon, 05 Jan 2026 08:01:30 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1e9"}, None),
        ({"Retry-After": "²"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(wire, headers, seconds, status):
    """Seconds, or a moment that counts from the answer's own Date."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    with pytest.raises(RetryableError) as caught:
        wire(answering(status, headers=raw)).send(call())
    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("repeatable", "kind"), [(True, RetryableError), (False, OutcomeUnknownError)]
)
def test_a_larger_answer_is_an_error_and_is_not_read_on(wire, repeatable, kind):
    handler, delivered = pouring(64 * 1024)
    with pytest.raises(kind, match="larger than"):
        wire(handler).send(call(repeatable=repeatable))
    assert sum(delivered) <= ANSWER_BYTES_MAX + 64 * 1024


def test_of_an_error_only_an_excerpt_is_read(wire):
    handler, delivered = pouring(1024, status=400)
    with pytest.raises(RejectedError):
        wire(handler).send(call())
    assert len(delivered) < 10


def test_an_error_whose_body_breaks_off_keeps_its_meaning(wire):
    with pytest.raises(RejectedError) as caught:
        wire(cut_off(httpx.ReadError("reset"), status=400)).send(call(repeatable=False))
    assert caught.value.excerpt == '{"receiptID":'


@pytest.mark.parametrize(
    ("seconds_max", "patience"), [(None, 30), (100.0, 100)], ids=["client's", "call's own"]
)
def test_an_answer_that_trickles_is_given_up(wire, seconds_max, patience):
    """Each byte resets the read timeout; the whole answer has a bound of its own."""
    moments = iter(range(0, 10_000, 10))

    def body():
        while True:
            yield b"x"

    http = wire(lambda _: httpx.Response(200, content=body()), monotonic=lambda: next(moments))
    with pytest.raises(OutcomeUnknownError, match=f"more than {patience} seconds"):
        http.send(call(repeatable=False, seconds_max=seconds_max))


def test_errors_show_no_secret(wire):
    body = f'{{"detail": "the key {SECRET.lower()} and card 4111111111111111"}}'
    with pytest.raises(RejectedError) as caught:
        wire(answering(400, text=body)).send(call())
    assert SECRET.lower() not in str(caught.value) + caught.value.excerpt
    assert "4111" not in str(caught.value)
    assert SECRET not in repr(call())


def test_every_call_says_who_calls_and_takes_no_cookie(wire):
    """One client serves every biller: what one was given must not go out with another's call."""
    seen = []

    def handler(request):
        seen.append(request.headers)
        return httpx.Response(200, headers={"Set-Cookie": "session=alpha; Path=/"})

    http = wire(handler)
    http.send(call(headers={"X-Correlation-Id": "g"}))
    http.send(call())
    assert all(headers["User-Agent"].startswith("imt-adapter/") for headers in seen)
    assert seen[0]["X-Correlation-Id"] == "g"
    assert not any("Cookie" in headers for headers in seen)


def test_streaming_hands_chunks_over_as_they_arrive(wire):
    delivered = []

    def body():
        for number in range(3):
            delivered.append(number)
            yield b"%d" % number

    with wire(lambda _: httpx.Response(200, content=body())).stream(call()) as answer:
        chunks = iter(answer.chunks)
        assert next(chunks) == b"0"
        assert delivered == [0]
        assert b"".join(chunks) == b"12"


def test_the_reader_s_own_error_passes_through_a_stream(wire):
    with pytest.raises(KeyError), wire(answering(200)).stream(call()):
        raise KeyError


def test_certificates_are_verified_and_loopback_needs_no_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with open_client(timeout_seconds=30) as client:
        transport = client._transport_for_url(httpx.URL("https://partner.example/"))
        assert transport._pool._ssl_context.verify_mode.name == "CERT_REQUIRED"
        assert client.timeout.read == 30
        assert client.timeout.connect == 10
        direct = client._transport_for_url(httpx.URL("http://127.0.0.1:8100/"))
        assert direct is client._transport
        assert client._transport_for_url(httpx.URL("http://partner.example/")) is not direct


@pytest.mark.parametrize("told", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
def test_a_real_connection_that_dies_after_the_request_leaves_doubt(told):
    with one_answer(told) as url, open_client(timeout_seconds=5) as client:
        http = PartnerHttp("spectrum", client)
        with pytest.raises(OutcomeUnknownError, match="connection was lost"):
            http.send(call(url=url, repeatable=False))


def test_a_real_port_that_nobody_listens_on_was_surely_not_reached():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with open_client(timeout_seconds=5) as client, pytest.raises(RetryableError):
            PartnerHttp("spectrum", client).send(call(url=url, repeatable=False))


@contextmanager
def one_answer(told: bytes):
    """Listen, read one request, say these bytes and hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(told)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_every_answer_is_noted_with_what_the_partners_clock_says(wire):
    noted, measured = [], []
    watch = SimpleNamespace(
        note=lambda partner, headers: noted.append((partner, headers["Date"])),
        measure=lambda host, headers: measured.append((host, headers["Date"])),
    )
    http = wire(answering(200, headers={"Date": DATE}), partner="imt", watch=watch)
    http.send(call())
    http = wire(answering(503, headers={"Date": DATE}), partner="imt", watch=watch)
    with pytest.raises(OutcomeUnknownError):
        http.send(call(repeatable=False))
    http = wire(answering(200, headers={"Date": DATE}), partner="imt", watch=watch)
    http.send(call(method="GET"))
    assert noted == [("imt", DATE)] * 3
    # A cache may answer what is asked with GET.
    assert measured == [("spectrum.example", DATE)] * 2
