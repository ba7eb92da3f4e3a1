"""Requests read piece by piece: the tree as it was, and the invoice file beside it."""

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sandbox.fakes.invoice_cloud.request_tree import (
    CHUNK_BYTES,
    DEPTH_MAX,
    IN_MEMORY_BYTES_MAX,
    CarriedFile,
    DocumentTypeError,
    decoded,
    read_tree,
)


def read(content, charset=None):
    content = content.encode() if isinstance(content, str) else content
    return read_tree(io.BytesIO(content), len(content), charset)


def carried(text):
    """Read a text as an invoice file and return its bytes and its length in characters."""
    file = read(f"<a><InvoiceFile>{text}</InvoiceFile></a>").file
    with file.content:
        return file.content.read(), file.characters


def decode(text):
    file = CarriedFile(content=io.BytesIO(text.encode()), characters=len(text))
    with decoded(file) as content:
        return content.read()


def test_the_tree_is_the_requests_without_its_comments_and_the_files_text():
    tree = read('<a xmlns="urn:x"><b>o<!-- c -->ne</b><?d e?><InvoiceFile>two</InvoiceFile></a>')
    tree.file.content.close()
    assert etree.tostring(tree.root) == b'<a xmlns="urn:x"><b>one</b><InvoiceFile/></a>'


def test_a_request_without_a_file_carries_none():
    assert read("<a><b>one</b></a>").file is None


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", b""),
        ("a &lt;&amp;&#x2603; b", "a <&\u2603 b".encode()),
        ("<![CDATA[1~FH|2~<x>]]>", b"1~FH|2~<x>"),
        ("one\r\ntwo\n", b"one\ntwo\n"),
        ("o<!-- c -->ne", b"one"),
        ("x" * (IN_MEMORY_BYTES_MAX + 1), b"x" * (IN_MEMORY_BYTES_MAX + 1)),
    ],
    ids=["empty", "entities", "cdata", "line ends", "comment", "large"],
)
def test_the_file_is_its_elements_text(text, content):
    assert carried(text) == (content, len(content.decode()))


def test_a_second_file_stays_in_the_tree_where_the_schema_refuses_it():
    tree = read("<a><InvoiceFile>1</InvoiceFile><InvoiceFile>2</InvoiceFile></a>")
    with tree.file.content as content:
        assert content.read() == b"1"
    assert [element.text for element in tree.root] == [None, "2"]


@pytest.mark.parametrize("content", ["", "words", "<a>", "<a></b>", "<a/><b/>", "<a>&b;</a>"])
def test_what_is_no_xml_is_an_error(content):
    with pytest.raises(etree.XMLSyntaxError):
        read(content)


def test_what_breaks_off_in_the_file_is_an_error_and_leaves_no_file_open():
    with pytest.raises(etree.XMLSyntaxError):
        read("<a><InvoiceFile>" + "x" * (IN_MEMORY_BYTES_MAX + 1))


def test_what_stands_too_deep_is_an_error():
    assert read("<a>" * DEPTH_MAX + "</a>" * DEPTH_MAX).root.tag == "a"
    with pytest.raises(ValueError, match="deep"):
        read("<a>" * (DEPTH_MAX + 1) + "</a>" * (DEPTH_MAX + 1))


def test_a_document_type_is_an_error():
    with pytest.raises(DocumentTypeError):
        read('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


@given(st.binary(max_size=400), st.integers(1, 80))
def test_base64_in_lines_of_any_length_is_the_bytes_it_stands_for(content, width):
    text = base64.b64encode(content).decode()
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    assert decode("\r\n ".join(lines)) == content


@pytest.mark.parametrize("spare", range(4))
def test_base64_longer_than_a_piece_is_whole(spare):
    content = bytes(range(256)) * (CHUNK_BYTES // 128) + b"x" * spare
    assert decode("\n" * spare + base64.b64encode(content).decode()) == content


@pytest.mark.parametrize(
    "text", ["MX5", "~~~~", "MX5\u0660", "QQ==QUJD", "====", "QQ=", "QUJD" * CHUNK_BYTES + "Q"]
)
def test_what_is_no_base64_is_refused_and_shows_how_it_begins(text):
    with pytest.raises(ValueError, match=text[:60]):
        decode(text)
