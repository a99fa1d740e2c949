"""What a write leaves behind about itself: what it changes, the decision, and after whose doing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.sync.errors import Retryable
from tests.sync.engine.catalogues import furnish
from tests.sync.mapping.examples import order

pytestmark = pytest.mark.promise("MO-10")


def of_kind(shop, kind):
    (found,) = [one for one in shop.operations() if one.kind == kind]
    return found


def test_a_creation_says_its_decision_and_who_placed_the_order(shop):
    link_id = shop.arrive(changed_by="Bea Buyer", ship_at=datetime(2026, 4, 1, 15, tzinfo=UTC), term="Net 30")
    shop.look()

    made = of_kind(shop, "create_order")
    assert made.why.startswith("Bring it in: ")
    assert made.prompted_by == f"Bea Buyer, LeafLink: {shop.story(link_id)[0]}"
    assert made.changes == []
    assert made.request["lines"]
    finished = of_kind(shop, "finish_order")
    assert finished.changes == [["Requested date", "", "2026-04-01"], ["Payment term", "", "Net 30"]]
    assert finished.prompted_by == made.prompted_by


def test_a_move_says_from_where_to_where_and_what_staff_did_before(shop):
    shop.arrive()
    shop.look()
    shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(order().number)
    shop.look()

    moved = of_kind(shop, "move")
    assert moved.changes == [["Status", "Submitted", "Accepted"]]
    assert moved.prompted_by == "Flourish staff: Partially Allocated"
    assert "Accepted" in moved.why


@pytest.mark.promise("MO-9")
def test_a_write_knows_when_the_other_side_had_changed(shop):
    shop.arrive()
    placed = shop.leaflink.orders[order().number].updated_at
    shop.look()
    shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(order().number)
    shop.look()

    assert of_kind(shop, "create_order").prompted_at == placed
    moved = of_kind(shop, "move")
    assert moved.prompted_at == shop.flourish.orders["SO-1"].updated_at


def test_a_cancel_says_what_the_order_was(shop):
    shop.arrive()
    shop.look()
    shop.leaflink.put(shop.leaflink.orders[order().number], status="Cancelled")
    shop.mark(order().number)
    shop.look()

    assert of_kind(shop, "cancel_order").changes == [["Status", "Created", "Cancelled"]]


def test_a_second_try_knows_what_the_first_was_prompted_by(shop):
    shop.arrive(changed_by="Bea Buyer")
    shop.flourish.fail("create_order", Retryable("busy", after=1.0))
    shop.look_until_quiet()

    first, second = [one for one in shop.operations() if one.kind == "create_order"]
    assert (first.status, second.status) == ("abandoned", "ok")
    assert first.prompted_by.startswith("Bea Buyer, LeafLink: ")
    assert (second.prompted_by, second.why) == (first.prompted_by, first.why)


def test_a_stock_and_a_field_say_what_was_there_before(shop, monkeypatch):
    stocked = furnish(shop, monkeypatch)
    stocked.begin(1)
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)
    stocked.look()

    stock = of_kind(stocked, "set_stock")
    assert stock.changes == [["Stock", "10", "7"]]
    assert stock.prompted_by == "Flourish: Sellable: 7"
