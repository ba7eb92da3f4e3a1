"""The log: one JSON object a line, for our lines and the libraries', with every secret hidden."""

import io
import json
import logging

import pytest
import structlog

from adapter.redaction import HIDDEN
from adapter.telemetry.log import Redaction, configure_logging


@pytest.fixture
def stream():
    """Configure the log into a stream, and put the process's logging back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(message):
    password = "a-local-secret"
    raise ValueError(message if password else "")


def log_failure(stream, message):
    configure_logging(known_secrets=lambda: frozenset({"a-known-secret"}), stream=stream)
    try:
        fail(message)
    except ValueError as error:
        structlog.get_logger("adapter").error("failed", exc_info=error)


def redact(**event):
    return Redaction(lambda: frozenset({"a-known-secret", "short"}))(None, "info", event)


def test_our_lines_and_the_libraries_lines_are_json(stream):
    configure_logging(stream=stream)
    structlog.get_logger("adapter.jobs").info("job ended", job="send_invoices", sent=3)
    logging.getLogger("waitress").warning("told by %s", "a library", extra={"depth": 2})
    ours, theirs = lines(stream)
    assert (ours["event"], ours["sent"], ours["logger"]) == ("job ended", 3, "adapter.jobs")
    assert (theirs["event"], theirs["depth"]) == ("told by a library", 2)
    assert theirs["level"] == "warning"
    assert ours["timestamp"].endswith("Z")


def test_a_traceback_is_told_without_local_variables(stream):
    log_failure(stream, "a-known-secret of 14 letters")
    (line,) = lines(stream)
    assert "ValueError: [hidden] of 14 letters" in line["exception"]
    assert "a-local-secret" not in stream.getvalue()


def test_chatty_libraries_are_heard_from_warnings_on(stream):
    configure_logging(stream=stream)
    logging.getLogger("httpx").info("HTTP Request: GET https://example")
    assert stream.getvalue() == ""


def test_a_terminal_gets_plain_text(stream):
    stream.isatty = lambda: True
    log_failure(stream, "seen")
    assert "failed" in stream.getvalue()
    assert "ValueError: seen" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize(
    "name",
    ["password", "door_key", "web_service_key", "WebServiceKey", "Authorization", "set_cookie"],
)
def test_what_is_named_like_a_secret_is_hidden(name):
    assert redact(**{name: "anything"}) == {name: HIDDEN}
    assert redact(request={"inner": [{name: ["anything"]}]})["request"]["inner"] == [
        {name: HIDDEN}
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("key a-known-secret here", "key [hidden] here"),
        ("a short word", "a short word"),
        ("Authorization was Bearer abc.def-123", "Authorization was Bearer [hidden]"),
        ("token eyJhbGciOiJ9.eyJjYXJyaWVyIn0.c2ln!", "token [hidden]!"),
        ("<WebServiceKey>k</WebServiceKey>", "<WebServiceKey>[hidden]</WebServiceKey>"),
        ('{"password": "a\\"b", "x": 1}', '{"password": [hidden], "x": 1}'),
        ("card 4111 1111 1111 1111 used", "card [hidden] used"),
        ("invoice 30254, 731.37", "invoice 30254, 731.37"),
    ],
)
def test_secrets_and_cards_inside_texts_are_hidden(text, left):
    assert redact(message=text) == {"message": left}


def test_numbers_of_invoices_and_policies_are_no_cards():
    """About one long number in ten passes the check digit of cards."""
    event = {"invoice_number": "4111111111111111", "account_number": "4111111111111111"}
    assert redact(**event) == event


def test_values_of_any_kind_are_told_as_text_and_bounded():
    nested = current = {}
    for _ in range(50):
        current["deeper"] = {}
        current = current["deeper"]
    told = redact(path=ValueError("a-known-secret"), count=3, flag=None, nested=nested)
    assert (told["path"], told["count"], told["flag"]) == (HIDDEN, 3, None)
    assert "..." in json.dumps(told["nested"])
