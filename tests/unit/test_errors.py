"""The tree of errors: what a caller may do follows from the branch."""

import pytest

from adapter import errors

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}


def test_every_error_is_drawn_in_the_tree():
    """The drawing at the top of the module names every class below it, and no other."""
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    drawn = {word for word in errors.__doc__.split() if word.endswith("Error")}
    assert classes == drawn


@pytest.mark.parametrize(
    "kind", [errors.RetryableError, errors.RejectedError, errors.OutcomeUnknownError]
)
def test_partner_errors_say_who_and_what(kind):
    error = kind("no answer", status=502, excerpt="<html>", retry_after_seconds=3.0, **WHERE)
    assert str(error) == "spectrum OnlineReceipt: no answer"
    assert (error.status, error.excerpt, error.retry_after_seconds) == (502, "<html>", 3.0)
    others = {errors.RetryableError, errors.RejectedError, errors.OutcomeUnknownError} - {kind}
    assert not isinstance(error, tuple(others))


def test_configuration_error_lists_every_problem():
    error = errors.ConfigurationError("setting 8 is missing", "setting 13 has two keys")
    assert error.problems == ("setting 8 is missing", "setting 13 has two keys")
    assert str(error) == "setting 8 is missing; setting 13 has two keys"


def test_bad_input_says_field_value_rule_and_remedy():
    error = errors.ContentConflictError(
        field="PaymentGUID", value="6f1b", rule="it is known", remedy="Send it once"
    )
    assert isinstance(error, errors.BadInputError)
    assert str(error) == "PaymentGUID = '6f1b': it is known. Send it once"


def test_a_lost_lease_is_the_ledgers_business():
    assert issubclass(errors.LeaseLostError, errors.LedgerError)
