"""The BIF customizations of the biller questionnaire (E5): which there are, which are refused.

The technical design lists nineteen features. Four are answered here by settings, seven are in
every file already, and eight are marked N/A: whoever asks for one of those is told so by name.
"""

from __future__ import annotations

# What a biller can customize, and the setting that does.
CUSTOMIZED = {
    "AllowPartialPayments": "allow_partial_payments",
    "FirstNotifyRequestedDate": "first_notify_days",
    "SecondNotifyRequestedDate": "second_notify_days",
    "ThirdNotifyRequestedDate": "third_notify_days",
}
IN_EVERY_FILE = (
    "AutoPayCollectionDate",
    "InvoiceDate",
    "InvoiceDueDate",
    "InvoiceFormatGuid",
    "InvoiceTypeID",
    "LocationReference",
    "MinimumAmountDue",
)
NOT_AVAILABLE = (
    "AchServiceFee",
    "BalanceForward",
    "CreditCardServiceFee",
    "LateFeeDate",
    "PaymentExpirationDate",
    "PaymentExpirationMessage",
    "PromptPayExpirationDate",
    "RegistrationValue",
)
# Further from the due date no payer is told of it.
NOTIFY_DAYS_MAX = 366


def refusal_of(key: str) -> str | None:
    """Say why a key is no setting though the questionnaire names its feature, and the remedy."""
    asked = _plain(key)
    for feature, setting in CUSTOMIZED.items():
        if asked == _plain(feature):
            return f"{feature} has another name here. Give {setting}"
    for feature in IN_EVERY_FILE:
        if asked == _plain(feature):
            return f"{feature} is in every file and is no setting of it. Take it out"
    for feature in NOT_AVAILABLE:
        if asked == _plain(feature):
            return (
                f"{feature} is marked N/A in the technical design, and no file of this "
                "integration carries it. Take it out"
            )
    return None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
