"""The durable truth: deliveries, their events, exceptions, uploads and high-water marks."""

from adapter.ledger.ledger import Ledger, open_ledger

__all__ = ["Ledger", "open_ledger"]
