"""Reads the contracts into plain data, each file once; what is returned is shared: change none."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class BifField:
    """One column of the BIF; `value` is what a constant must be, `pattern` fits a whole value.

    A `customization` is in the file where the biller's questionnaire asks for it (E5).
    """

    id: int
    record: str
    name: str
    required: bool
    format: str
    pattern: str
    value: str | None = None
    customization: bool = False
    source: str
    clause: str
    description: str


@dataclass(frozen=True)
class Vector:
    """One example, right or wrong on purpose; a BIF's bytes lie beside its document."""

    name: str
    valid: bool
    path: Path
    document: dict[str, Any]


@cache
def bif_fields() -> tuple[BifField, ...]:
    """Return the columns of `bif/fields.toml` in the order in which a BIF carries them."""
    form, rows = (toml("bif/fields.toml")[part] for part in ("format", "field"))
    return tuple(BifField(pattern=form[row["format"]]["pattern"], **row) for row in rows)


@cache
def openapi(partner: str) -> dict[str, Any]:
    """Return the OpenAPI document of a partner, of `adapter` or of `sandbox`."""
    import yaml  # the adapter installs without it

    safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with openapi_path(partner).open("rb") as file:
        document: dict[str, Any] = yaml.load(file, safe)  # noqa: S506  # both are safe
    return document


def openapi_path(partner: str) -> Path:
    """Return where a document lies; Invoice Cloud's has its web services beside it."""
    prefix = "rest." if partner == "invoice_cloud" else ""
    return ROOT / partner / f"{prefix}openapi.yaml"


def schema(partner: str, name: str) -> dict[str, Any]:
    """Return one schema of a partner's OpenAPI document that validates by itself."""
    return {"$ref": f"#/components/schemas/{name}", "components": openapi(partner)["components"]}


def wsdl(service: str) -> bytes:
    """Return an Invoice Cloud service's committed WSDL, byte for byte."""
    return (ROOT / "invoice_cloud" / f"{service}.wsdl").read_bytes()


@cache
def vectors(folder: str) -> tuple[Vector, ...]:
    """Return the vectors in a folder's `valid` and `invalid`, such as `spectrum/vectors`."""
    return tuple(
        Vector(path.stem, path.parent.name == "valid", path, json.loads(path.read_bytes()))
        for path in sorted((ROOT / folder).glob("*valid/*.json"))
    )


@cache
def toml(path: str) -> dict[str, Any]:
    """Return a TOML file of the contracts, such as `bif/fields.toml`."""
    return tomllib.loads((ROOT / path).read_text("utf-8"))
