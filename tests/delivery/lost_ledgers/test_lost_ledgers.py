"""Whatever becomes of a ledger, no payment is applied twice or lost; the rest is a person's.

Every story runs against a Spectrum that never de-duplicates, but for one. All ways and feeds:
`python -m tests.delivery.lost_ledgers`.
"""

import tempfile

import pytest

from tests.delivery.answers.spectrum import SpectrumServer
from tests.delivery.lost_ledgers.losses import LOSSES, go_live

FORGETS_NOTHING = {"restarted", "killed", "moved by command to PostgreSQL"}
ENDS_WELL = {"applied", "person"}
# Applied and settled when the ledger is lost: the feed shows them at once.
SHOWN = {"before", "doubt, applied", "waiting", "forgotten", "forgotten, billed"}


@pytest.fixture(scope="session")
def server():
    with SpectrumServer() as server:
        yield server


@pytest.fixture
def folder(quick_folder):
    with tempfile.TemporaryDirectory(dir=quick_folder) as folder:
        yield folder


def require_nothing_doubled_or_lost(first, last):
    for story, outcome in first.items():
        assert outcome.verdict in ENDS_WELL, (story, *outcome.story)
    for story, outcome in last.items():
        assert outcome.verdict == "applied", (story, *outcome.story)


def left_to_a_person(first):
    return {story for story, outcome in first.items() if outcome.verdict == "person"}


@pytest.mark.sqlite
@pytest.mark.parametrize("feed", ["nofeed", "fresh"])
@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if not loss.needs_server])
def test_a_lost_ledger_doubles_and_loses_nothing(server, folder, name, feed):
    first, last = LOSSES[name].play(server, folder, feed=feed)
    require_nothing_doubled_or_lost(first, last)
    if feed == "fresh":
        assert not SHOWN & left_to_a_person(first)
    if name in FORGETS_NOTHING:
        assert not left_to_a_person(first)


@pytest.mark.sqlite
@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.needs_server])
def test_nor_does_one_that_is_lost_or_moved_with_a_server(server, folder, postgres, name):
    first, last = LOSSES[name].play(server, folder, cluster=postgres, feed="nofeed")
    require_nothing_doubled_or_lost(first, last)
    if name in FORGETS_NOTHING:
        assert not left_to_a_person(first)


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["deleted", "failed over"])
def test_a_person_who_looks_at_once_doubles_nothing(server, folder, name):
    """What was forgotten may still be on its way when she looks into Spectrum."""
    require_nothing_doubled_or_lost(*LOSSES[name].play(server, folder, feed="nofeed", hasty=True))


@pytest.mark.sqlite
def test_a_spectrum_that_knows_its_receipts_again_changes_nothing(server, folder):
    first, last = LOSSES["put back"].play(server, folder, feed="nofeed", deduplicates=True)
    require_nothing_doubled_or_lost(first, last)


@pytest.mark.sqlite
@pytest.mark.parametrize("feed", ["nofeed", "fresh"])
def test_going_live_posts_nothing_that_invoice_cloud_has_posted(server, folder, feed):
    first, last = go_live(server, folder, feed=feed)
    require_nothing_doubled_or_lost(first, last)
    asked = {"direct, never applied"} | ({"direct"} if feed == "nofeed" else set())
    assert left_to_a_person(first) == asked
