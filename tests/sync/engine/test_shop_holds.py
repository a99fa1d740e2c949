"""Holds: what orders of a shop keep back of items, as rows, from when they are seen on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from portal.models import Connection, HeldLine, Link, MirroredItem
from portal.sync.domain import Hint
from portal.sync.engine import marks, shop_holds
from portal.sync.engine.readings import lists_begun, one_item, reading
from portal.sync.mapping.shop_stock import StockReading, offer
from tests.sync.engine.catalogues import furnish
from tests.sync.engine.test_locks import LOCKED, wait_for_a_waiter
from tests.sync.platforms.aiq.examples import NOON, line, made, minutes, order

pytestmark = pytest.mark.promise("AQ-11")
SKU = "SKU-1"


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop with two items, ten of each, all compared."""
    store = furnish(shop, monkeypatch)
    store.begin(1, 2)
    store.look_until_quiet()
    return store


def placed(number="n-1", *, at=0, **changed):
    """An order of two of the first item, so many minutes after noon."""
    changed.setdefault("items", [line(SKU)])
    return replace(order(id=number, orderId=number, **changed), placed_at=minutes(at))


def link_of(stocked, source):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        connection = session.get_one(Connection, stocked.connection_id)
        return marks.mark(session, connection, Hint("order", source.number, "test", label=source.label))


def note(stocked, source, flourish=None, *, seen_at=NOON, platform_holds=False):
    """Put down what an order holds; returns its link's id."""
    link_id = link_of(stocked, source)
    with stocked.desk.tenant(stocked.tenant_id) as session:
        link = session.get_one(Link, link_id, with_for_update=LOCKED)
        shop_holds.note(session, link, source, flourish, platform_holds=platform_holds, seen_at=seen_at)
    return link_id


def rows(stocked):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        return list(session.scalars(select(HeldLine).order_by(HeldLine.placed_at, HeldLine.line)))


def held(stocked, sku=SKU):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        return shop_holds.held_of(session, stocked.connection_id, [sku]).get(sku, ())


def beyond(stocked, source):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        return shop_holds.beyond_stock(session, stocked.connection_id, source)


def marks_of(stocked):
    told = {row.sku: row.stock_told for row in stocked.mirrored_items().values()}
    return {sku: (link.dirty_seq, told[sku]) for sku, link in stocked.item_links().items()}


def test_an_order_is_put_down_line_by_line_and_once(stocked):
    for _time in range(2):
        note(stocked, placed(items=[line(SKU), line(SKU, id="again", quantity=3), line("SKU-2")]))

    assert sorted((row.sku_key, row.eaches) for row in rows(stocked)) == [
        (SKU, 2), (SKU, 3), ("SKU-2", 2),
    ]  # fmt: skip
    (first, second) = held(stocked)
    assert first.eaches + second.eaches == 5
    assert {first.order, second.order} == {"n-1"}


def test_an_item_is_marked_when_what_is_held_of_it_changes_and_not_otherwise(stocked):
    before = marks_of(stocked)
    note(stocked, placed())
    once = marks_of(stocked)
    note(stocked, placed(), seen_at=minutes(5))
    assert marks_of(stocked) == once
    assert once[SKU] == (before[SKU][0] + 1, before[SKU][1])
    assert once["SKU-2"] == before["SKU-2"]


@pytest.mark.parametrize(
    ("flourish", "is_read"),
    [
        # It is known there, and nothing of it is allocated: Flourish's figure is what it was.
        (made("Submitted", 0, sku=SKU), False),
        (made("Submitted", 2, sku=SKU), True),
        (made("Packed", 2, sku=SKU), True),
        (made("Cancelled", 0, sku=SKU), True),
    ],
)
def test_stock_is_read_anew_where_flourish_took_something_off(stocked, flourish, is_read):
    note(stocked, placed())
    before = marks_of(stocked)
    note(stocked, placed(), flourish)
    (count, told), now = before[SKU], marks_of(stocked)[SKU]
    assert now[0] == count + 1
    assert (now[1] != told) is is_read


def test_since_when_something_was_seen_stays_until_it_changes(stocked):
    note(stocked, placed(), made("Submitted", 1, sku=SKU), seen_at=minutes(1))
    note(stocked, placed(), made("Submitted", 1, sku=SKU), seen_at=minutes(2))
    (row,) = rows(stocked)
    assert (row.allocated, row.seen_at, row.ended_at) == (1, minutes(1), None)

    note(stocked, placed(), made("Submitted", 2, sku=SKU), seen_at=minutes(3))
    note(stocked, placed(), made("Packed", 2, sku=SKU), seen_at=minutes(4))
    note(stocked, placed(), made("Completed", 2, sku=SKU), seen_at=minutes(5))
    (row,) = rows(stocked)
    assert (row.allocated, row.seen_at, row.ended_at) == (2, minutes(3), minutes(4))


def test_an_order_that_never_came_to_flourish_and_is_over_holds_nothing(stocked):
    note(stocked, placed())
    note(stocked, placed(status="CANCELLED"))
    assert rows(stocked) == []


def test_a_line_that_is_no_more_in_its_order_holds_nothing(stocked):
    note(stocked, placed(items=[line(SKU), line("SKU-2")]))
    note(stocked, placed(items=[line("SKU-2", quantity=7)]))
    assert [(row.sku_key, row.eaches) for row in rows(stocked)] == [("SKU-2", 7)]


def test_an_order_that_its_platform_does_not_know_any_more_holds_nothing(stocked):
    link_id, before = note(stocked, placed(), made("Submitted", 0, sku=SKU)), marks_of(stocked)
    with stocked.desk.tenant(stocked.tenant_id) as session:
        shop_holds.forget(session, session.get_one(Link, link_id, with_for_update=LOCKED))
    assert rows(stocked) == []
    assert marks_of(stocked)[SKU][0] == before[SKU][0] + 1


def release(stocked, began_at):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        shop_holds.release(session, stocked.connection_id, SKU, StockReading(Decimal(10), began_at))


def test_a_hold_is_let_go_only_by_a_figure_that_began_to_be_read_after_its_end(stocked):
    note(stocked, placed(), made("Submitted", 0, sku=SKU))
    release(stocked, minutes(60))
    assert held(stocked)
    note(stocked, placed(), made("Packed", 2, sku=SKU), seen_at=minutes(5))
    for moment in (-1, 5):
        release(stocked, minutes(moment))
        assert held(stocked)
    release(stocked, minutes(6))
    assert held(stocked) == ()
    # Taken up again in Flourish, it counts again.
    note(stocked, placed(), made("Submitted", 2, sku=SKU), seen_at=minutes(7))
    assert [(one.eaches, one.ended_at) for one in held(stocked)] == [(2, None)]


def test_a_list_of_stock_says_when_its_reading_began_and_so_does_a_reading_of_one_item(stocked):
    def figures():
        with stocked.desk.tenant(stocked.tenant_id) as session:
            begun = lists_begun(session, stocked.hub_id)
            (item,) = session.scalars(select(MirroredItem).where(MirroredItem.sku_key == SKU))
            return reading(one_item([item]), ("7",), begun), session.scalar(select(func.now()))

    listed, _now = figures()
    moment = figures()[1]
    assert listed.began_at < moment
    stocked.announce_item("item-1", stock=True)
    stocked.look_until_quiet()
    alone, moment_after = figures()
    assert moment < alone.began_at < moment_after
    # A list that begins after that says something newer, also where it says the same.
    stocked.read_again("flourish.stock")
    assert figures()[0].began_at > moment_after


def test_who_came_first_has_it_whoever_is_judged_first(stocked):
    late, early = (
        placed("late", at=2, items=[line(SKU, quantity=6)]),
        placed("early", items=[line(SKU, quantity=6)]),
    )
    note(stocked, late)
    assert beyond(stocked, late) == ()
    note(stocked, early)
    assert beyond(stocked, early) == ()
    assert beyond(stocked, late) == (SKU,)
    # Before anything of it was put down, too, and whatever its label is.
    assert beyond(stocked, replace(placed("new", at=3, items=[line(SKU)]), label=early.label)) == (SKU,)
    assert beyond(stocked, placed("other", at=3, items=[line("SKU-2"), line("unheard-of")])) == ()


def test_two_orders_are_judged_one_after_the_other(stocked):
    first, second = (placed(name, at=at, items=[line(SKU, quantity=6)]) for at, name in enumerate(("a", "b")))
    first_link, second_link = link_of(stocked, first), link_of(stocked, second)

    def judge():
        with stocked.desk.tenant(stocked.tenant_id) as session:
            link = session.get_one(Link, second_link, with_for_update=LOCKED)
            shop_holds.note(session, link, second, None, platform_holds=True, seen_at=NOON)
            return shop_holds.beyond_stock(session, stocked.connection_id, second)

    with ThreadPoolExecutor(1) as pool:
        with stocked.desk.tenant(stocked.tenant_id) as session:
            link = session.get_one(Link, first_link, with_for_update=LOCKED)
            shop_holds.note(session, link, first, None, platform_holds=True, seen_at=NOON)
            assert shop_holds.beyond_stock(session, stocked.connection_id, first) == ()
            other = pool.submit(judge)
            wait_for_a_waiter(session)
        assert other.result() == (SKU,)


def test_orders_at_once_lose_no_hold_and_wait_for_nobody_for_ever(stocked):
    orders = [
        placed(f"n-{number}", at=number, items=[line(*pair[:1], quantity=1), line(pair[1], quantity=1)])
        for number in range(16)
        for pair in [(SKU, "SKU-2") if number % 2 else ("SKU-2", SKU)]
    ]

    def take(source):
        link_id = note(stocked, source)
        return link_id, beyond(stocked, source)

    with ThreadPoolExecutor(6) as pool:
        judged = [late for _link, late in pool.map(take, orders)]

    final = [beyond(stocked, source) for source in orders]
    assert [bool(late) for late in final] == [number >= 10 for number in range(16)]
    assert all(set(late) <= set(last) for late, last in zip(judged, final, strict=True))
    assert sum(one.eaches for one in held(stocked)) == 16


def test_what_a_platform_keeps_back_itself_is_known_with_each_line(stocked):
    note(stocked, placed(), platform_holds=True)
    sum_of = offer(StockReading(Decimal(10), NOON + timedelta(hours=1)), held(stocked))
    assert sum_of.held == 0
    assert sum_of.quantity == 10
    assert isinstance(rows(stocked)[0].created_at, datetime)


@pytest.mark.parametrize("aiq_holds", [True, False], ids=["AIQ holds", "AIQ does not"])
def test_two_hundred_orders_at_once_for_the_last_ten_leave_nothing_to_sell_and_are_named(stocked, aiq_holds):
    orders = [placed(f"n-{number:03}", at=number, items=[line(SKU, quantity=1)]) for number in range(200)]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: note(stocked, one, platform_holds=aiq_holds), orders))

    found = offer(StockReading(Decimal(10), NOON + timedelta(hours=9)), held(stocked))
    assert found.oversold == tuple(one.label for one in orders[10:])
    assert max(found.quantity - (200 if aiq_holds else 0), Decimal(0)) == 0
    assert beyond(stocked, orders[9]) == ()
    assert beyond(stocked, orders[10]) == (SKU,)
