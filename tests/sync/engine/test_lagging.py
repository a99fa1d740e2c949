"""Reads that lag behind our writes: waited for, and never answered with a second write."""

from __future__ import annotations

import pytest

from tests.sync.engine.test_edits import edit, link_id, look, there
from tests.sync.mapping.examples import line

__all__ = ["link_id"]


def test_a_read_that_lags_behind_our_update_is_waited_for_and_nothing_is_written_again(shop, link_id):
    """For a moment Flourish shows what was there before."""
    shop.flourish.lag = there(shop)
    edit(shop, lines=(line(eaches="20"),))
    assert "does not show yet" in shop.link(link_id).next_step
    # The webhook of the write comes back at once.
    for _ in range(3):
        look(shop)
    assert shop.flourish.count("update_order") == 1

    shop.flourish.lag = None
    shop.look_until_quiet()

    assert shop.flourish.count("update_order") == 1
    assert (shop.link(link_id).state, shop.problems()) == ("settled", {})


@pytest.mark.fault(52)
def test_an_update_that_flourish_does_not_take_stops_as_a_loop(shop, link_id):
    shop.flourish._write = lambda *_: None
    edit(shop, lines=(line(eaches="20"),))
    for _ in range(6):
        shop.pass_time(40)
        shop.look()

    assert shop.link(link_id).decision_code == "loop"
    assert shop.flourish.count("update_order") == 6
