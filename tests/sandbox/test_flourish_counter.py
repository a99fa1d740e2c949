"""What a shop's staff do with retail orders: each way from each status, and what it does to the stock."""

import pytest

from sandbox.flourish.retail.staff import RETAIL_ACTIONS, open_actions
from tests.sandbox.doors import SKU
from tests.sandbox.test_flourish_retail import HOME_ADDRESS

DELIVERY = {"fulfillment_type": "delivery", "delivery_address": HOME_ADDRESS}
PICKUP = {"fulfillment_type": "pickup"}
# Kind, steps from Submitted; then status, payment, what is open.
WAYS = [
    (PICKUP, [], ("Submitted", "Awaiting Payment"), {"pack", "cancel"}),
    (PICKUP, ["pack"], ("Packed", "Awaiting Payment"), {"unpack", "complete", "cancel"}),
    (PICKUP, ["pack", "unpack"], ("Submitted", "Awaiting Payment"), {"pack", "cancel"}),
    (PICKUP, ["pack", "complete"], ("Completed", "Paid"), set()),
    (PICKUP, ["pack", "cancel"], ("Cancelled", "Awaiting Payment"), set()),
    (DELIVERY, ["pack"], ("Packed", "Awaiting Payment"), {"unpack", "route", "cancel"}),
    (
        DELIVERY,
        ["pack", "route"],
        ("Out for Delivery", "Awaiting Payment"),
        {"deliver", "undeliverable", "complete", "cancel"},
    ),
    (
        DELIVERY,
        ["pack", "route", "deliver"],
        ("Out for Delivery", "Awaiting Payment"),
        {"deliver", "undeliverable", "complete", "cancel"},
    ),
    (DELIVERY, ["pack", "route", "deliver", "complete"], ("Completed", "Paid"), set()),
    (DELIVERY, ["pack", "route", "complete"], ("Completed", "Paid"), set()),
    (
        DELIVERY,
        ["pack", "route", "undeliverable"],
        ("Undeliverable", "Awaiting Payment"),
        {"repack", "cancel"},
    ),
    (
        DELIVERY,
        ["pack", "route", "undeliverable", "repack"],
        ("Packed", "Awaiting Payment"),
        {"unpack", "route", "cancel"},
    ),
    (DELIVERY, ["pack", "route", "undeliverable", "cancel"], ("Cancelled", "Awaiting Payment"), set()),
    (DELIVERY | {"total_paid": 46}, ["pack", "route", "deliver"], ("Completed", "Paid"), set()),
    (PICKUP | {"total_paid": 46}, ["pack", "cancel"], ("Cancelled", "Refunded"), set()),
    (
        PICKUP | {"order_status": "created"},
        [],
        ("Created", "Awaiting Payment"),
        {"approve", "pack", "cancel"},
    ),
    (
        PICKUP | {"order_status": "created"},
        ["approve"],
        ("Submitted", "Awaiting Payment"),
        {"pack", "cancel"},
    ),
]


def _named(each: object) -> str:
    """A name that is the same in each process: a set comes in any order."""
    return str(sorted(each) if isinstance(each, set) else each)[:60]


@pytest.mark.parametrize(("fields", "steps", "shown", "is_open"), WAYS, ids=_named)
def test_staff_bring_an_order_where_it_goes_and_nowhere_else(doors, fields, steps, shown, is_open):
    order_id = doors.retail(**fields)["id"]
    now = doors.counter(order_id, *steps)
    assert (now["order_status"], now["payment_status"]) == shown
    stored = doors.simulation.office("flourish", "greenleaf").need("retail_order", order_id)
    assert set(open_actions(stored)) == is_open
    for action in sorted(set(RETAIL_ACTIONS) - is_open):
        refused = doors.control("POST", f"/flourish/retail/orders/{order_id}/{action}")
        assert (refused.status_code, bool(refused.json["error"])) == (400, True), action
    assert doors.retail_order(order_id) == now


def test_each_step_is_marked_with_who_and_when(doors):
    order_id = doors.retail(**DELIVERY)["id"]
    done = doors.counter(order_id, "pack", "route", "deliver", "complete")
    assert [done[f"{name}_by"] for name in ("submitted", "packed", "delivered", "completed")] == [
        "api",
        "budtender",
        "budtender",
        "budtender",
    ]
    assert done["packed_timestamp"] < done["delivered_timestamp"] < done["completed_timestamp"]
    again = doors.retail()["id"]
    assert doors.counter(again, "pack", "unpack")["packed_timestamp"] is None


# Steps; then what is there, available, on order and sellable, against what it was before the order of two.
STOCK = [
    ([], (0, 0, 2, -2)),
    (["pack"], (0, -2, 0, -2)),
    (["pack", "unpack"], (0, 0, 2, -2)),
    (["pack", "route"], (0, -2, 0, -2)),
    (["pack", "route", "undeliverable"], (0, -2, 0, -2)),
    (["pack", "route", "undeliverable", "cancel"], (0, 0, 0, 0)),
    (["pack", "route", "complete"], (-2, -2, 0, -2)),
    (["cancel"], (0, 0, 0, 0)),
    (["pack", "cancel"], (0, 0, 0, 0)),
]


def row(doors):
    found = doors.item(SKU)
    return [found[name] for name in ("qty", "available_qty", "on_order_qty", "sellable_qty")]


@pytest.mark.parametrize(("steps", "change"), STOCK, ids=[" ".join(steps) or "nothing" for steps, _ in STOCK])
def test_each_step_moves_the_stock(doors, steps, change):
    before = row(doors)
    doors.counter(doors.retail(**DELIVERY)["id"], *steps)
    assert [now - then for now, then in zip(row(doors), before, strict=True)] == list(change)


def test_an_order_that_is_not_packed_lowers_nothing_if_flourish_is_set_so(doors):
    doors.control("POST", "/settings", {"flourish_submitted_lowers_sellable": False})
    before = row(doors)
    order_id = doors.retail()["id"]
    assert row(doors) == before
    doors.control("POST", "/settings", {"flourish_submitted_lowers_sellable": True})
    doors.counter(order_id, "pack")
    assert row(doors)[3] == before[3] - 2
    doors.counter(order_id, "unpack")
    assert row(doors) == before


def test_staff_make_an_order_themselves(doors):
    asked = {"facility_id": "00000001", "order": doors.retail_body(order_status="created")}
    made = doors.control("POST", "/flourish/retail/orders", asked).json
    read = doors.retail_order(made["id"])
    assert (read["order_origin"], read["created_by"]) == ("Flourish", "budtender")
    for wrong in ({"origin": "Mars"}, {"order": "x"}, {"facility_id": "99"}):
        assert doors.control("POST", "/flourish/retail/orders", asked | wrong).status_code in (400, 404)


def test_an_action_or_an_order_that_is_none_is_not_found(doors):
    assert doors.control("POST", "/flourish/retail/orders/99/pack").status_code == 404
    order_id = doors.retail()["id"]
    assert doors.control("POST", f"/flourish/retail/orders/{order_id}/juggle").status_code == 404
