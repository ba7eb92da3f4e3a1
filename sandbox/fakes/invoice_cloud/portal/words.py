"""What the customer portal's pages are called, and what they say when something was done."""

from __future__ import annotations

# The seven pages by their path, in the order of CloudSSO's RedirectIDs.
PAGES = {
    "bills": "Bills",
    "paperless": "Paperless",
    "autopay": "AutoPay",
    "payment-options": "Payment options",
    "scheduled": "Scheduled payments",
    "recurring": "Recurring payments",
    "pay-by-text": "Pay by text",
}

# Told by a page that a form led to; the address holds the key, never the words.
NOTICES = {
    "log-in": "Log in or register to see this page.",
    "ended": "Your session has ended. Log in to go on.",
    "signed-out": "You are signed out.",
    "registered": "You are registered and signed on. Nothing is set up yet: choose below.",
    "account": "You are looking at another of your accounts now.",
    "saved": "Your choice is saved.",
    "stored": "The payment option is stored.",
    "updated": "The payment option is changed. What was planned with it stays planned.",
    "removed": "The payment option is removed.",
    "scheduled": "The payment is scheduled.",
    "changed": "The scheduled payment is changed.",
    "cancelled": "The scheduled payment is cancelled. Nothing will be paid.",
    "recurring-added": "The recurring payment is set up.",
    "recurring-cancelled": "The recurring payment is cancelled.",
}
