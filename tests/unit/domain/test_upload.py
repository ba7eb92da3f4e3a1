"""The states of an invoice file."""

from adapter.domain.upload import UploadState


def test_states_are_told_by_words_that_never_change():
    """The words stand in ledgers and in what operators read."""
    assert {state.value for state in UploadState} == {
        "sending",
        "accepted",
        "refused",
        "failed",
        "in_doubt",
    }
