"""What both sides last agreed on decides who changed what: the base, kept across looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from portal.sync.engine.reconcile import reconcile
from portal.sync.errors import Rejected, Retryable
from tests.sync.mapping.examples import customer, line, order

SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)


def look_again(shop):
    shop.mark(order().number)
    shop.look()


@pytest.mark.fault(53)
def test_an_edit_after_intake_reaches_flourish_and_staffs_own_changes_stay(shop):
    shop.arrive(notes="Ring the bell", lines=(line(), line("FL-2")))
    shop.look()
    first, second = shop.flourish.orders["SO-1"].lines
    shop.flourish.change("SO-1", lines=(replace(first, eaches=Decimal(12)), second))

    shop.leaflink.put(shop.leaflink.orders[order().number], notes="Leave at the door")
    look_again(shop)

    there = shop.flourish.orders["SO-1"]
    assert there.notes[-1] == "Leave at the door"
    assert [one.eaches for one in there.lines] == [12, 10]
    assert shop.problems() == {}


def test_a_date_that_staff_change_once_it_was_written_stays(shop):
    link_id = shop.arrive(ship_at=SHIP_AT)
    shop.look()
    assert shop.flourish.count("finish_order") == 1

    shop.flourish.change("SO-1", requested_date=date(2026, 4, 8))
    look_again(shop)

    assert shop.flourish.orders["SO-1"].requested_date == date(2026, 4, 8)
    assert shop.flourish.count("finish_order") == 1
    assert shop.link(link_id).state == "settled"


def test_a_base_is_set_by_a_write_that_worked_and_by_no_other(shop):
    link_id = shop.arrive()
    for error in (Retryable("Flourish is busy"), Rejected("is not in stock", http_status=422)):
        shop.flourish.fail("create_order", error)
        look_again(shop)
        shop.pass_time(1000)
        assert shop.link(link_id).base is None

    look_again(shop)
    assert shop.link(link_id).base["finished"] is True


@pytest.mark.fault(12, 61)
def test_a_destination_that_another_order_is_making_is_not_made_twice(shop):
    """The second order comes while the first one's call is under way, on another worker."""
    new = customer(license="C10-NEW-9")
    shop.arrive(order(number="first", label="1", customer=new))
    (first,) = shop.claims()
    shop.arrive(order(number="second", label="2", customer=new))
    shop.flourish.meanwhile["create_destination"] = shop.look

    reconcile(shop.desk, first, shop.account)
    shop.look_until_quiet()

    assert shop.flourish.count("create_destination") == 1
    assert [one.destination_id for one in shop.flourish.live()] == ["d2", "d2"]
