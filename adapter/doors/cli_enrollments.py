"""The `adapter enrollments` command: which changes IMT does not have, and sending them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.exit_codes import EPILOG
from adapter.doors.ledger_file import open_ledger_of
from adapter.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.domain.enrollment import Enrollment, EnrollmentState
    from adapter.ledger import Ledger

app = typer.Typer(
    help="Paperless and AutoPay changes on their way to IMT.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Config = Annotated[Path, typer.Option(help="The TOML file of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Tell it as JSON.")]
PAGE = 500


@app.command(name="list", epilog=EPILOG)
def list_enrollments(
    *,
    config: Config,
    everything: Annotated[
        bool, typer.Option("--all", help="Delivered and superseded ones too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the changes that IMT does not have yet, a line each: number, state, what, why."""
    from adapter.domain.enrollment import EnrollmentState

    settled = {EnrollmentState.DELIVERED, EnrollmentState.SUPERSEDED}
    with open_ledger_of(config) as ledger:
        found = [
            enrollment
            for state in EnrollmentState
            if everything or state not in settled
            for enrollment in _in_state(ledger, state)
        ]
    found.sort(key=lambda enrollment: enrollment.id)
    _tell(found, as_json=as_json, nothing="IMT has every change")


@app.command(epilog=EPILOG)
def retry(
    number: Annotated[
        int | None, typer.Argument(help="The change's number, as `list` tells it.")
    ] = None,
    *,
    config: Config,
    everything: Annotated[
        bool, typer.Option("--all", help="Every failed or refused change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send failed or refused changes again, with all their tries before them.

    They leave at the next sweep, or at once by `adapter run push_enrollments`.
    """
    from adapter.clock import SystemClock

    if (number is None) != everything:
        raise BadInputError(
            field="number",
            value="" if number is None else str(number),
            rule="either one change or --all is sent again",
            remedy="Give the number that `list` tells, or --all",
        )
    with open_ledger_of(config) as ledger:
        now = SystemClock().now()
        if number is None:
            sent = ledger.enrollments.redrive_all(now=now)
        else:
            sent = (ledger.enrollments.redrive(number, now=now),)
    _tell(sent, as_json=as_json, nothing="nothing has failed")


def _in_state(ledger: Ledger, state: EnrollmentState) -> list[Enrollment]:
    found: list[Enrollment] = []
    while True:
        after = found[-1].id if found else 0
        page = ledger.enrollments.page(limit=PAGE, after=after, state=state)
        found += page
        if len(page) < PAGE:
            return found


def _tell(found: Sequence[Enrollment], *, as_json: bool, nothing: str) -> None:
    if as_json:
        typer.echo(json.dumps([_told(enrollment) for enrollment in found], indent=2))
        return
    for enrollment in found:
        typer.echo(_line(enrollment))
    if not found:
        typer.echo(nothing)


def _told(enrollment: Enrollment) -> dict[str, Any]:
    from adapter.doors.ops_views import enrollment_view

    return enrollment_view(enrollment)


def _line(enrollment: Enrollment) -> str:
    change = enrollment.change
    what = f"{change.kind.value} {'on' if change.enrolled else 'off'}"
    when = f"{change.changed_at:%Y-%m-%dT%H:%M:%SZ}"
    why = f": {enrollment.last_error}" if enrollment.last_error else ""
    return (
        f"{enrollment.id}: {enrollment.state.value}: {change.biller}, account "
        f"{change.account_number}, {what} at {when}, event {change.event_guid}{why}"
    )
