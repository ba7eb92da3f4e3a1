"""IMT's outgoing call: the adapter's sign-on door gives the way into Invoice Cloud (0022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.fakes.imt.owners import customer_of
from sandbox.fakes.outgoing import outgoing
from sandbox.world.billers import Biller
from sandbox.world.carrier import Policy
from sandbox.world.world import World

OPERATION = "SignOn"
# How long IMT waits for an answer, on the machine's clock: a sign-on takes several calls.
TIMEOUT_SECONDS = 60.0
ANSWER_FIELDS = {"url", "branch", "passwordUpdated"}
# The adapter's fields that the portal's form has too, by the form's own names.
FORM_FIELDS = {"emailAddress": "email", "accountNumber": "policy_number"}


@dataclass(frozen=True, kw_only=True)
class SignedOn:
    """The adapter's answer; `url` is good once, and not for long."""

    url: str
    branch: str
    password_updated: bool


class SignOnFailedError(Exception):
    """There is no way in: what happened, what to do, and the form's field that it is about."""

    def __init__(self, message: str, remedy: str, *, status: int, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.status = status
        self.field = field


def sign_on(
    world: World,
    biller: Biller,
    policy: Policy,
    *,
    email: str,
    redirect_id: int,
    return_url: str = "",
) -> SignedOn:
    """Ask the adapter for a confirmed owner's way in; raises SignOnFailedError."""
    url = world.connectors[biller.slug].url
    if url is None:
        raise SignOnFailedError(
            "No adapter has joined this world, so nobody can be signed on to Invoice Cloud.",
            f"Start one with {world.base_url}/_sandbox/worlds/{world.name}/adapter.toml, then "
            "tell the sandbox its address: PUT /_sandbox/connector.",
            status=503,
        )
    body: dict[str, Any] = {
        "accountNumber": policy.policy_number,
        "emailAddress": email,
        "ownerConfirmed": True,
        "redirectId": redirect_id,
        "customer": customer_of(policy),
    }
    if return_url:
        body["returnUrl"] = return_url
    with world.journal.call(
        source="imt",
        target="adapter",
        operation=OPERATION,
        request=body,
        biller=biller.slug,
        account_number=policy.policy_number,
    ) as entry:
        try:
            status, document = _post(f"{url}/billers/{biller.slug}/sign-on", biller, body)
            entry.status = status
            signed_on = _read(status, document)
        except SignOnFailedError as failed:
            entry.outcome = failed.message
            raise
        entry.response = {
            "branch": signed_on.branch,
            "passwordUpdated": signed_on.password_updated,
        }
        entry.outcome = f"policy {policy.policy_number} signed on ({signed_on.branch})"
        return signed_on


def _post(url: str, biller: Biller, body: dict[str, Any]) -> tuple[int, Any]:
    import httpx

    credentials = (biller.biller_guid, biller.sign_on_key)
    try:
        answer = outgoing("IMT", TIMEOUT_SECONDS).post(url, json=body, auth=credentials)
        return answer.status_code, answer.json()
    except (httpx.RequestError, ValueError) as error:
        raise SignOnFailedError(
            f"The adapter does not answer ({type(error).__name__}).",
            "See that it runs where the connector says, then try again.",
            status=503,
        ) from error


def _read(status: int, document: Any) -> SignedOn:
    told = document if isinstance(document, dict) else {}
    if status == 200 and told.keys() >= ANSWER_FIELDS:  # noqa: PLR2004  # the door's success
        return SignedOn(
            url=told["url"], branch=told["branch"], password_updated=told["passwordUpdated"]
        )
    error = told.get("error", {})
    field = FORM_FIELDS.get(error.get("field") or "", "")
    raise SignOnFailedError(
        f"The adapter refused the sign-on: {error.get('message', f'HTTP {status}')}.",
        f"{error.get('remedy', 'Look at its log')}.",
        status=503 if status >= 500 else 502,  # noqa: PLR2004  # its failure, or ours
        field=field,
    )
