"""Whatever Spectrum answers, and whatever it did before: nothing is lost, nothing applied twice.

Some cases of each kind; `make answers` plays them all. The book that judges is the rig's own.
"""

import pytest

from tests.delivery.answers.bench import Bench
from tests.delivery.answers.campaign import play, table_of
from tests.delivery.answers.cases import every_case
from tests.delivery.answers.scenarios import SCENARIOS
from tests.delivery.answers.spectrum import SpectrumServer

SEED = 7
CASES = {case.name: case for case in every_case()}
APPLIED = {"applied"}
PERSON = {"person"}
EITHER = APPLIED | PERSON
# How each has to end. What was never applied and shows it, is posted again; what was applied and
# shows it, is final; what shows neither is a person's.
WANTED = {
    "severed-before-nofeed": APPLIED,
    "severed-after-nofeed": APPLIED,
    "200-json-after-nofeed": APPLIED,
    "200-json-before-nofeed": PERSON,
    "200-html-after-nofeed": APPLIED,
    "200-empty-before-nofeed": PERSON,
    "200-empty-after-nofeed": APPLIED,
    "200-empty-after-fresh": APPLIED,
    "204-empty-after-nofeed": APPLIED,
    "okay-before-fresh": PERSON,
    "okay-after-nofeed": APPLIED,
    "okay-after-fresh": APPLIED,
    "302-empty-after-nofeed": APPLIED,
    "304-empty-before-nofeed": APPLIED,
    "307-json-after-nofeed": APPLIED,
    "308-html-before-nofeed": APPLIED,
    "400-json-before-nofeed": EITHER,
    "400-html-after-nofeed": APPLIED,
    "401-empty-before-nofeed": APPLIED,
    "401-empty-after-nofeed": APPLIED,
    "401-json-after-fresh-fee": APPLIED,
    "403-json-after-nofeed": APPLIED,
    "403-html-after-nofeed": APPLIED,
    "403-html-after-nofeed-fee": PERSON,
    "403-html-before-nofeed": APPLIED,
    "403-html-after-fresh": APPLIED,
    "403-html-before-fresh": APPLIED,
    "403-html-after-stale": PERSON,
    "403-html-before-stale": APPLIED,
    "404-html-after-nofeed": APPLIED,
    "408-empty-after-nofeed": APPLIED,
    "408-empty-after-fresh-fee": APPLIED,
    "409-json-after-nofeed": APPLIED,
    "409-json-before-stale-fee": PERSON,
    "422-json-after-nofeed": EITHER,
    "422-json-after-nofeed-fee": PERSON,
    "425-json-after-nofeed": APPLIED,
    "429-json-before-nofeed": APPLIED,
    "429-html-after-nofeed": APPLIED,
    "429-json-before-fresh-fee": APPLIED,
    "500-json-after-nofeed": APPLIED,
    "500-json-after-stale-fee": PERSON,
    "503-html-before-nofeed": APPLIED,
    "599-empty-after-nofeed": APPLIED,
}


@pytest.fixture(scope="session")
def server():
    with SpectrumServer() as server:
        yield server


@pytest.fixture
def new_url(new_ledger, quick_folder):
    return lambda: new_ledger(quick_folder)


@pytest.mark.parametrize("name", WANTED)
def test_what_an_answer_leaves_open_is_settled_or_a_persons(server, new_url, name):
    case = CASES[name]
    with Bench(server, new_url(), feed=case.feed) as bench:
        bench.pay(case.amount(SEED), plan=case.plan(SEED))
        bench.rest()
        outcome = bench.outcome()
    assert outcome.verdict in WANTED[name], "\n".join(outcome.story)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_story_ends_as_it_has_to(server, new_url, name):
    outcome = SCENARIOS[name].play(server, new_url())
    assert outcome.verdict in EITHER, "\n".join(outcome.story)


def test_the_book_sees_what_is_doubled_and_what_is_lost(server, new_url):
    """A Spectrum that applies one post twice, and one that says so and does not."""

    def twice(post):
        post.apply()
        return post.applied()

    with Bench(server, new_url()) as bench:
        bench.pay(plan=twice)
        bench.pay(plan=lambda post: post.echo(receiptID="9"))
        bench.pay()
        bench.rest()
        assert [each.verdict for each in bench.outcomes()] == ["doubled", "lost", "applied"]


def test_a_campaign_plays_what_it_is_given_and_tells_it(server, new_url):
    names = ["200-json-after-nofeed", "200-json-after-fresh", "201-json-after-fresh-fee"]
    told = []
    campaign = play(
        [CASES[name] for name in names],
        ["late-feed-answer-lost"],
        seed=SEED,
        server=server,
        new_ledger=new_url,
        tell=told.append,
    )
    assert campaign.is_clean
    assert set(campaign.outcomes) == {*names, "late-feed-answer-lost"}
    assert campaign.counts == {"applied": 4}
    assert told[-1].startswith("3 of 4 cases, applied 3")
    assert any(line.startswith("2xx json") for line in table_of(campaign))


def test_the_campaign_has_every_status_in_every_shape():
    assert len(CASES) == len(every_case()) == 400 * 3 * 2 * 3 * 2 + 2 * 2 * 3 * 2
