"""Invoice Cloud's answer to an uploaded invoice file (C1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class UploadAnswer:
    """What Invoice Cloud said of a BIF; a refusal carries its reason in `message`."""

    accepted: bool
    file_name: str
    file_guid: str
    message: str
