"""Every error the adapter raises, drawn as one tree by what the caller may do.

AdapterError
|-- ConfigurationError       mend the settings; the payment waits and loses no attempt
|-- BadInputError            tell the sender: field, value, rule, remedy
|   `-- ContentConflictError same payment GUID and invoice, other content (409)
|-- NotFoundError            no such biller, job, delivery or file
|-- LedgerError              the store cannot be read or written; answer 503, accept nothing
|   |-- LeaseLostError       somebody else has the row by now: record nothing
|   `-- MalformedRowError    a row holds what the adapter never writes: a person has to look
`-- PartnerError             something went wrong between us and a partner
    |-- RetryableError       surely not applied: try again later
    |-- RejectedError        surely refused: the same request can never pass
    |-- OutcomeUnknownError  sent, and no answer to trust: never repeat it blindly
    `-- CredentialsRefusedError  sent, and answered 401: not repeated without evidence either
"""

from __future__ import annotations


class AdapterError(Exception):
    """Root of every error the adapter raises on purpose."""


class ConfigurationError(AdapterError):
    """A setting is missing, malformed or refused by a partner.

    `problems` holds one line for each wrong setting; secret values never stand in them.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class BadInputError(AdapterError):
    """Input breaks a rule; says which field, which value, which rule and what to do."""

    def __init__(self, *, field: str, value: str, rule: str, remedy: str) -> None:
        super().__init__(f"{field} = {value!r}: {rule}. {remedy}")
        self.field = field
        self.value = value
        self.rule = rule
        self.remedy = remedy


class ContentConflictError(BadInputError):
    """The same payment GUID and invoice came again with other content."""


class NotFoundError(AdapterError):
    """The named biller, job, delivery or file does not exist."""


class LedgerError(AdapterError):
    """The ledger cannot be read or written, or its schema is not ours."""


class LeaseLostError(LedgerError):
    """The row was claimed anew since: what this holder learned may no longer be recorded."""


class MalformedRowError(LedgerError):
    """A row of the ledger cannot be read: somebody else wrote it, or the disk is damaged."""


class PartnerError(AdapterError):
    """Something went wrong between the adapter and a partner."""

    def __init__(
        self,
        message: str,
        *,
        partner: str,
        operation: str,
        status: int | None = None,
        excerpt: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{partner} {operation}: {message}")
        self.partner = partner
        self.operation = operation
        self.status = status
        self.excerpt = excerpt
        self.retry_after_seconds = retry_after_seconds


class RetryableError(PartnerError):
    """The partner surely did not act: try again later."""


class RejectedError(PartnerError):
    """The partner surely refused: the same request can never pass."""


class OutcomeUnknownError(PartnerError):
    """The request was sent and no trustworthy answer came: never repeat it blindly."""


class CredentialsRefusedError(PartnerError):
    """The partner answered 401 to what may have moved money.

    The next call bears new credentials. It is no proof that nothing was done (decision 0031).
    """
