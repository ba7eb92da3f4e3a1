"""Invariant 5: what an invoice file says of itself is what its lines make."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation
from sandbox.audit.rows import ZERO


def file_headers_equal_bodies(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 5: header, body and the bills that were posted have one count and one total."""
    for file in evidence.files:
        header = (file.header_count, file.header_total)
        body = (file.body_count, file.body_total)
        posted = (len(file.lines), sum((line.total_due for line in file.lines), ZERO))
        if header != body:
            problem = f"its body holds {body[0]}, {body[1]} in all"
        elif body != posted:
            problem = f"{posted[0]} bills were posted from it, {posted[1]} in all"
        else:
            continue
        yield Violation(
            story=f"file {file.file_name} says {header[0]} invoices, {header[1]} in all; "
            f"{problem}",
            since=file.received_at,
        )
