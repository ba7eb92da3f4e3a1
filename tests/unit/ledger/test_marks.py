"""The marks outside the database: one for each worker, held while it lives."""

import errno
from datetime import UTC, datetime

import pytest

from adapter.domain.ledger_life import Heartbeat
from adapter.ledger.marks import Marks

AT = datetime(2026, 1, 5, 9, 12, 30, 123_456, tzinfo=UTC)


@pytest.fixture
def new_marks(tmp_path):
    made = []

    def make(identity="ledger"):
        made.append(Marks(tmp_path / "marks", identity))
        return made[-1]

    yield make
    for marks in made:
        marks.release()


def test_a_name_is_held_by_one_process_and_then_by_the_next(new_marks):
    one, two, three = new_marks(), new_marks(), new_marks()
    first, second = one.take(), two.take()
    assert first != second
    one.release()
    assert three.take() == first


def test_it_is_seen_whether_somebody_is_at_work(new_marks):
    one, other = new_marks(), new_marks()
    assert not other.are_in_use()
    one.take()
    assert other.are_in_use()
    assert not new_marks("another ledger").are_in_use()
    one.release()
    assert not other.are_in_use()


def test_a_mark_is_read_as_it_was_written(new_marks):
    marks = new_marks()
    beat = Heartbeat(worker=marks.take(), at=AT, beats=7, where="file 1", ended=True)
    marks.write(beat)
    assert new_marks().read() == {beat.worker: beat}
    marks.follow("server 2")
    assert new_marks().read()[beat.worker].where == "server 2"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "2026-01-05"}', '{"at": null}'])
def test_a_mark_that_cannot_be_read_is_none(new_marks, text):
    marks = new_marks()
    name = marks.take()
    (marks.folder / f"{name}.mark").write_text(text)
    assert marks.read() == {}


def test_where_a_mark_cannot_be_kept_no_older_one_stays(new_marks, monkeypatch):
    """An older one would prove a copy of its age to be the newest."""
    marks = new_marks()
    name = marks.take()
    marks.write(Heartbeat(worker=name, at=AT, beats=1))

    def full(_file):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("adapter.ledger.marks.SYNC", full)
    with pytest.raises(OSError, match="no space"):
        marks.write(Heartbeat(worker=name, at=AT, beats=2))
    assert marks.read() == {}
