"""Drawings: where bars and lines are, what they say in a sentence, and the table behind them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.blueprints.presentation import span
from portal.charts import drawing
from portal.charts.drawing import GAP, Series
from portal.charts.windows import week

WINDOW = week(datetime(2026, 11, 27, 22, tzinfo=UTC), ZoneInfo("America/Los_Angeles"))
COUNTS = st.lists(st.none() | st.integers(0, 10**6), min_size=7, max_size=7).map(tuple)


def series(name, *values):
    return Series(name, "ok", values)


def bars(chart):
    return [column.bars for column in chart.columns]


def test_parts_of_a_whole_stand_on_each_other_without_a_gap():
    chart = drawing.stacked(
        WINDOW, [series("In Flourish", 0, 0, 0, 0, 0, 0, 30), series("Stuck", 0, 0, 0, 0, 0, 0, 10)]
    )
    below, above = bars(chart)[-1]
    assert below.y + below.height == chart.box.foot
    assert above.y + above.height == pytest.approx(below.y)
    assert below.height == pytest.approx(3 * above.height, abs=0.2)
    assert above.y == chart.box.top


def test_what_is_counted_apart_stands_side_by_side():
    chart = drawing.side_by_side(
        WINDOW, [series("Opened", 4, 0, 0, 0, 0, 0, 0), series("Closed", 2, 0, 0, 0, 0, 0, 0)]
    )
    opened, closed = bars(chart)[0]
    assert opened.x + opened.width == pytest.approx(closed.x, abs=0.1)
    assert opened.y + opened.height == closed.y + closed.height == chart.box.foot
    assert opened.height == pytest.approx(2 * closed.height, abs=0.2)


def test_nothing_has_no_bar_and_little_has_one_that_is_seen():
    chart = drawing.stacked(WINDOW, [series("Orders", 0, 1, 0, 0, 0, 0, 100_000)])
    assert bars(chart)[0] == ()
    assert bars(chart)[1][0].height >= 1


def test_where_nothing_is_known_there_is_a_gap_and_not_nothing():
    chart = drawing.stacked(WINDOW, [series("Orders", None, None, 0, 5, 0, 0, 1)])
    assert [column.strip.look for column in chart.columns] == [GAP, GAP, "", "", "", "", ""]
    assert chart.columns[0].words == "Sat, Nov 21: no data"
    assert chart.has_gaps
    assert not drawing.stacked(WINDOW, [series("Orders", 0, 0, 0, 5, 0, 0, 1)]).has_gaps
    assert [row.values for row in chart.rows][:4] == [("–",), ("–",), ("0",), ("5",)]


def test_a_line_is_broken_where_there_was_nothing_to_measure():
    chart = drawing.lines(WINDOW, [series("Half", 1.0, 2.0, None, None, 4.0, 3.0, 2.0)], span)
    (curve,) = chart.curves
    assert [len(piece) for piece in curve.pieces] == [2, 3]
    first, second = curve.pieces[0]
    assert first.x < second.x
    assert first.y > second.y


def test_a_chart_says_in_a_sentence_how_many_there_were_and_when_most():
    chart = drawing.stacked(
        WINDOW, [series("In Flourish", 1, 2, 3, 4, 1_000, 6, 7), series("Stuck", 0, 0, 0, 0, 20, 0, 0)]
    )
    assert chart.summary == "In all: 1,043, most on Wed, Nov 25: 1,020."


def test_what_is_counted_apart_is_said_apart():
    chart = drawing.side_by_side(
        WINDOW, [series("Opened", 0, 3, 0, 0, 0, 0, 1), series("Closed", 0, 0, 0, 0, 0, 0, 0)]
    )
    assert chart.summary == "Opened: 4, most on Sun, Nov 22: 3."


def test_lengths_are_said_by_the_longest():
    chart = drawing.lines(
        WINDOW,
        [
            series("Half", 1.4, None, None, None, None, None, 2.0),
            series("95 of 100", 3.0, None, None, None, None, None, 90.0),
        ],
        span,
    )
    assert chart.summary == (
        "Half: within 2 s at the slowest, on Fri, Nov 27."
        " 95 of 100: within 1 min 30 s at the slowest, on Fri, Nov 27."
    )
    assert [tick.text for tick in chart.levels] == ["1 s", "10 s", "1 min", "10 min"]


@pytest.mark.parametrize("nothing", [0, None])
def test_without_anything_there_is_no_sentence_by_which_pages_know_that_it_is_empty(nothing):
    empty = [series("Orders", *[nothing] * 7)]
    assert drawing.stacked(WINDOW, empty).summary == ""
    assert drawing.side_by_side(WINDOW, empty).summary == ""
    assert drawing.lines(WINDOW, [series("Half", *[None] * 7)], span).summary == ""


@given(COUNTS, COUNTS)
def test_everything_is_inside_the_box_and_every_value_in_the_table(one, other):
    both = [series("One", *one), series("Other", *other)]
    for draw in (drawing.stacked, drawing.side_by_side):
        chart = draw(WINDOW, both)
        for column in chart.columns:
            for bar in column.bars:
                assert chart.box.left <= bar.x
                assert bar.x + bar.width <= chart.box.right + 0.2
                assert chart.box.top - 2 <= bar.y
                assert bar.y + bar.height <= chart.box.foot + 0.1
        assert len(chart.rows) == 7
        written = ["–" if value is None else f"{value:,}" for value in one]
        assert [row.values[0] for row in chart.rows] == written
