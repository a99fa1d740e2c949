"""What an order keeps back of each item, by how both sides have it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.sync.mapping.shop_holds import holds_of, not_sent
from portal.sync.mapping.shop_stock import StockReading, offer
from portal.sync.retail import RETAIL_STATUSES
from tests.sync.platforms.aiq.examples import NOON, SKU, line, made, minutes, order

pytestmark = pytest.mark.promise("AQ-11")
ITEM = "00000345"
LATER = StockReading(Decimal(10), minutes(30))


def held(flourish=None, *, platform_holds=False, reading=LATER, skus=None, **changed):
    """What an order keeps back of the gummies, once a figure was read half an hour after noon."""
    holds = holds_of(
        order(**changed),
        flourish,
        seen_since=minutes(5),
        skus=skus or {},
        platform_holds=platform_holds,
    )
    return offer(reading, holds.get(SKU, ())).held


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        # It can be edited still, and its goods are the shopper's already.
        ("PENDING", 2),
        ("CONFIRMED", 2),
        ("CHECKED_IN", 2),
        ("READY_FOR_PICKUP", 2),
        ("OUT_FOR_DELIVERY", 2),
        ("ON_THE_MOON", 2),
        # Over before Flourish had it: its goods are free at once.
        ("CANCELLED", 0),
        ("CLOSED", 0),
    ],
)
def test_an_open_order_holds_before_flourish_has_it(status, expected):
    assert held(status=status) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Created", 2),
        ("Submitted", 2),
        ("Packed", 0),
        ("Out for Delivery", 0),
        ("Undeliverable", 0),
        ("Completed", 0),
        ("Cancelled", 0),
        # Nobody knows what it means for the goods.
        ("Lost", 2),
    ],
)
def test_flourishs_status_ends_a_hold(status, expected):
    assert held(made(status)) == expected
    early = StockReading(Decimal(10), minutes(4))
    assert held(made(status), reading=early) == 2


def test_every_status_of_flourish_was_tried():
    assert len(RETAIL_STATUSES) == 7


def test_what_is_allocated_is_held_no_more():
    assert held(made("Submitted", 2)) == 0
    assert held(made("Submitted", 1)) == 1
    assert held(made("Submitted", 2), reading=StockReading(Decimal(10), minutes(4))) == 2


def test_what_was_allocated_of_a_sku_is_shared_by_its_lines():
    items = [line(id="a"), line(id="b")]

    assert held(made("Submitted", 2, 1), items=items) == 1


def test_a_line_of_flourish_that_shows_no_sku_is_known_by_its_item():
    assert held(made("Submitted", 2, sku=""), skus={ITEM: SKU}) == 0
    assert held(made("Submitted", 2, sku="")) == 2


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 0),
        # AIQ was told that it need not keep it any more.
        ({"fullfilled": True}, 2),
        # AIQ has put it on the shelf again, and Flourish still has the order.
        ({"status": "CANCELLED"}, 2),
    ],
)
def test_what_aiq_keeps_back_itself_is_not_taken_off_twice(changed, expected):
    assert held(made(), platform_holds=True, **changed) == expected


def test_an_order_holds_each_of_its_items():
    holds = holds_of(
        order(items=[line(), line("B", quantity=5)]),
        None,
        seen_since=NOON,
        skus={},
        platform_holds=False,
    )

    assert {sku: sum(one.eaches for one in each) for sku, each in holds.items()} == {SKU: 2, "B": 5}
    assert {one.label for each in holds.values() for one in each} == {"1001"}


def test_an_order_that_is_not_sent_within_a_day_is_told_and_keeps_its_goods():
    (holds,) = holds_of(order(), None, seen_since=NOON, skus={}, platform_holds=False).values()
    placed = order().placed_at

    assert not_sent(holds, placed + timedelta(hours=24)) == ()
    (finding,) = not_sent((*holds, *holds), placed + timedelta(hours=24, seconds=1))
    assert finding.code == "order_not_sent"
    assert offer(LATER, holds).held == 2
    (sent,) = holds_of(order(), made(), seen_since=NOON, skus={}, platform_holds=False).values()
    assert not_sent(sent, placed + timedelta(days=3)) == ()
