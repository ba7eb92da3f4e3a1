"""Maps a paperless or AutoPay notice of Invoice Cloud's data pump to a change (0020)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.doors.notice_fields import (
    guid,
    moment,
    number,
    refused,
    require_fields,
    require_own_guid,
    truth,
)

# A moment far ahead would count as the newest for as long, whatever the payer does meanwhile.
AHEAD_MAX = timedelta(days=1)
# The field that says whether the account is enrolled.
SWITCHES = {EnrollmentKind.PAPERLESS: "Paperless", EnrollmentKind.AUTOPAY: "AutoPay"}


def change_of(
    notice: Mapping[str, Any],
    kind: EnrollmentKind,
    *,
    biller: str,
    biller_guid: str,
    now: datetime,
) -> EnrollmentChange:
    """Return the change that a notice tells of; BadInputError names the first wrong field."""
    switch = SWITCHES[kind]
    require_fields(
        notice,
        f"a {switch} notice",
        required=("BillerGUID", "EventGUID", "AccountNumber", switch, "ChangeDate"),
    )
    require_own_guid(notice, biller_guid)
    change = EnrollmentChange(
        biller=biller,
        event_guid=guid(notice, "EventGUID"),
        account_number=number(notice, "AccountNumber"),
        kind=kind,
        enrolled=truth(notice, switch),
        changed_at=moment(notice, "ChangeDate"),
    )
    if change.changed_at > now + AHEAD_MAX:
        raise refused("ChangeDate", notice["ChangeDate"], "it must not be more than a day ahead")
    return change
