"""The return codes that the sandbox brings about."""

import re

from sandbox.fakes.invoice_cloud.processor.nacha import RETURN_CODES


def test_codes_are_nachas_and_say_their_reason_in_words():
    for code, told in RETURN_CODES.items():
        assert re.fullmatch(r"R[0-9]{2}", code)
        assert told.code == code
        assert told.reason


def test_no_return_comes_before_the_payment_has_settled():
    """ACH settles on the second banking day (decision 0017)."""
    assert min(told.banking_days for told in RETURN_CODES.values()) >= 2
