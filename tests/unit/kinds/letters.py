"""A fourth kind in one file: letters to policy holders, printed and posted by a mail house.

Nobody wants a letter twice, and the mail house has a list of what it has posted to look at.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, String, Text

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Cause, Evidence, State, Step
from adapter.errors import ContentConflictError
from adapter.kinds.base import DeliveryKind, Found, PutOff
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.schema import payload_table


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter to the holder of a policy."""

    biller: str
    letter_guid: str
    policy_number: str
    text: str

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.policy_number} {self.text}".encode()).hexdigest()


_FIELDS = ("letter_guid", "policy_number", "text")
LETTER = ItemKind(
    name="letter",
    table=payload_table(
        "letters",
        Column("letter_guid", String(36), nullable=False),
        Column("policy_number", String(40), nullable=False),
        Column("text", Text, nullable=False),
    ),
    read=lambda row: Letter(biller=row["biller"], **{name: row[name] for name in _FIELDS}),
    values=lambda letter: {name: getattr(letter, name) for name in _FIELDS},
    reference=lambda letter: letter.letter_guid,
    lane=lambda letter: f"policy:{letter.policy_number}",
    subject=lambda _reference: {},
    conflict=lambda letter, _known: ContentConflictError(
        field="letter",
        value=letter.letter_guid,
        rule="it is known with another text",
        remedy="Write another letter",
    ),
    reviews=(ExceptionKind.DEAD, ExceptionKind.SETTING_OVERDUE),
)


class Letters(DeliveryKind[Letter]):
    """Letters on their way to the mail house."""

    item = LETTER
    command = ops_path = "letters"
    ops_name = "letter"
    job = "post_letters"
    offset = timedelta(minutes=40)
    help = "Letters on their way to the mail house."
    refused = exhausted = ExceptionKind.DEAD
    repeat_is_harmless = False

    def send(self, item, ports) -> None:
        ports.mail_house.post(item.payload)

    def judge(self, item, answer, work) -> Step:
        del item, answer, work
        detail = "the mail house has it"
        return Step(
            to_state=State.DONE, cause=Cause.ANSWERED, detail=detail, evidence=Evidence.ANSWER
        )

    def look(self, item, ports, work) -> Found | PutOff:
        posted = ports.mail_house.has_posted(item.payload)
        if posted is None:
            return PutOff(reason="the mail house has not closed its list yet")
        state, detail = (State.DONE, "is in its list") if posted else (State.RETRYING, "is not")
        now = None if posted else work.clock.now()
        return Found(
            step=Step(to_state=state, cause=Cause.EVIDENCE, detail=f"it {detail}", next_at=now)
        )

    def describe(self, payload) -> str:
        return f"a letter about policy {payload.policy_number}"

    def fields(self, item) -> Mapping[str, Any]:
        state = self.word(item.state, item.review)
        return {"number": item.id, **asdict(item.payload), "state": state}


LETTERS = Letters()
