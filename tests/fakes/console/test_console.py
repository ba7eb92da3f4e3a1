"""The console: what it shows, that nothing in a book can act in it, and that its links hold."""

import itertools
from html.parser import HTMLParser

import httpx
import pytest

from sandbox.faults import FAULTS

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """A page taken apart: its words, links, anchors, headings, and whether its tags nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.links, self.ids, self.headings = [], [], [], set(), []
        self.tags = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "href" in told and tag == "a":
            self.links.append(told["href"])
        if "id" in told:
            assert told["id"] not in self.ids
            self.ids.add(told["id"])
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data.strip())

    @property
    def text(self):
        return " ".join(word for word in self.words if word)


def look(world):
    answer = httpx.get(f"{world.base_url}/")
    assert answer.status_code == 200
    return Page(answer.text)


def test_shows_time_books_verdict_and_connections(world):
    page = look(world)
    assert "Mon Jan 05, 2026 08:00:00 UTC" in page.text
    assert "virtual time" in page.text
    assert "every invariant holds" in page.text
    assert "Nothing has happened yet" in page.text
    biller = world.billers[0]
    for told in (biller.name, biller.biller_guid, biller.payment_credentials.password):
        assert told in page.text


def test_shows_what_happened_newest_first(world):
    for number in range(70):
        world.journal.event(
            target="spectrum", operation="Receipt", outcome=f"receipt R-{number} applied"
        )
        world.clock.advance(3600)
    text = look(world).text
    assert "The latest 60 of 70 entries" in text
    assert text.index("receipt R-69 applied") < text.index("receipt R-10 applied")
    assert "receipt R-9 applied" not in text
    assert text.index("Wednesday, January 07, 2026") < text.index("Tuesday, January 06, 2026")


def test_shows_armed_faults(world):
    world.faults.arm(
        kind="sever",
        effect=FAULTS["sever"]({}),
        partner="spectrum",
        operation="OnlineReceipt",
        moment="after",
        count=None,
        match={"invoice_number": "30254"},
        parameters={},
    )
    told = "sever after Spectrum OnlineReceipt of invoice number 30254: struck 0, for ever"
    assert told in look(world).text


def test_nothing_in_a_book_can_act_in_the_page(world):
    """Texts are shown as texts, and the page may neither run scripts nor load anything."""
    world.journal.event(
        target="<script>alert(1)</script>", operation="<b>x</b>", outcome='"><img>'
    )
    answer = httpx.get(f"{world.base_url}/")
    assert Page(answer.text).tags.isdisjoint({"script", "img", "iframe", "form", "object"})
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_every_link_holds(world, sandbox_server):
    """Links stay in their world, and lead somewhere."""
    page = look(world)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            answer = httpx.get(f"{sandbox_server.url}{link}")
            assert answer.status_code == 200, link
    inside = f"/w/{world.name}/"
    outside = {link for link in page.links if not link.startswith(("#", inside))}
    assert outside <= {"/"} | {f"/w/{name}/" for name in sandbox_server.worlds.names()}


def test_headings_are_a_table_of_contents(world):
    """One title, and no level is skipped on the way down."""
    headings = look(world).headings
    assert headings.count(1) == 1
    for above, below in itertools.pairwise(headings):
        assert below <= above + 1


def test_page_without_a_slash_is_the_same(world):
    assert httpx.get(world.base_url).text == httpx.get(f"{world.base_url}/").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_page_is_only_read(world, method):
    assert httpx.request(method, f"{world.base_url}/").status_code == 405
