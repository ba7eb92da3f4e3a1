"""Reversals as files: Spectrum reads a folder's inbox and moves each file (decision 0018)."""

from __future__ import annotations

from pathlib import Path

from sandbox.fakes.json_text import MalformedError, parse_object
from sandbox.fakes.spectrum.book import SpectrumBook, money_text
from sandbox.fakes.spectrum.errors import RefusedError
from sandbox.fakes.spectrum.reversals import read_reversal, take_reversal
from sandbox.fakes.spectrum.validation import validate_body
from sandbox.world.billers import Biller
from sandbox.world.world import World

INBOX, DONE, REFUSED = "inbox", "done", "refused"


def read_inbox(world: World, biller: Biller, folder: Path) -> int:
    """Take every reversal that waits below a feed's folder; return how many there were.

    A file that is read ends in `done`, or in `refused` beside a text that says why.
    """
    files = sorted((folder / INBOX).glob("reversal-*.json"))
    for path in files:
        _take(world, biller, path)
    return len(files)


def _take(world: World, biller: Biller, path: Path) -> None:
    try:
        order = read_reversal(validate_body("Reversal", parse_object(path.read_text("utf-8"))))
        taken = take_reversal(world.book(SpectrumBook), biller, order)
    except RefusedError as error:
        _refuse(world, biller, path, error.summary)
        return
    except (MalformedError, UnicodeDecodeError):
        _refuse(world, biller, path, "refused: no JSON object")
        return
    _move(path, DONE)
    amount = money_text(taken.receipt.applied.amount)
    what = "repeats a reversal" if taken.repeated else f"receipt {taken.receipt.id} reversed"
    _tell(world, biller, f"{path.name}: {what}, {amount}", order.invoice_number)


def _refuse(world: World, biller: Biller, path: Path, reason: str) -> None:
    refused = _move(path, REFUSED)
    refused.with_name(f"{refused.stem}.reason.txt").write_text(f"{reason}\n", "utf-8")
    _tell(world, biller, f"{path.name}: {reason}")


def _move(path: Path, place: str) -> Path:
    target = path.parent / place / path.name
    target.parent.mkdir(exist_ok=True)
    return path.replace(target)


def _tell(world: World, biller: Biller, outcome: str, invoice_number: str = "") -> None:
    tags = {"invoice_number": invoice_number} if invoice_number else {}
    world.journal.event(
        target="spectrum", operation="Reversal", outcome=outcome, biller=biller.slug, **tags
    )
