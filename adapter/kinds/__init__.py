"""What is delivered, a line a kind; everything common works from this table (decision 0029)."""

from __future__ import annotations

from typing import Any

from adapter.kinds.base import DeliveryKind
from adapter.kinds.enrollments import Enrollments
from adapter.kinds.payments import Payments
from adapter.kinds.reversals import Reversals

PAYMENTS = Payments()
REVERSALS = Reversals()
ENROLLMENTS = Enrollments()

KINDS: list[DeliveryKind[Any]] = [PAYMENTS, REVERSALS, ENROLLMENTS]
