"""Scales end at round numbers, and every value has its place on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.charts.scales import of_counts, of_lengths


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (3, (0, 1, 2, 3)),
        (4, (0, 1, 2, 3, 4)),
        (5, (0, 2, 4, 6)),
        (47, (0, 20, 40, 60)),
        (100, (0, 50, 100)),
        (1_234, (0, 500, 1_000, 1_500)),
        (40_000, (0, 10_000, 20_000, 30_000, 40_000)),
    ],
)
def test_counts_have_at_most_four_even_steps_to_a_round_number(most, ticks):
    assert of_counts(most).ticks == ticks


@given(st.integers(0, 10**12))
def test_no_count_is_beyond_its_scale(most):
    scale = of_counts(most)
    assert len(scale.ticks) <= 5
    assert scale.share(0) == 0
    assert 0 <= scale.share(most) <= 1
    assert scale.share(scale.ticks[-1]) == 1


@pytest.mark.parametrize(
    ("least", "most", "ticks"),
    [
        (1.4, 3.1, (1, 10)),
        (0.02, 0.06, (0.1, 1)),
        (2, 90, (1, 10, 60, 600)),
        (30, 200_000, (10, 60, 600, 3_600, 21_600, 86_400, 604_800)),
        (60, 60, (60, 600)),
    ],
)
def test_lengths_have_ticks_that_people_know_below_and_above_them(least, most, ticks):
    assert of_lengths(least, most).ticks == ticks


@given(st.floats(0, 10**9), st.floats(0, 10**9))
def test_no_length_is_beyond_its_scale_and_longer_is_higher(one, other):
    least, most = sorted((one, other))
    scale = of_lengths(least, most)
    assert 0 <= scale.share(least) <= scale.share(most) <= 1.000_001


def test_on_a_scale_of_lengths_ten_times_longer_is_as_far_up_each_time():
    share = of_lengths(1, 100).share
    assert share(10) - share(1) == pytest.approx(share(100) - share(10))
