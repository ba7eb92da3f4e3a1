"""What all pages without a log-in have in common: verbs, limits, headers, the world's prefix."""

import itertools

import pytest

from sandbox.fakes.invoice_cloud.pages.site_map import PAGES
from sandbox.fakes.invoice_cloud.pages.visit import BODY_BYTES_MAX

GIVEN = {"number": "30254", "guid": "g", "secret": "s"}


@pytest.fixture
def paths(payer):
    """Return every page's path, with names filled in."""
    payer.bill()
    filled = []
    for path, page in PAGES.items():
        for name, value in {**GIVEN, "biller": payer.slug}.items():
            path = path.replace(f"<{name}>", value)  # noqa: PLW2901  # grows
        filled.append((path, page))
    return filled


def test_every_function_of_the_table_is_there(payer, paths):
    for path, page in paths:
        assert payer.get(path).status in {200, 404}
        if page.take:
            assert payer.post(path).status in {404, 422}


def test_an_unknown_page_says_so_in_the_pages_style(payer):
    for path in ("", "nothing", "site", "site/nobody", "biller/nobody", "agentconnect"):
        page = payer.get(path)
        assert page.status == 404
        assert page.tree.xpath("//h1")
        assert any(link.endswith(f"/site/{payer.slug}") for link in page.links())


def test_a_wrong_verb_is_refused_by_a_page(payer, paths):
    for path, page in paths:
        answer = payer.browser.put(payer._url(path))
        assert answer.status_code == 405
        assert answer.headers["Allow"] == ("GET, POST" if page.take else "GET")
        assert "<h1>" in answer.text


def test_a_form_larger_than_any_is_refused(payer, paths):
    for path, page in paths:
        if page.take and path.startswith("site"):
            answer = payer.post(path, card_number="4" * BODY_BYTES_MAX)
            assert answer.status == 413
            assert "more than a form holds" in answer.text


def test_a_form_that_another_site_sent_is_refused(payer, card):
    payer.bill()
    path = f"site/{payer.slug}/bills/30254"
    form = payer.fill(path, **card)
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = payer.browser.post(payer._url(path), data=form, headers=headers)
    assert answer.status_code == 403
    assert payer.paid() == []


def test_nothing_runs_nothing_is_kept_and_nothing_frames_a_page(payer, paths):
    for path, _ in paths:
        headers = payer.get(path).answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


def test_every_link_keeps_the_worlds_prefix(payer, paths):
    for path, _ in paths:
        page = payer.get(path)
        told = page.tree.xpath("//a/@href | //form/@action | //link[@rel='stylesheet']/@href")
        inside = [link for link in told if link.startswith("/")]
        assert inside
        assert all(link.startswith(f"/w/{payer.world.name}/") for link in inside)


def test_the_style_sheet_is_served_in_every_world(payer):
    page = payer.get(f"site/{payer.slug}")
    (sheet,) = page.tree.xpath("//link[@rel='stylesheet']/@href")
    answer = payer.browser.get(payer._url(sheet))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/css")


def test_every_field_is_labelled_and_every_description_is_there(payer, paths):
    for path, _ in paths:
        tree = payer.get(path).tree
        fields = tree.xpath("//input[not(@type='hidden')] | //select")
        for field in fields:
            assert field.xpath("ancestor::label") or tree.xpath(
                f"//label[@for='{field.get('id')}']"
            )
            for one in (field.get("aria-describedby") or "").split():
                assert tree.get_element_by_id(one) is not None


def test_every_page_has_one_title_and_its_ids_once(payer, paths):
    for path, _ in paths:
        tree = payer.get(path).tree
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids))
        assert len(tree.xpath("//h1")) == 1
        assert tree.xpath("//html/@lang") == ["en"]
        levels = [int(heading.tag[1]) for heading in tree.xpath("//h1|//h2|//h3|//h4")]
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
