"""Counting what a conversion changed and lost."""

from adapter.bif.losses import Effect, Losses


def told(losses):
    return [(t.effect, t.file_spec_id, t.count, t.row, t.alike) for t in losses.tallies()]


def test_alike_changes_are_one():
    losses = Losses()
    losses.compare("IH", 2, {7: "IH", 8: "N", 93: "1.00"}, {7: "IH", 8: "R", 20: "0"})
    losses.compare("IH", 5, {7: "IH", 8: "N", 93: "2.50"}, {7: "IH", 8: "R", 20: "0"})
    assert told(losses) == [
        (Effect.CHANGED, 8, 2, 2, True),
        (Effect.ADDED, 20, 2, 2, True),
        (Effect.NOT_CARRIED, 93, 2, 2, False),
    ]
    changed, added, lost = (tally.render() for tally in losses.tallies())
    assert changed == 'changed: row 2: IH 8 RecordType: "N" -> "R", 2 times'
    assert added == 'added: row 2: IH 20 AllowPartialPayments: "0", 2 times'
    assert lost == 'not_carried: row 2: IH 93: "1.00" and 1 more; 3.50 in all'


def test_an_empty_value_is_no_loss_and_the_same_is_no_change():
    losses = Losses()
    losses.compare("CR", 3, {58: "CR", 71: "", 60: "Ada"}, {58: "CR", 60: "Ada", 61: ""})
    assert told(losses) == []


def test_what_is_no_money_has_no_sum():
    losses = Losses()
    losses.compare("IH", 2, {93: "1.00"}, {})
    losses.compare("IH", 5, {93: "x"}, {})
    (tally,) = losses.tallies()
    assert tally.old_total is None
    assert tally.render().endswith('"1.00" and 1 more')
    assert tally.as_json()["old_total"] is None


def test_details_that_become_one_are_told_with_their_sum():
    losses = Losses()
    losses.merge(4, [{72: "a", 79: "1.00"}, {71: "b", 79: "2"}], {72: "7", 79: "3.00"})
    merged, lost = losses.tallies()
    assert (merged.old, merged.new) == ("2 details of 3.00", "1 of 3.00")
    assert (lost.effect, lost.file_spec_id) == (Effect.NOT_CARRIED, 71)
    assert merged.as_json()["effect"] == "merged"
