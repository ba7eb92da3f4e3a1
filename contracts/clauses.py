"""Every clause of the contracts with who states it: given, public or assumed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from contracts.loader import ROOT, openapi, openapi_path, toml

SOURCES = ("given", "public", "assumed")
# These have an OpenAPI document, a clauses.toml or both.
PARTNERS = ("spectrum", "imt", "invoice_cloud", "adapter", "sandbox")
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One thing promised; `reference` is a requirement id, a public source or a decision."""

    partner: str
    place: str
    source: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision record: its number, its title, and what to ask the vendor.

    One that is superseded stays to be read, and no clause stands on it any more.
    """

    number: str
    title: str
    question: str
    is_superseded: bool


@cache
def clauses() -> tuple[Clause, ...]:
    """Return every clause; raises ValueError for one whose source nobody can tell."""
    documents = (p for p in PARTNERS if openapi_path(p).exists())
    from_openapi = (clauses_of(partner, openapi(partner)) for partner in documents)
    return (*chain.from_iterable(from_openapi), *_from_bif(), *_from_sidecars())


def clauses_of(partner: str, document: dict[str, Any]) -> tuple[Clause, ...]:
    """Return the clauses of an OpenAPI document."""
    return tuple(_clause(partner, place, source) for place, source in _told(document))


def assumptions() -> tuple[Clause, ...]:
    """Return what is assumed, by decision; the control API assumes nothing of a vendor."""
    assumed = (c for c in clauses() if c.source == "assumed" and c.partner != "sandbox")
    return tuple(sorted(assumed, key=lambda c: (c.reference, c.partner, c.place)))


@cache
def decisions() -> tuple[Decision, ...]:
    """Return the decision records in the order of their numbers."""
    records = sorted((ROOT / "decisions").glob("[0-9][0-9][0-9][0-9]-*.md"))
    return tuple(_decision(record.read_text("utf-8")) for record in records)


def _decision(text: str) -> Decision:
    heading, _, rest = text.partition("\n")
    number, _, title = heading.removeprefix("# ").partition(": ")
    question = rest.partition("## Ask the vendor\n")[2]
    return Decision(
        number=number,
        title=title,
        question=" ".join(question.split()),
        is_superseded="\n- Status: superseded" in rest,
    )


def _clause(partner: str, place: str, source: str) -> Clause:
    kind, _, reference = source.partition(" ")
    if kind not in SOURCES or not reference:
        raise ValueError(f"{partner}, {place}: {source!r} is no source; say who states it")
    return Clause(partner=partner, place=place, source=kind, reference=reference)


def _told(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each clause's place and source, the nearest enclosing one where it has none.

    What a `$ref` points to is told once, where it stands.
    """
    source = document.get("x-source", "")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield from _operation(f"{method.upper()} {path}", operation, source)
    yield from _components(document["components"], source)


def _components(components: dict[str, Any], source: str) -> Iterator[tuple[str, str]]:
    for kind in ("parameters", "responses", "securitySchemes"):
        for name, node in components.get(kind, {}).items():
            yield f"{kind} {name}", node.get("x-source", source)
    for name, schema in components["schemas"].items():
        yield from _schema(name, schema, source)


def _operation(place: str, operation: dict[str, Any], source: str) -> Iterator[tuple[str, str]]:
    source = operation.get("x-source", source)
    yield place, source
    if "requestBody" in operation:
        yield f"{place} body", operation["requestBody"].get("x-source", source)
    for parameter in operation.get("parameters", ()):
        if "name" in parameter:
            yield f"{place} parameter {parameter['name']}", parameter.get("x-source", source)
    for status, response in operation["responses"].items():
        if "$ref" not in response:
            yield f"{place} answer {status}", response.get("x-source", source)


def _schema(place: str, schema: dict[str, Any], source: str) -> Iterator[tuple[str, str]]:
    source = schema.get("x-source", source)
    yield place, source
    for name, node in schema.get("properties", {}).items():
        yield from _schema(f"{place}.{name}", node, source)
    if isinstance(schema.get("items"), dict) and "properties" in schema["items"]:
        yield from _schema(f"{place}[]", schema["items"], source)


def _from_bif() -> Iterator[Clause]:
    table = toml("bif/fields.toml")
    rows = [(f"{f['record']} {f['id']} {f['name']}", f) for f in table["field"]]
    rows += [(f"format {name}", row) for name, row in table["format"].items()]
    rows.append(("reserved characters", table["reserved"]))
    for place, row in rows:
        yield _clause("bif", place, f"{row['source']} {row['clause']}")


def _from_sidecars() -> Iterator[Clause]:
    for partner in PARTNERS:
        if not (ROOT / partner / "clauses.toml").exists():
            continue
        for kind, rows in toml(f"{partner}/clauses.toml").items():
            for row in rows:
                around = [row[name] for name in ("service", "operation") if name in row]
                place = " ".join([*around, kind, row["name"]])
                yield _clause(partner, place, f"{row['source']} {row['clause']}")
