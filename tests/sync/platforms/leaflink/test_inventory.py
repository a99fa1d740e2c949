"""LeafLink's inventory items: batches with their stock, read whole or of one product, and written singly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from portal.sync.batches import Batch
from portal.sync.errors import Rejected, Unsettled
from tests.sync.platforms.leaflink.test_catalogue import client, page

BATCHES = (
    {"id": 5, "production_batch_number": "GR-1"},
    {"id": 6, "production_batch_number": "GR-2"},
    {"id": 7, "production_batch_number": "GR-3"},
)
ITEM = {
    "id": 90, "facility": 1, "inventory": 2, "product": 501, "quantity": 12, "batch": 5,
    "quantity_in_product_uom": "12.0", "reserved_qty": "2.0000", "reserved_qty_in_product_uom": "2.0000",
    "is_archived": False,
}  # fmt: skip
GR_1 = Batch("5", "90", "GR-1", "1", Decimal(12), Decimal(2))


def whole(*items: Any, assigned: tuple[tuple[int, int], ...] = ((501, 5), (501, 6), (502, 7))) -> Any:
    links = ({"id": place, "product": str(of), "batch": one} for place, (of, one) in enumerate(assigned))
    lists = {"batches/": page(*BATCHES), "product-batches/": page(*links), "inventory/items/": page(*items)}
    return client(**lists)


@pytest.mark.promise("LL-11")
def test_all_batches_are_read_with_their_stock_by_product():
    leaflink, calls = whole(ITEM)

    found = leaflink.batches()

    assert found == {"501": (GR_1, Batch("6", "", "GR-2")), "502": (Batch("7", "", "GR-3"),)}
    asked = {call.path: call.query for call in calls.calls}
    assert asked["batches/"]["owner"] == "7"
    assert asked["inventory/items/"]["include_archived"] == "true"


@pytest.mark.promise("LL-11")
def test_the_batches_of_one_product_are_two_calls():
    leaflink, calls = client(
        **{"batches/": page(*BATCHES[:2]), "inventory/items/": page(ITEM, {**ITEM, "id": 91, "product": 9})}
    )

    assert leaflink.batches_of("501") == (GR_1, Batch("6", "", "GR-2"))
    assert [call.query.get("products") or call.query.get("product") for call in calls.calls] == ["501", "501"]


def test_stock_in_no_batch_is_read_and_that_of_a_foreign_batch_is_nobodys():
    bare, foreign = {**ITEM, "id": 91, "batch": None}, {**ITEM, "id": 92, "batch": 7}
    leaflink, _ = whole(ITEM, bare, foreign)

    numbers = [(one.number, one.stock_ref) for one in leaflink.batches()["501"]]

    assert numbers == [("", "91"), ("GR-1", "90"), ("GR-2", "")]


@pytest.mark.promise("LL-11")
def test_stock_of_a_batch_is_written_by_one_call_that_answers_with_it():
    leaflink, calls = client(**{"PATCH inventory/items/90/": {**ITEM, "quantity": 7}})

    changed = leaflink.set_lot_stock("501", GR_1, Decimal(7))

    assert (changed.quantity, changed.number, changed.stock_ref) == (Decimal(7), "GR-1", "90")
    assert [(call.method, call.path, call.body) for call in calls.calls] == [
        ("PATCH", "inventory/items/90/", {"quantity": "7"})
    ]


@pytest.mark.promise("LL-11")
def test_the_first_stock_of_a_batch_is_made_where_it_lies_or_in_the_only_facility():
    made = {"POST inventory/items/": {**ITEM, "batch": 6, "id": 93}}
    leaflink, calls = client(**made, **{"inventory/facilities/": page({"id": 4, "name": "Main"})})

    placed = leaflink.set_lot_stock("501", Batch("6", "", "GR-2", "8"), Decimal(3))
    leaflink.set_lot_stock("501", Batch("6", "", "GR-2"), Decimal(3))

    assert (placed.stock_ref, placed.number) == ("93", "GR-2")
    body = {"product": 501, "batch": 6, "facility": 8, "quantity": "3", "is_archived": False}
    assert [call.body for call in calls.calls if call.method == "POST"] == [body, {**body, "facility": 4}]


@pytest.mark.parametrize("places", [(), (1, 2)])
def test_where_it_is_not_clear_in_which_facility_a_first_stock_lies_nothing_is_written(places):
    leaflink, calls = client(**{"inventory/facilities/": page(*({"id": one, "name": "x"} for one in places))})

    with pytest.raises(Rejected, match=f"{len(places)} facilities"):
        leaflink.set_lot_stock("501", Batch("6", "", "GR-2"), Decimal(3))
    assert {call.method for call in calls.calls} == {"GET"}


def test_an_answer_that_is_no_item_leaves_the_write_unsettled():
    leaflink, _ = client(**{"PATCH inventory/items/90/": {"id": 90}})

    with pytest.raises(Unsettled):
        leaflink.set_lot_stock("501", GR_1, Decimal(7))
