"""Windows: stretches of time in a company's own zone, also when clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from portal.charts.windows import WINDOWS, day, week

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 27, 22, 40, 12, tzinfo=UTC)


def test_a_day_is_this_hour_and_the_23_before_it():
    window = day(NOW, LOS_ANGELES)
    assert window.starts[-1] == datetime(2026, 11, 27, 22, tzinfo=UTC)
    assert {later - one for one, later in pairwise(window.starts)} == {timedelta(hours=1)}
    assert len(window.starts) == len(window.slots) == 24
    assert (window.slots[-1].name, window.slots[-1].when) == ("Fri 14:00", "at 14:00")


def test_the_axis_of_a_day_names_every_sixth_hour():
    ticks = [slot.tick for slot in day(NOW, LOS_ANGELES).slots if slot.tick]
    assert ticks == ["18:00", "00:00", "06:00", "12:00"]


def test_where_clocks_are_half_an_hour_apart_hours_begin_at_the_hour_there():
    window = day(NOW, ZoneInfo("Asia/Kolkata"))
    assert window.starts[-1] == datetime(2026, 11, 27, 22, 30, tzinfo=UTC)
    assert window.slots[-1].name == "Sat 04:00"


def test_a_week_is_today_and_the_six_days_before_it_from_midnight_on():
    window = week(NOW, LOS_ANGELES)
    assert window.starts[-1] == datetime(2026, 11, 27, 8, tzinfo=UTC)
    assert [slot.name for slot in window.slots][::6] == ["Sat, Nov 21", "Fri, Nov 27"]


@pytest.mark.parametrize(
    ("now", "hours"),
    [(datetime(2026, 11, 2, 20, tzinfo=UTC), 25), (datetime(2026, 3, 9, 20, tzinfo=UTC), 23)],
)
def test_a_day_on_which_clocks_change_is_longer_or_shorter(now, hours):
    starts = week(now, LOS_ANGELES).starts
    assert starts[-1] - starts[-2] == timedelta(hours=hours)


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Australia/Lord_Howe", "UTC"])
def test_stretches_follow_each_other_up_to_now(name, zone):
    for hours in range(0, 24 * 366, 37):
        now = NOW + timedelta(hours=hours)
        window = WINDOWS[name](now, ZoneInfo(zone))
        assert all(one < later for one, later in pairwise(window.starts))
        assert window.starts[-1] <= now


@pytest.mark.parametrize(
    ("ago", "first"),
    [(timedelta(0), 23), (timedelta(hours=2), 21), (timedelta(days=1), 0), (timedelta(days=90), 0)],
)
def test_what_began_in_a_stretch_is_known_from_that_one_on(ago, first):
    assert day(NOW, LOS_ANGELES).first_known(NOW - ago) == first


def test_where_nothing_ever_began_nothing_is_known():
    assert day(NOW, LOS_ANGELES).first_known(None) == 24
