"""The DataSet reader against what .NET really writes: by place and by name, in constant memory."""

import tracemalloc
import xml.sax.saxutils as sax

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.partners.http import UnreadableAnswerError
from adapter.partners.soap_answers import (
    PIECE_BYTES,
    ROW_BYTES_MAX,
    DataSetReader,
    SoapFaultError,
)

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SCHEMA = (
    '<xs:schema id="NewDataSet" xmlns="" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'xmlns:msdata="urn:schemas-microsoft-com:xml-msdata"><xs:element name="NewDataSet" '
    'msdata:IsDataSet="true" msdata:UseCurrentLocale="true"><xs:complexType><xs:choice '
    'minOccurs="0" maxOccurs="unbounded"><xs:element name="Table"><xs:complexType><xs:sequence>'
    '<xs:element name="A" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>'
    "</xs:element></xs:choice></xs:complexType></xs:element></xs:schema>"
)
DIFFGRAM = (
    '<diffgr:diffgram xmlns:msdata="urn:schemas-microsoft-com:xml-msdata" '
    'xmlns:diffgr="urn:schemas-microsoft-com:xml-diffgram-v1">'
)
XML_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
EMPTY = f"{SCHEMA}{DIFFGRAM}</diffgr:diffgram>"


def answer(result: str, namespace: str = SOAP11) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{namespace}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<soap:Body><ReportResponse xmlns="https://ic.example/Report/"><ReportResult>'
        f"{result}</ReportResult></ReportResponse></soap:Body></soap:Envelope>"
    ).encode()


def table(*rows: str, root: str = "NewDataSet", after: str = "") -> str:
    inner = "".join(
        f'<Table diffgr:id="Table{n + 1}" msdata:rowOrder="{n}">{row}</Table>'
        for n, row in enumerate(rows)
    )
    return f'{SCHEMA}{DIFFGRAM}<{root} xmlns="">{inner}</{root}>{after}</diffgr:diffgram>'


def read(content: bytes, *, size: int = 1 << 20, known: str = "A B") -> list[dict[str, str]]:
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    return list(DataSetReader(known.split()).rows(chunks))


@pytest.mark.parametrize("namespace", [SOAP11, SOAP12])
def test_rows_by_column_name(namespace):
    content = answer(table("<A>1</A><B>x &amp; y</B>", "<A>2</A><B>z</B>"), namespace)
    assert read(content) == [{"A": "1", "B": "x & y"}, {"A": "2", "B": "z"}]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_cut_into_chunks_changes_nothing(size):
    content = answer(table("<A>é€😀</A><B>1.0000</B>", "<A/>"))
    assert read(content, size=size) == [{"A": "é€😀", "B": "1.0000"}, {"A": ""}]


@given(values=st.lists(st.text(XML_CHARACTERS), max_size=6))
def test_texts_arrive_as_they_are(values):
    rows = [f"<A>{sax.escape(value)}</A>" for value in values]
    expected = [{"A": value} for value in values]
    assert read(answer(table(*rows)), size=11) == expected


def test_no_rows_is_a_bare_diffgram():
    assert read(answer(EMPTY)) == []
    assert read(answer(EMPTY.replace("></diffgr:diffgram>", "/>"))) == []
    assert read(answer(table())) == []


def test_null_is_absent_and_empty_is_empty():
    rows = read(answer(table("<A>1</A>", "<A/><B></B>", '<A xsi:nil="true"/><B>2</B>')))
    assert rows == [{"A": "1"}, {"A": "", "B": ""}, {"B": "2"}]


def test_new_and_moved_columns_are_read_and_reported():
    reader = DataSetReader(["A", "B"])
    content = answer(table("<B>2</B><New>n</New><A>1</A>", "<A>3</A><Newer/>"))
    assert list(reader.rows([content])) == [
        {"B": "2", "New": "n", "A": "1"},
        {"A": "3", "Newer": ""},
    ]
    assert reader.unknown_columns == {"New", "Newer"}


def test_the_inline_schema_may_be_missing():
    assert read(answer(table("<A>1</A>").removeprefix(SCHEMA))) == [{"A": "1"}]


def test_what_rows_were_before_and_their_errors_are_no_rows():
    before = (
        '<diffgr:before><Table diffgr:id="Table1" xmlns=""><A>old</A></Table></diffgr:before>'
        '<diffgr:errors><Table diffgr:id="Table1" diffgr:Error="x" xmlns=""/></diffgr:errors>'
    )
    content = answer(table("<A>new</A>", after=before).replace("rowOrder", "hasChanges"))
    assert read(content) == [{"A": "new"}]


def test_a_data_table_names_its_root_otherwise():
    assert read(answer(table("<A>1</A>", root="DocumentElement"))) == [{"A": "1"}]


def test_rows_in_the_service_s_namespace_are_rows():
    assert read(answer(table("<A>1</A>").replace(' xmlns=""', ""))) == [{"A": "1"}]


def test_prefixes_do_not_matter():
    content = answer(table("<A>1</A>")).replace(b"diffgr:", b"d1:").replace(b":diffgr=", b":d1=")
    assert read(content.replace(b"soap:", b"e:").replace(b":soap=", b":e=")) == [{"A": "1"}]


def test_only_the_first_table_counts():
    content = answer(table("<A>1</A>", "<A>2</A>")).replace(
        b"</NewDataSet>", b"<Table1><A>other</A></Table1></NewDataSet>"
    )
    assert read(content) == [{"A": "1"}, {"A": "2"}]


def test_only_the_first_dataset_counts():
    assert read(answer(table("<A>1</A>") + table("<A>2</A>"))) == [{"A": "1"}]
    assert read(answer(EMPTY + table("<A>2</A>"))) == []


def test_names_that_xml_forbids_are_read_as_they_were_meant():
    assert read(answer(table("<Paid_x0020_On>x</Paid_x0020_On>"))) == [{"Paid On": "x"}]


@pytest.mark.parametrize("size", [1, 1000])
def test_comments_and_sections_within_a_text_change_nothing(size):
    rows = table("<A>1<!-- no -->2<?no no?>3</A>", "<A><![CDATA[<q>&]]>w</A><!-- no -->")
    assert read(answer(rows), size=size) == [{"A": "123"}, {"A": "<q>&w"}]


@pytest.mark.parametrize("size", [1, 1000])
def test_lines_between_rows_change_nothing(size):
    content = answer(table("<A>1</A>", "<A>2</A>")).replace(b"><", b">\n  <")
    assert read(content, size=size) == [{"A": "1"}, {"A": "2"}]


def test_a_column_of_elements_is_no_value():
    assert read(answer(table("<A>1<x>2</x>3</A><B>4</B>"))) == [{"B": "4"}]


FAULT11 = (
    "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Bad &amp; worse"
    "</faultstring><detail/></soap:Fault>"
)
FAULT12 = (
    "<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>"
    '<soap:Reason><soap:Text xml:lang="en">Oops</soap:Text></soap:Reason>'
    "<soap:Detail><Text>no</Text></soap:Detail></soap:Fault>"
)


@pytest.mark.parametrize(
    ("fault", "namespace", "code", "text"),
    [(FAULT11, SOAP11, "Client", "Bad & worse"), (FAULT12, SOAP12, "Receiver", "Oops")],
)
@pytest.mark.parametrize("size", [3, 10_000])
def test_a_fault_is_raised_whatever_the_status(fault, namespace, code, text, size):
    content = (
        f'<q:Envelope xmlns:q="{namespace}" xmlns:soap="{namespace}"><q:Body>{fault}</q:Body>'
        "</q:Envelope>"
    ).encode()
    with pytest.raises(SoapFaultError) as caught:
        read(content, size=size)
    assert (caught.value.code, caught.value.text) == (code, text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Maintenance</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<br>",
        b'{"rows": []}',
        answer("", "urn:other"),
        answer(""),
        answer(SCHEMA),
        answer(table("<A>1</A>"))[:-3],
        b'<!DOCTYPE a [<!ENTITY x "boom">]>' + answer(EMPTY).partition(b"?>")[2],
        answer(table("<A>&undefined;</A>")),
        answer(table("<A>" + "<x>" * 300 + "</x>" * 300 + "</A>")),
        answer(table("<A>" + "x" * ROW_BYTES_MAX + "</A>")),
        answer(table("<AB/>" * ROW_BYTES_MAX)),
    ],
    ids=lambda content: content[:30].decode() + str(len(content)),
)
def test_what_is_no_whole_dataset_is_unreadable(content):
    """An answer without a DataSet must not pass for one without payments."""
    with pytest.raises(UnreadableAnswerError):
        read(content)


def test_rows_before_the_break_are_handed_over():
    content = answer(table(*["<A>1</A>"] * 5000))[: 2 * PIECE_BYTES]
    reader, rows = DataSetReader(["A"]), []
    with pytest.raises(UnreadableAnswerError):
        rows.extend(reader.rows([content]))
    assert len(rows) > 100
    assert reader.beginning == content[: len(reader.beginning)]


def test_an_error_of_the_connection_passes_through():
    def chunks():
        yield answer(EMPTY)[:100]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(DataSetReader([]).rows(chunks()))


def test_memory_does_not_grow_with_the_rows():
    row = b"<Table>" + b"<A>value</A><B>1.0000</B>" * 6 + b"</Table>"
    head, tail = answer(table()).split(b'<NewDataSet xmlns="">')

    def peak(rows: int) -> int:
        def chunks():
            yield head + b'<NewDataSet xmlns="">'
            for _ in range(rows // 100):
                yield row * 100
            yield tail

        tracemalloc.start()
        count = sum(1 for _ in DataSetReader(["A", "B"]).rows(chunks()))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return size

    assert peak(8000) < 2 * peak(1000)
