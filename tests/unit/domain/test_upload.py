"""An invoice file and its answer."""

from adapter.domain.upload import UploadAnswer, UploadState


def test_states_are_told_by_words_that_never_change():
    """The words stand in ledgers and in what operators read."""
    assert {state.value for state in UploadState} == {
        "sending",
        "accepted",
        "refused",
        "failed",
        "in_doubt",
    }


def test_an_answer_is_told_apart_by_its_content():
    answer = UploadAnswer(accepted=True, file_name="4546.BIF", file_guid="g", message="Imported")
    assert answer != UploadAnswer(accepted=False, file_name="", file_guid="", message="bad")
