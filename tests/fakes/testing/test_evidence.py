"""What a test leaves behind, where it cannot be read or kept: said, and never in the way."""

import pytest

from sandbox.testing import Evidence, serve


@pytest.fixture
def world():
    with serve() as served:
        yield served.create_world(open_invoices=2)


def evidence(world, new_folder, **options):
    return Evidence(world=world, audited=True, new_folder=new_folder, **options)


def test_a_world_that_is_gone_is_an_error_that_says_so(world, tmp_path):
    world.delete()
    gone = evidence(world, lambda: tmp_path, keep="all")
    gone.gather(failed=False)
    assert gone.broken
    assert f"the world cannot be read: there is no world '{world.name}'" in gone.story()
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_written_leave_the_verdict(world, tmp_path):
    full = evidence(world, lambda: tmp_path / "nowhere", keep="all")
    full.gather(failed=False)
    assert not full.broken
    assert full.story().startswith("The auditor: nothing lost, nothing doubled.\nnot kept: ")


@pytest.mark.parametrize(
    ("keep", "failed", "is_kept"),
    [
        ("all", False, True),
        ("failed", False, False),
        ("failed", True, True),
        ("none", True, False),
    ],
)
def test_files_are_kept_where_that_is_wanted(world, tmp_path, keep, failed, is_kept):
    one = evidence(world, lambda: tmp_path, keep=keep)
    one.gather(failed=failed)
    wanted = {"audit.json", "journal.jsonl", "state.json", "timeline.txt"} if is_kept else set()
    assert {path.name for path in tmp_path.iterdir()} == wanted
    assert (f"kept in {tmp_path}" in one.story()) == is_kept
