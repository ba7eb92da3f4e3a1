"""Every error, foreseen or not, leaves in one shape and with the right status."""

import pytest
from flask import Flask

from adapter.doors.envelope import (
    RETRY_AFTER_SECONDS_MAX,
    ForbiddenError,
    MediaTypeError,
    UnauthorizedError,
    install_error_answers,
)
from adapter.errors import (
    AdapterError,
    BadInputError,
    ConfigurationError,
    ContentConflictError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
    RetryableError,
)

INPUT = {"field": "PaymentAmount", "value": "x", "rule": "it must be dollars", "remedy": "Send"}
PARTNER = {"partner": "spectrum", "operation": "Balance"}


def answer_to(error: Exception):
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    install_error_answers(app)

    @app.get("/")
    def fail():
        raise error

    return app.test_client().get("/")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadInputError(**INPUT), 400, "bad_input"),
        (ContentConflictError(**INPUT), 409, "conflict"),
        (UnauthorizedError("Basic", "Send them"), 401, "unauthorized"),
        (ForbiddenError("loopback only"), 403, "forbidden"),
        (NotFoundError("no such thing"), 404, "not_found"),
        (MediaTypeError("not JSON"), 415, "unsupported_media_type"),
        (ConfigurationError("billers.a.b: secretive rule"), 503, "unavailable"),
        (LedgerError("disk of /secret/path is full"), 503, "unavailable"),
        (RetryableError("no route to secret host", **PARTNER), 503, "unavailable"),
        (OutcomeUnknownError("secret silence", **PARTNER), 503, "unavailable"),
        (AdapterError("secret bug"), 500, "internal"),
        (RuntimeError("secret bug"), 500, "internal"),
        (RecursionError(), 500, "internal"),
    ],
)
def test_an_error_becomes_its_answer(error, status, code):
    answer = answer_to(error)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    told = answer.get_json()["error"]
    assert told["code"] == code
    assert set(told) == {"code", "message", "field", "remedy"}
    assert told["remedy"]
    assert "secret" not in answer.get_data(as_text=True)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_bad_input_is_told_with_field_value_and_rule():
    told = answer_to(BadInputError(**INPUT)).get_json()["error"]
    assert told["field"] == "PaymentAmount"
    assert told["message"] == "PaymentAmount = 'x': it must be dollars"


@pytest.mark.parametrize(
    ("told", "sent"), [(None, "30"), (0.2, "1"), (7.5, "8"), (1e9, str(RETRY_AFTER_SECONDS_MAX))]
)
def test_a_partners_retry_after_is_passed_on_within_bounds(told, sent):
    error = RetryableError("busy", retry_after_seconds=told, **PARTNER)
    assert answer_to(error).headers["Retry-After"] == sent


def test_frameworks_own_refusals_leave_in_the_envelope():
    app = Flask(__name__)
    install_error_answers(app)
    app.add_url_rule("/there", view_func=lambda: "x")
    client = app.test_client()
    assert client.get("/nowhere").get_json()["error"]["code"] == "not_found"
    answer = client.delete("/there")
    assert answer.get_json()["error"]["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
