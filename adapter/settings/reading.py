"""From the settings file's tree to checked settings: every problem is found and told at once.

A problem reads `path: rule. remedy`; the value of a setting never stands in one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from adapter.settings.credentials import split_key_and_password
from adapter.settings.indirection import Resolver, Sources
from adapter.settings.problems import Location, problem_of, spelled, unknown_key
from adapter.settings.values import AdapterSettings, BillerSettings, BillerTable, DoorAccess

T = TypeVar("T", bound=BaseModel)
_TABLES = ("adapter", "billers")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Reading(NamedTuple):
    """What one look at the settings found; `adapter` is None when its table is wrong."""

    adapter: AdapterSettings | None
    billers: Mapping[str, BillerSettings]
    doors: Mapping[str, DoorAccess]
    guids: Mapping[str, str]
    biller_problems: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]
    sources: Sources


def read_settings(tree: Mapping[str, Any], *, environ: Mapping[str, str], folder: Path) -> Reading:
    """Check a whole settings tree; paths in it are relative to `folder`."""
    resolver = Resolver(environ, folder)
    resolved = resolver.resolve(tree)
    problems = [unknown_key((key,), _TABLES) for key in resolved if key not in _TABLES]
    adapter, wrong = _validated(
        AdapterSettings, resolved.get("adapter", {}), ("adapter",), resolver
    )
    problems += wrong
    billers: dict[str, BillerSettings] = {}
    doors: dict[str, DoorAccess] = {}
    guids: dict[str, str] = {}
    biller_problems: dict[str, tuple[str, ...]] = {}
    raw_billers = resolved.get("billers")
    if not isinstance(raw_billers, dict) or not raw_billers:
        problems.append(
            "billers: must hold at least one table. Give each carrier [billers.<name>]"
        )
        raw_billers = {}
    shared = _shared_values(raw_billers)
    for slug, raw in raw_billers.items():
        table, wrong = _validated(BillerTable, raw, ("billers", slug), resolver)
        wrong = [*_wrong_slug(slug), *wrong, *shared.get(slug, ())]
        if table is None or wrong:
            biller_problems[slug] = tuple(wrong)
        else:
            billers[slug] = BillerSettings(slug=slug, **dict(table))
        access = _door_access(raw)
        if access is not None:
            doors[slug] = access
        if isinstance(raw, dict) and isinstance(raw.get("biller_guid"), str):
            guids[slug] = raw["biller_guid"].strip()
    return Reading(
        adapter, billers, doors, guids, biller_problems, tuple(problems), resolver.sources
    )


def _validated(
    model: type[T], raw: Any, path: Location, resolver: Resolver
) -> tuple[T | None, list[str]]:
    """Return the checked table, or None and every problem in it."""
    unresolved = {
        where: text for where, text in resolver.problems.items() if where[: len(path)] == path
    }
    problems = [f"{spelled(where)}: {text}" for where, text in unresolved.items()]
    try:
        return model.model_validate(raw, context=resolver.folder), problems
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            where = (*path, *(str(part) for part in detail["loc"]))
            if where not in unresolved:
                problems.append(problem_of(model, path, detail))
    return None, problems


def _wrong_slug(slug: str) -> list[str]:
    if _SLUG.fullmatch(slug):
        return []
    rule = "must be named in at most 63 lower-case letters, digits and dashes"
    return [f"{spelled(('billers', slug))}: {rule}. Give it a name such as camp-point-mutual"]


def _shared_values(billers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return, by biller, each value that must be its own (F1) and is another biller's too.

    Which of the two is wrong cannot be known, and a receipt posted with another carrier's key
    may reach that carrier's book: both wait until it is settled.
    """
    holders: defaultdict[tuple[str, str], list[Location]] = defaultdict(list)
    for slug, raw in billers.items():
        for kind, path, value in _own_values(raw):
            holders[kind, value].append(("billers", slug, *path))
    problems: defaultdict[str, list[str]] = defaultdict(list)
    for (kind, _), paths in holders.items():
        for path in paths:
            others = [spelled(other) for other in paths if other[1] != path[1]]
            if others:
                problems[path[1]].append(
                    f"{spelled(path)}: holds the same {kind} as {', '.join(others)}. "
                    "Give each biller its own"
                )
    return problems


def _own_values(raw: Any) -> Iterator[tuple[str, Location, str]]:
    """Yield (kind, path, value) of what must be a biller's own, as far as it can be read."""
    if not isinstance(raw, dict):
        return
    if isinstance(raw.get("biller_guid"), str):
        yield "biller GUID", ("biller_guid",), raw["biller_guid"].strip().casefold()
    imt = raw.get("imt")
    if isinstance(imt, dict) and {"base_url", "company_id"} <= imt.keys():
        # Another carrier's company would take the enrolments of this one's policies.
        yield "company", ("imt", "company_id"), f"{imt['base_url']}/{imt['company_id']}".casefold()
    invoice_cloud = raw.get("invoice_cloud")
    if isinstance(invoice_cloud, dict) and isinstance(invoice_cloud.get("api_key"), str):
        # Another carrier's key would register this one's payers there.
        yield "API key", ("invoice_cloud", "api_key"), invoice_cloud["api_key"]
    advanced = raw.get("advanced_settings")
    if not isinstance(advanced, dict):
        return
    for number in ("9", "12"):
        if isinstance(advanced.get(number), str):
            yield "username", ("advanced_settings", number), advanced[number].strip().casefold()
    for number in ("10", "13"):
        try:
            key, _ = split_key_and_password(str(advanced.get(number)))
        except ValueError:
            continue
        yield "key", ("advanced_settings", number), key.casefold()


def _door_access(raw: Any) -> DoorAccess | None:
    try:
        return DoorAccess.model_validate(raw)
    except ValidationError:
        return None
