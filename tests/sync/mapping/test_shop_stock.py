"""How much of an item a shop may offer: sellable, held by which orders, buffer, and who came too late."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal.sync.mapping.shop_stock import (
    Hold,
    StockReading,
    hidden_for_age,
    is_stale,
    is_too_old,
    offer,
    oversold,
)

pytestmark = pytest.mark.promise("AQ-11")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def reading(sellable, began=10):
    return StockReading(Decimal(str(sellable)), at(began))


def hold(name="1001", eaches=2, line="1", placed=0, **changed):
    return Hold(f"id-{name}", line, name, Decimal(str(eaches)), at(placed), **changed)


@pytest.mark.parametrize(
    ("sellable", "holds", "buffer", "quantity"),
    [
        (10, [], 0, 10),
        (10, [hold()], 0, 8),
        (10, [hold(), hold("1002", 3)], 0, 5),
        (10, [hold()], 3, 5),
        (10, [], 12, 0),
        # The store's own figure fell below what is held.
        (1, [hold(eaches=4)], 0, 0),
        # Flourish has sold what it does not have.
        (-3, [], 0, 0),
        # Eaches are whole.
        ("9.99", [], 0, 9),
        ("9.5", [hold(eaches="0.75")], 0, 8),
        (10, [], -5, 10),
    ],
)
def test_what_is_published_is_what_is_sellable_less_held_and_buffer(sellable, holds, buffer, quantity):
    found = offer(reading(sellable), holds, buffer=Decimal(buffer))

    assert found.quantity == quantity


def test_what_is_sold_by_weight_keeps_three_decimals():
    found = offer(reading("9.9999"), [hold(eaches="0.5")], by_weight=True)

    assert found.quantity == Decimal("9.499")


def test_the_sum_names_the_orders_that_hold():
    found = offer(reading(10), [hold(line="1"), hold(line="2", eaches=1), hold("1002", 3)], buffer=Decimal(1))

    assert (found.sellable, found.held, found.buffer, found.quantity) == tuple(map(Decimal, (10, 6, 1, 3)))
    assert found.by_order == {"1001": 3, "1002": 3}


@pytest.mark.parametrize(
    ("changed", "held"),
    [
        ({}, 2),
        # Allocated, and the figure was read after that was seen.
        ({"allocated": Decimal(2), "seen_at": at(5)}, 0),
        # Read before, or at that very moment: the figure may not know of it.
        ({"allocated": Decimal(2), "seen_at": at(15)}, 2),
        ({"allocated": Decimal(2), "seen_at": at(10)}, 2),
        # In part.
        ({"allocated": Decimal(1), "seen_at": at(5)}, 1),
        ({"allocated": Decimal(9), "seen_at": at(5)}, 0),
        # Packed, completed, cancelled or undeliverable.
        ({"ended_at": at(5)}, 0),
        ({"ended_at": at(15)}, 2),
        # Cancelled before Flourish ever had it.
        ({"ended_at": at(15), "was_pushed": False}, 0),
        # AIQ takes it off itself.
        ({"is_kept_there": True}, 0),
    ],
)
def test_a_hold_ends_with_a_figure_that_was_read_after_its_reason(changed, held):
    assert offer(reading(10), [hold(**changed)]).held == held


def test_nothing_flickers_while_an_order_is_allocated():
    """Each look of one cycle: ordered, allocated but the old figure, the new figure."""
    looks = [
        (reading(10, began=1), hold()),
        (reading(10, began=2), hold(allocated=Decimal(2), seen_at=at(3))),
        (reading(8, began=4), hold(allocated=Decimal(2), seen_at=at(3))),
        (reading(8, began=6), hold(ended_at=at(5))),
    ]

    assert [offer(figure, [one]).quantity for figure, one in looks] == [8, 8, 8, 8]


def test_a_line_that_comes_twice_holds_once_and_one_that_was_edited_holds_what_it_says_now():
    assert offer(reading(10), [hold(), hold()]).held == 2
    assert offer(reading(10), [hold(), hold(eaches=5)]).held == 5


def test_orders_beyond_the_stock_are_named_the_last_that_came_first():
    holds = [hold("late", 3, placed=3), hold("first", 3, placed=1), hold("second", 3, placed=2)]

    found = offer(reading(7), holds)

    assert found.oversold == ("late",)
    finding = oversold("GL-GM10", found)
    assert finding is not None
    assert finding.code == "oversold"
    assert finding.evidence == {"orders": ["late"]}
    assert oversold("GL-GM10", offer(reading(9), holds)) is None


def test_an_order_that_aiq_keeps_back_itself_can_be_beyond_the_stock_too():
    found = offer(reading(1), [hold(eaches=2, is_kept_there=True)])

    assert found.quantity == 1
    assert found.oversold == ("1001",)


def test_all_orders_are_beyond_a_stock_below_zero():
    assert offer(reading(-1), [hold("a"), hold("b", placed=1)]).oversold == ("a", "b")


@pytest.mark.parametrize(
    ("sellable", "threshold", "shown"),
    [(5, None, True), (0, None, False), (5, 5, True), (4, 5, False), (0, 0, False)],
)
def test_shoppers_do_not_see_what_is_below_the_threshold(sellable, threshold, shown):
    wanted = None if threshold is None else Decimal(threshold)

    assert offer(reading(sellable), []).is_shown(wanted) is shown


@pytest.mark.parametrize(
    ("age", "stale", "threshold", "published"),
    [
        (30, False, 5, 20),
        (31, True, 5, 20),
        (60, True, 5, 20),
        (61, True, 5, 4),
        (61, True, None, 0),
        (61, True, 90, 20),
    ],
)
def test_a_figure_that_nobody_reads_any_more_is_said_and_hidden_after_an_hour(
    age, stale, threshold, published
):
    figure, now = reading(20, began=0), at(age)
    wanted = None if threshold is None else Decimal(threshold)

    assert is_stale(figure, now) is stale
    offered = offer(figure, [])
    shown = hidden_for_age(offered, wanted) if is_too_old(figure, now) else offered.quantity
    assert shown == published


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("aiq_holds", [True, False])
def test_what_the_shop_can_sell_never_exceeds_what_is_left(seed, aiq_holds):
    """Orders for the last fifty: what is published, less AIQ's own hold, is at most what Flourish has less
    what it does not know of yet and the buffer; and each order beyond the stock is named."""
    chance = random.Random(seed)
    stock, buffer = Decimal(50), Decimal(chance.randrange(4))
    holds = []
    for place in range(50):
        seen = at(chance.uniform(0, 20)) if chance.random() < 0.5 else None
        eaches = Decimal(chance.randrange(1, 4))
        allocated = eaches if seen else Decimal(0)
        holds.append(
            hold(
                f"o{place}", eaches, placed=place, allocated=allocated, seen_at=seen, is_kept_there=aiq_holds
            )
        )
        figure = reading(stock - sum(one.allocated for one in holds if one.seen_at and one.seen_at < at(10)))
        found = offer(figure, holds, buffer=buffer)
        unknown = sum(one.outstanding(figure) for one in holds)
        kept_there = sum(one.eaches for one in holds) if aiq_holds else Decimal(0)
        assert max(found.quantity - kept_there, 0) <= max(figure.sellable - unknown - buffer, 0)
        assert bool(found.oversold) == (unknown > max(figure.sellable, 0))
