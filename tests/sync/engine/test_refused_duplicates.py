"""Flourish may refuse a second order with one number. The first one, come to be late, is then adopted."""

from __future__ import annotations

import pytest

from portal.sync.errors import Rejected, Unsettled
from tests.sync.mapping.examples import order

REFUSED = Rejected("An order with this number exists", field="original_order_id", http_status=422)


@pytest.mark.fault(17)
def test_an_order_that_came_late_is_adopted_when_its_second_creation_is_refused(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", Unsettled("no answer"), effect="late")
    shop.look()
    shop.pass_time(1000)  # it is looked for and not found
    shop.flourish.fail("create_order", REFUSED)
    shop.flourish.meanwhile["create_order"] = shop.flourish.land
    shop.look()

    assert len(shop.flourish.orders) == 1
    assert (shop.link(link_id).flourish_id, shop.link(link_id).state) == ("SO-1", "settled")
    assert shop.link(link_id).base is not None
    assert shop.problems() == {}
    assert shop.flourish.count("create_order") == 2


@pytest.mark.parametrize("note", ["", "Trellis of another company"])
def test_an_order_of_somebody_else_with_that_number_is_not_adopted(shop, note):
    link_id = shop.arrive()
    shop.flourish.add(notes=(note,) if note else ())
    shop.flourish.fail("create_order", REFUSED)
    shop.look()

    assert shop.link(link_id).flourish_id is None
    assert "refused" in shop.problems()
    assert order().number not in shop.flourish.orders
