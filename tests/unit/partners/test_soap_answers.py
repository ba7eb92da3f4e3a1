"""What SOAP services answer: results, DataSets as .NET really writes them, faults, neither."""

import tracemalloc
import xml.sax.saxutils as sax

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.http import Call, UnreadableAnswerError
from adapter.partners.soap_answers import (
    PIECE_BYTES,
    ROW_BYTES_MAX,
    DataSetReader,
    SoapFaultError,
    fault_error,
    read_result,
)

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
RESULT = (
    '<UploadResponse xmlns="urn:ic"><UploadResult><Success>true</Success><FileName/>'
    "<!-- seen --><Message>Received &amp; imported</Message></UploadResult></UploadResponse>"
)
FAULT11 = (
    "<soap:Fault><faultcode>soap:Server</faultcode>"
    "<faultstring>Server was unable to process request. ---&gt; Oops</faultstring>"
    "<detail><Value>x</Value></detail></soap:Fault>"
)
FAULT12 = (
    "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>"
    "<soap:Value>m:Odd</soap:Value></soap:Subcode></soap:Code><soap:Reason>"
    '<soap:Text xml:lang="en">Not understood</soap:Text></soap:Reason><soap:Detail/></soap:Fault>'
)


def envelope(body: str, namespace: str = SOAP11) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{namespace}">'
        f"<soap:Header/><soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


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
ONE = {"A": "1"}
EMPTY = f"{SCHEMA}{DIFFGRAM}</diffgr:diffgram>"


def dataset(result: str, namespace: str = SOAP11) -> bytes:
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
def test_result_by_name(namespace):
    assert read_result(envelope(RESULT, namespace), "UploadResult") == {
        "Success": "true",
        "FileName": "",
        "Message": "Received & imported",
    }


def test_prefixes_do_not_matter():
    content = envelope(RESULT).replace(b"soap:", b"q:").replace(b":soap=", b":q=")
    assert read_result(content, "UploadResult")["Success"] == "true"
    rows = dataset(table("<A>1</A>")).replace(b"soap:", b"q:").replace(b":soap=", b":q=")
    assert read(rows) == [ONE]


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (envelope(FAULT11), "Server", "Server was unable to process request. ---> Oops"),
        (envelope(FAULT12, SOAP12), "Sender", "Not understood"),
        (envelope("<soap:Fault/>"), "", ""),
    ],
)
@pytest.mark.parametrize("size", [3, 10_000])
def test_fault_is_raised_whatever_the_status(content, code, text, size):
    for ask in (lambda: read_result(content, "UploadResult"), lambda: read(content, size=size)):
        with pytest.raises(SoapFaultError) as caught:
            ask()
        assert (caught.value.code, caught.value.text) == (code, text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Maintenance</body></html>",
        b"<html><br></html>",
        b'{"Success": true}',
        envelope(RESULT)[:-20],
        envelope(""),
        envelope("<OtherResult/>"),
        envelope(RESULT, "urn:other"),
        RESULT.encode(),
        b'<!DOCTYPE a [<!ENTITY x "y">]>' + envelope(RESULT).partition(b"?>")[2],
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname">' + envelope(RESULT).partition(b"?>")[2],
    ],
)
def test_what_is_no_such_answer_is_unreadable(content):
    with pytest.raises(UnreadableAnswerError):
        read_result(content, "UploadResult")


@pytest.mark.parametrize(
    ("code", "text", "repeatable", "kind"),
    [
        ("soap:Server", "Oops", True, RetryableError),
        ("soap:Server", "Oops", False, OutcomeUnknownError),
        ("soap:Receiver", "Oops", True, RetryableError),
        ("", "Oops", False, OutcomeUnknownError),
        ("soap:Client", "Server was unable to read request.", True, RejectedError),
        ("soap:Client.Authentication", "Odd", False, RejectedError),
        ("soap:Sender", "Not understood", False, RejectedError),
        ("soap:MustUnderstand", "Header", True, RejectedError),
        ("soap:Client", "The WebServiceKey is wrong", True, ConfigurationError),
        ("soap:Server", "---> Invalid web service key.", True, ConfigurationError),
        ("soap:Server", "Invalid Biller GUID", False, ConfigurationError),
    ],
)
def test_a_fault_means(wire, code, text, repeatable, kind):
    call = Call(
        operation="Upload",
        method="POST",
        url="https://ic.example",
        settings="billers.alpha.web_service_key",
        repeatable=repeatable,
        secrets=("the-secret-key",),
    )
    http = wire(lambda _: httpx.Response(500), partner="invoice_cloud")
    fault = SoapFaultError(code, f"{text} the-secret-key")
    error = fault_error(fault, http, call, status=500)
    assert type(error) is kind
    assert text in str(error)
    assert "the-secret-key" not in str(error)
    if kind is ConfigurationError:
        assert "billers.alpha.web_service_key" in str(error)


# DataSets


@pytest.mark.parametrize("namespace", [SOAP11, SOAP12])
def test_rows_by_column_name(namespace):
    content = dataset(table("<A>1</A><B>x &amp; y</B>", "<A>2</A><B>z</B>"), namespace)
    assert read(content) == [{"A": "1", "B": "x & y"}, {"A": "2", "B": "z"}]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_cut_into_chunks_changes_nothing(size):
    content = dataset(table("<A>é€😀</A><B>1.0000</B>", "<A/>"))
    assert read(content, size=size) == [{"A": "é€😀", "B": "1.0000"}, {"A": ""}]


@given(values=st.lists(st.text(XML_CHARACTERS), max_size=6))
def test_texts_arrive_as_they_are(values):
    rows = [f"<A>{sax.escape(value)}</A>" for value in values]
    expected = [{"A": value} for value in values]
    assert read(dataset(table(*rows)), size=11) == expected


CHANGED = (
    '<diffgr:before><Table diffgr:id="Table1" xmlns=""><A>old</A></Table></diffgr:before>'
    '<diffgr:errors><Table diffgr:id="Table1" diffgr:Error="x" xmlns=""/></diffgr:errors>'
)
OTHER_TABLE = "<Table1><A>other</A></Table1></NewDataSet>"


@pytest.mark.parametrize(
    ("result", "rows"),
    [
        pytest.param(EMPTY, [], id="no rows: a bare diffgram"),
        pytest.param(EMPTY.replace("></diffgr:diffgram>", "/>"), [], id="a shorter one"),
        pytest.param(table(), [], id="no rows: an empty DataSet"),
        pytest.param(
            table("<A>1</A>", "<A/><B></B>", '<A xsi:nil="true"/><B>2</B>'),
            [{"A": "1"}, {"A": "", "B": ""}, {"B": "2"}],
            id="null is absent and empty is empty",
        ),
        pytest.param(table("<A>1</A>").removeprefix(SCHEMA), [ONE], id="no inline schema"),
        pytest.param(
            table("<A>1</A>", after=CHANGED).replace("rowOrder", "hasChanges"),
            [ONE],
            id="what rows were before and their errors are no rows",
        ),
        pytest.param(table("<A>1</A>", root="DocumentElement"), [ONE], id="a DataTable"),
        pytest.param(table("<A>1</A>").replace(' xmlns=""', ""), [ONE], id="our namespace"),
        pytest.param(
            table("<A>1</A>").replace("diffgr:", "d1:").replace(":diffgr=", ":d1="),
            [ONE],
            id="other prefixes",
        ),
        pytest.param(
            table("<A>1</A>").replace("</NewDataSet>", OTHER_TABLE), [ONE], id="the first table"
        ),
        pytest.param(table("<A>1</A>") + table("<A>2</A>"), [ONE], id="the first DataSet"),
        pytest.param(EMPTY + table("<A>2</A>"), [], id="the first DataSet, which is empty"),
        pytest.param(
            table("<Paid_x0020_On>x</Paid_x0020_On>"),
            [{"Paid On": "x"}],
            id="names that XML forbids",
        ),
        pytest.param(
            table("<A>1<!-- no -->2<?no no?>3</A>", "<A><![CDATA[<q>&]]>w</A><!-- no -->"),
            [{"A": "123"}, {"A": "<q>&w"}],
            id="comments and sections within a text",
        ),
        pytest.param(table("<A>1</A>").replace("><", ">\n  <"), [ONE], id="lines between rows"),
        pytest.param(table("<A>1<x>2</x>3</A><B>4</B>"), [{"B": "4"}], id="no value of elements"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_dataset_says(result, rows, size):
    assert read(dataset(result), size=size) == rows


def test_new_and_moved_columns_are_read_and_reported():
    reader = DataSetReader(["A", "B"])
    content = dataset(table("<B>2</B><New>n</New><A>1</A>", "<A>3</A><Newer/>"))
    assert list(reader.rows([content])) == [
        {"B": "2", "New": "n", "A": "1"},
        {"A": "3", "Newer": ""},
    ]
    assert reader.unknown_columns == {"New", "Newer"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Maintenance</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<br>",
        b'{"rows": []}',
        dataset("", "urn:other"),
        dataset(""),
        dataset(SCHEMA),
        dataset(table("<A>1</A>"))[:-3],
        b'<!DOCTYPE a [<!ENTITY x "boom">]>' + dataset(EMPTY).partition(b"?>")[2],
        dataset(table("<A>&undefined;</A>")),
        dataset(table("<A>" + "<x>" * 300 + "</x>" * 300 + "</A>")),
        dataset(table("<A>" + "x" * ROW_BYTES_MAX + "</A>")),
        dataset(table("<AB/>" * ROW_BYTES_MAX)),
    ],
    ids=lambda content: content[:30].decode() + str(len(content)),
)
def test_what_is_no_whole_dataset_is_unreadable(content):
    """An answer without a DataSet must not pass for one without payments."""
    with pytest.raises(UnreadableAnswerError):
        read(content)


def test_rows_before_the_break_are_handed_over():
    content = dataset(table(*["<A>1</A>"] * 5000))[: 2 * PIECE_BYTES]
    reader, rows = DataSetReader(["A"]), []
    with pytest.raises(UnreadableAnswerError):
        rows.extend(reader.rows([content]))
    assert len(rows) > 100
    assert reader.beginning == content[: len(reader.beginning)]


def test_an_error_of_the_connection_passes_through():
    def chunks():
        yield dataset(EMPTY)[:100]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(DataSetReader([]).rows(chunks()))


def test_memory_does_not_grow_with_the_rows():
    row = b"<Table>" + b"<A>value</A><B>1.0000</B>" * 6 + b"</Table>"
    head, tail = dataset(table()).split(b'<NewDataSet xmlns="">')

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
