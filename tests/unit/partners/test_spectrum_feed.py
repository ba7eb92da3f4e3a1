"""The extract over HTTP and from a folder: everything is told, and nothing is lost when broken."""

import csv
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapter.errors import BadInputError, ConfigurationError, RetryableError
from adapter.partners.spectrum_feed import LINE_CHARACTERS_MAX, FolderFeed, HttpFeed
from tests.unit.partners.conftest import INVOICE, RECEIPT

AS_OF = "2026-01-05T08:00:00Z"
SEVEN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
EIGHT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
GUID = "aaaaaaaa-0000-4000-8000-000000000001"


def invoice(number: int = 30254, balance: str = "731.37", **more) -> dict:
    return {**INVOICE, "invoice_number": str(number), "balance_due": balance, **more}


def receipt(receipt_id: str = "1001", reference: str = GUID, **more) -> dict:
    return {**RECEIPT, "receipt_id": receipt_id, "reference_number": reference, **more}


def ids(search) -> list[str]:
    return [receipt.receipt_id for receipt in search.receipts]


def told(extract) -> dict[str, str]:
    return {i.invoice_number: str(i.balance_due) for i in extract.invoices}


# Over HTTP


@pytest.fixture
def http_feed(client, spectrum):
    """Return a feed whose requests get one answer, and the list of all requests."""

    def build(answer: httpx.Response) -> tuple[HttpFeed, list[httpx.Request]]:
        spectrum.answer = answer
        location = "https://spectrum.example/extract/v1/"
        return HttpFeed(client, location, settings="billers.alpha.feed"), spectrum.requests

    return build


def test_http_invoices(http_feed):
    rows = [invoice(1), invoice(2), invoice(1, "0.00")]
    answer = {"as_of": AS_OF, "cursor": "2026-01-05T07:59:59Z", "invoices": rows}
    feed, asked = http_feed(httpx.Response(200, json=answer))
    extract = feed.invoices_since(None)
    assert told(extract) == {"1": "0.00", "2": "731.37"}
    assert extract.cursor == "2026-01-05T07:59:59Z"
    assert extract.as_of == EIGHT
    assert str(asked[-1].url) == "https://spectrum.example/extract/v1/invoices"
    assert asked[-1].headers["Authorization"] == "Bearer token-1"


def test_http_hands_the_cursor_back(http_feed):
    answer = {"invoices": [], "cursor": AS_OF, "as_of": AS_OF}
    feed, asked = http_feed(httpx.Response(200, json=answer))
    assert feed.invoices_since(AS_OF).invoices == ()
    assert dict(asked[-1].url.params) == {"since": AS_OF}


@pytest.mark.parametrize(
    ("rows", "rest"),
    [
        ([invoice(1), invoice(2, "much")], {"cursor": AS_OF, "as_of": AS_OF}),
        ([invoice(1), "row"], {"cursor": AS_OF, "as_of": AS_OF}),
        ([], {"cursor": AS_OF}),
        ([], {"as_of": AS_OF}),
        ([], {"cursor": "17", "as_of": AS_OF}),
    ],
)
def test_http_refuses_what_breaks_a_rule(http_feed, rows, rest):
    feed, _ = http_feed(httpx.Response(200, json={"invoices": rows, **rest}))
    with pytest.raises(BadInputError, match="ExtractInvoices"):
        feed.invoices_since(None)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(200, text='{"as_of": "2026'), RetryableError),
        (httpx.Response(200, text="<html></html>"), RetryableError),
        (httpx.Response(200, json={"as_of": AS_OF, "cursor": AS_OF}), RetryableError),
        (httpx.Response(500), RetryableError),
        (httpx.Response(404), ConfigurationError),
        (httpx.Response(401), ConfigurationError),
    ],
    ids=str,
)
def test_http_fails_as_a_whole(http_feed, answer, kind):
    feed, _ = http_feed(answer)
    with pytest.raises(kind):
        feed.invoices_since(None)


@pytest.mark.parametrize("reversed_at", [None, AS_OF])
def test_http_a_receipt_that_was_reversed_had_been_applied(http_feed, payment, reversed_at):
    """Decision 0018: it stays evidence, or a payment in doubt would be posted again."""
    told = receipt(reversal_id=reversed_at and "r-1", reversed_at=reversed_at)
    feed, _ = http_feed(httpx.Response(200, json={"receipts": [told], "as_of": AS_OF}))
    (found,) = feed.find_receipts(payment, since=SEVEN).receipts
    assert found.reversed_at == (reversed_at and EIGHT)


def test_http_finds_a_receipt_wherever_the_envelope_stands(http_feed, payment):
    rows = [receipt("1", GUID.upper()), receipt("2", "CHECK 1207", invoice_number="30255")]
    feed, asked = http_feed(httpx.Response(200, json={"receipts": rows, "as_of": AS_OF}))
    search = feed.find_receipts(payment, since=SEVEN)
    assert (ids(search), search.as_of) == (["1"], EIGHT)
    assert asked[-1].url.path == "/extract/v1/receipts"
    assert dict(asked[-1].url.params) == {"since": "2026-01-05T07:00:00Z"}


def test_http_tells_every_receipt_of_the_payment_and_of_its_invoice_once(http_feed, payment):
    """What others paid explains a balance; the GUID on another invoice is for a person."""
    rows = [
        receipt("1", "CHECK 1207"),
        receipt("2", invoice_number="30255"),
        receipt("3", "CHECK 1208", invoice_number="30255"),
        receipt("4"),
        receipt("1", "CHECK 1207", reversal_id="r-1", reversed_at=AS_OF),
    ]
    feed, _ = http_feed(httpx.Response(200, json={"receipts": rows, "as_of": AS_OF}))
    search = feed.find_receipts(payment, since=SEVEN)
    assert ids(search) == ["1", "2", "4"]
    assert search.receipts[0].reversed_at == EIGHT


def test_http_says_up_to_when_a_receipt_is_absent(http_feed, payment):
    feed, _ = http_feed(httpx.Response(200, json={"receipts": [], "as_of": AS_OF}))
    search = feed.find_receipts(payment, since=SEVEN)
    assert (search.receipts, search.as_of) == ((), EIGHT)


def test_http_without_receipts_is_a_wrong_setting(http_feed, payment):
    feed, _ = http_feed(httpx.Response(404))
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.feed"):
        feed.find_receipts(payment, since=SEVEN)


# From a folder


@pytest.fixture
def feed(tmp_path) -> FolderFeed:
    return FolderFeed(tmp_path, settings="billers.alpha.feed")


def write(folder, name: str, rows: list[dict]) -> None:
    path = folder / name
    if ".csv" in name:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_folder_tells_all_files_and_the_newest_file_wins(feed, tmp_path):
    write(tmp_path, "invoices-20260105T081500Z.csv", [invoice(1, "5.00"), invoice(3)])
    write(tmp_path, "invoices-20260105T080000Z.jsonl", [invoice(1), invoice(2)])
    extract = feed.invoices_since(None)
    assert told(extract) == {"1": "5.00", "2": "731.37", "3": "731.37"}
    assert extract.cursor == "2026-01-05T08:15:00Z"
    assert extract.as_of == datetime(2026, 1, 5, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cursor", "numbers"),
    [
        ("2026-01-05T08:00:00Z", {"1", "2"}),
        ("2026-01-05T08:00:00.900000Z", {"1", "2"}),
        ("2026-01-05T02:00:00-06:00", {"1", "2"}),
        ("2026-01-05T08:00:01Z", {"2"}),
    ],
)
def test_folder_goes_on_at_the_cursor_s_own_second(feed, tmp_path, cursor, numbers):
    """The cursor's file may have been written anew within its second."""
    write(tmp_path, "invoices-20260105T080000Z.jsonl", [invoice(1)])
    write(tmp_path, "invoices-20260105T081500Z.jsonl", [invoice(2)])
    assert told(feed.invoices_since(cursor)).keys() == numbers


def test_folder_without_anything_new_stays_at_the_cursor(feed, tmp_path):
    write(tmp_path, "invoices-20260105T080000Z.jsonl", [invoice(1)])
    extract = feed.invoices_since("2026-01-05T09:00:00Z")
    assert (extract.invoices, extract.cursor) == ((), "2026-01-05T09:00:00Z")
    for file in tmp_path.iterdir():
        file.unlink()
    assert feed.invoices_since("2026-01-05T09:00:00Z").invoices == ()


def test_folder_without_any_file_knows_nothing_yet(feed, payment):
    """An empty folder does not say that there are no invoices."""
    with pytest.raises(RetryableError, match="no file of invoices yet"):
        feed.invoices_since(None)
    with pytest.raises(RetryableError, match="no file of receipts yet"):
        feed.find_receipts(payment, since=SEVEN)


def test_folder_that_is_not_there_is_a_wrong_setting(tmp_path):
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.feed: the folder .*nowhere"):
        FolderFeed(tmp_path / "nowhere", settings="billers.alpha.feed").invoices_since(None)


def test_folder_ignores_what_is_being_written_and_what_is_none_of_ours(feed, tmp_path):
    write(tmp_path, "invoices-20260105T080000Z.jsonl", [invoice(1)])
    (tmp_path / "invoices-20260105T081500Z.jsonl.part").write_text("{half")
    (tmp_path / "README.txt").write_text("hello")
    (tmp_path / "invoices-20260105T083000Z.csv").mkdir()
    write(tmp_path, "receipts-20260105T090000Z.jsonl", [receipt()])
    assert feed.invoices_since(None).cursor == AS_OF


@pytest.mark.parametrize("stamp", ["20260105", "20261305T080000Z", "2026-01-05T08:00:00Z", ""])
def test_folder_refuses_a_file_of_no_moment(feed, tmp_path, stamp):
    """It might hold invoices that nobody would ever read."""
    write(tmp_path, f"invoices-{stamp}.jsonl", [invoice(1)])
    with pytest.raises(BadInputError, match=f"invoices-{stamp}.jsonl"):
        feed.invoices_since(None)


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("jsonl", json.dumps(invoice(1)) + "\n{half\n", "line 2"),
        ("jsonl", json.dumps(invoice(1)) + "\n\n[]\n", "line 3"),
        ("jsonl", json.dumps(invoice(1, "much")), "line 1 balance_due"),
        ("jsonl", json.dumps(invoice(1)).replace("Dana", "\udcff"), "line 1"),
        ("jsonl", '"' + "x" * LINE_CHARACTERS_MAX, "line 1"),
        ("csv", "", ""),
        ("csv", "invoice_number,policy_number\r\n1,2\r\n", "line 2 organization_name"),
        ("csv", "a,b\r\n1,2,3\r\n", "line 2"),
        ("csv", "a,b\r\n\r\n1\r\n", "line 3"),
        ("csv", 'a,b\r\n"1"x,2\r\n', "line 2"),
        ("csv", 'a,b\r\n"1', "line 2"),
    ],
)
def test_folder_names_file_line_and_field_of_what_is_broken(feed, tmp_path, name, content, field):
    path = tmp_path / f"invoices-20260105T080000Z.{name}"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInputError) as caught:
        feed.invoices_since(None)
    assert caught.value.field == f"{path.name} {field}".strip()


def test_folder_reads_csv_as_spreadsheets_write_it(feed, tmp_path):
    """A byte order mark, quotes, a line break inside a value, an empty AutoPay date."""
    rows = [invoice(1, organization_name='Smith, "Sons"\r\n& Co', autopay_date="2026-01-28")]
    write(tmp_path, "invoices-20260105T080000Z.csv", [*rows, invoice(2)])
    path = tmp_path / "invoices-20260105T080000Z.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    first, second = feed.invoices_since(None).invoices
    assert first.organization_name == 'Smith, "Sons"\r\n& Co'
    assert first.autopay_date is not None
    assert second.autopay_date is None


def test_folder_reads_the_next_time_what_was_mended(feed, tmp_path):
    write(tmp_path, "invoices-20260105T080000Z.jsonl", [invoice(1)])
    cursor = feed.invoices_since(None).cursor
    write(tmp_path, "invoices-20260105T081500Z.jsonl", [invoice(2), invoice(3, "much")])
    with pytest.raises(BadInputError):
        feed.invoices_since(cursor)
    write(tmp_path, "invoices-20260105T081500Z.jsonl", [invoice(2), invoice(3)])
    assert told(feed.invoices_since(cursor)).keys() == {"1", "2", "3"}


def test_folder_finds_a_receipt_in_files_that_can_hold_it(feed, tmp_path, payment):
    write(tmp_path, "receipts-20260105T080000Z.jsonl", [receipt("1")])
    write(tmp_path, "receipts-20260105T081500Z.csv", [receipt("2", "CHECK 1207")])
    as_of = datetime(2026, 1, 5, 8, 15, tzinfo=UTC)
    found = feed.find_receipts(payment, since=as_of - timedelta(minutes=15))
    assert (ids(found), found.as_of) == (["1", "2"], as_of)
    missed = feed.find_receipts(payment, since=as_of - timedelta(minutes=14))
    assert (ids(missed), missed.as_of) == (["2"], as_of)


def test_folder_tells_a_receipt_as_its_newest_file_does(feed, tmp_path, payment):
    write(tmp_path, "receipts-20260107T081500Z.csv", [receipt(reversal_id="r", reversed_at=AS_OF)])
    write(tmp_path, "receipts-20260105T080000Z.jsonl", [receipt()])
    (found,) = feed.find_receipts(payment, since=SEVEN).receipts
    assert found.reversed_at == EIGHT


def test_folder_tells_how_old_its_newest_receipts_are(feed, tmp_path, payment):
    write(tmp_path, "receipts-20260105T080000Z.jsonl", [receipt("1", "CHECK 1207")])
    search = feed.find_receipts(payment, since=datetime(2026, 1, 5, 9, 0, tzinfo=UTC))
    assert (search.receipts, search.as_of) == ((), EIGHT)


def test_folder_does_not_call_a_receipt_absent_when_a_line_is_broken(feed, tmp_path, payment):
    write(tmp_path, "receipts-20260105T080000Z.jsonl", [receipt("1", amount="?")])
    with pytest.raises(BadInputError, match=r"20260105T080000Z\.jsonl line 1 amount"):
        feed.find_receipts(payment, since=SEVEN)


def test_folder_file_that_cannot_be_opened_can_be_tried_again(feed, tmp_path, monkeypatch):
    write(tmp_path, "invoices-20260105T080000Z.jsonl", [invoice(1)])
    listed = feed._files("invoices")
    monkeypatch.setattr(feed, "_files", lambda _: listed)
    (tmp_path / "invoices-20260105T080000Z.jsonl").unlink()
    with pytest.raises(RetryableError, match="cannot be read"):
        feed.invoices_since(None)
