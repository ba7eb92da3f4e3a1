"""The control API under `/_sandbox`: one resource a file, all of them listed here."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from sandbox.control import (
    audit,
    behaviours,
    changes,
    clock,
    connector,
    faults,
    journal,
    payers,
    ready,
    returns,
    state,
    worlds,
)
from sandbox.control.errors import RefusedError, answer_http_error, answer_refusal

RESOURCES = (
    worlds,
    ready,
    clock,
    journal,
    faults,
    behaviours,
    changes,
    state,
    audit,
    payers,
    returns,
    connector,
)

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
for module in RESOURCES:
    blueprint.register_blueprint(module.resource)


@blueprint.errorhandler(RefusedError)
def refuse(error: RefusedError) -> Response:
    return answer_refusal(error)


@blueprint.errorhandler(HTTPException)
def refuse_as_http(error: HTTPException) -> Response:
    return answer_http_error(error)
