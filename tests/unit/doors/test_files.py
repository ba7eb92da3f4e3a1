"""Files that a command is given."""

import pytest

from adapter.doors.files import READ_BYTES, opened, opened_as_utf8
from adapter.errors import BadInputError


def test_a_file_that_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(BadInputError, match="cannot be opened"), opened(tmp_path / "x", "rb"):
        pass


def test_a_text_is_read_in_its_own_encoding(tmp_path):
    """A character that stands across two reads too."""
    path = tmp_path / "x"
    path.write_bytes(("a" + "é" * READ_BYTES).encode("utf-8-sig"))
    with opened_as_utf8(path, "utf-8-sig") as stream:
        assert stream.read().decode() == "a" + "é" * READ_BYTES


@pytest.mark.parametrize("content", [b"a\xff", b"a\xc3"])
def test_bytes_that_are_not_of_the_encoding_are_told(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="is not utf-8"), opened_as_utf8(path, "utf-8"):
        pass


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13", "", "\0"])
def test_an_encoding_that_is_none_is_told(tmp_path, encoding):
    with pytest.raises(BadInputError, match="no such encoding"):
        opened_as_utf8(tmp_path, encoding).__enter__()
