"""What staff do with outbound orders, up to payment; what PUT and a second original id come to."""

import pytest

from sandbox.flourish.staff import STAFF_ACTIONS, open_actions
from tests.sandbox.doors import SKU, outbound_body

TOTAL = 115.1
# Steps, then order status, payment status, paid, refunded.
PATHS = [
    ([], ("Created", "Awaiting Payment", 0, 0)),
    (["partially-pay"], ("Created", "Partially Paid", 57.55, 0)),
    (["pay"], ("Created", "Paid", TOTAL, 0)),
    (["partially-pay", "pay"], ("Created", "Paid", TOTAL, 0)),
    (["allocate", "ship", "pay"], ("Shipped", "Paid", TOTAL, 0)),
    (["allocate", "ship", "complete"], ("Completed", "Awaiting Payment", 0, 0)),
    (["allocate", "ship", "complete", "pay"], ("Completed", "Paid", TOTAL, 0)),
    (["pay", "allocate", "ship", "complete"], ("Completed", "Paid", TOTAL, 0)),
    (["pay", "partially-refund"], ("Created", "Partially Refunded", TOTAL, 57.55)),
    (["pay", "refund"], ("Created", "Refunded", TOTAL, TOTAL)),
    (["pay", "partially-refund", "refund"], ("Created", "Refunded", TOTAL, TOTAL)),
    (["partially-pay", "refund"], ("Created", "Refunded", 57.55, 57.55)),
    (["allocate", "ship", "un-ship"], ("Allocated", "Awaiting Payment", 0, 0)),
    (["allocate", "ship", "pay", "un-ship"], ("Allocated", "Paid", TOTAL, 0)),
    (["allocate", "ship", "un-ship", "ship"], ("Shipped", "Awaiting Payment", 0, 0)),
    (["allocate", "ship", "un-ship", "cancel"], ("Cancelled", "Awaiting Payment", 0, 0)),
    (["pay", "cancel", "refund"], ("Cancelled", "Refunded", TOTAL, TOTAL)),
]


def act(doors, order, *steps):
    for step in steps:
        answer = doors.control("POST", f"/flourish/orders/{order['id']}/{step}")
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("steps", "shown"), PATHS, ids=[" ".join(steps) or "nothing" for steps, _ in PATHS])
def test_staff_bring_an_order_and_its_payment_where_they_go(doors, steps, shown):
    order = doors.outbound()
    act(doors, order, *steps)
    now = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    assert (now["order_status"], now["payment_status"], now["total_paid"], now["total_refund"]) == shown
    assert (now["last_updated_by"] == "warehouse") == bool(steps)
    found = doors.flourish("GET", f"/outbound-orders?order_payment_status={shown[1]}&order_status={shown[0]}")
    assert found.json["meta"]["total"] == 1


@pytest.mark.parametrize(
    "steps", [steps for steps, _ in PATHS], ids=lambda steps: " ".join(steps) or "nothing"
)
def test_staff_can_do_what_is_open_and_nothing_else(doors, steps):
    order = doors.outbound()
    act(doors, order, *steps)
    path = f"/flourish/orders/{order['id']}"
    stored = doors.simulation.office("flourish", "greenleaf").need("order", order["id"])
    refused = set(STAFF_ACTIONS) - set(open_actions(stored))
    # A whole allocation may be made again, and a part of a whole one: the warehouse corrects itself.
    refused -= (
        {"allocate", "partially-allocate"} if stored["order_status"] in ("Allocated", "Created") else set()
    )
    for action in sorted(refused):
        assert doors.control("POST", f"{path}/{action}").status_code == 400, action
    assert doors.simulation.office("flourish", "greenleaf").need("order", order["id"]) == stored


def test_completion_dates_the_delivery_and_shuts_the_order(doors):
    order = doors.outbound()
    act(doors, order, "allocate", "ship", "complete")
    now = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    assert now["delivered_timestamp"] > now["shipped_timestamp"]
    answer = doors.flourish("PUT", f"/outbound-orders/{order['id']}", {"ref_field_1": "x"})
    assert answer.json["message"] == "Order has already been completed"
    assert doors.item(SKU)["on_order_qty"] == 0


def test_what_is_un_shipped_is_there_again(doors):
    order, before = doors.outbound(), doors.item(SKU)
    act(doors, order, "allocate")
    allocated = doors.item(SKU)
    act(doors, order, "ship")
    assert doors.item(SKU)["qty"] == before["qty"] - 24
    act(doors, order, "un-ship")
    quantities = ("qty", "available_qty", "non_available_qty", "on_order_qty", "sellable_qty")
    assert [doors.item(SKU)[name] for name in quantities] == [allocated[name] for name in quantities]
    now = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    assert (now["shipped_timestamp"], now["shipment_id"]) == (None, None)


# What staff change, and the steps after which they still can.
TERM = {"payment_term": "Net 30", "invoice_date": "2026-12-01", "requested_delivery_date": "2026-12-02"}
LINES = {"order_lines": [{"sku": SKU, "order_qty": 2, "unit_price": 1}], "ref_field_1": "x"}
EDITS = [
    (TERM, [], True),
    (TERM, ["allocate"], True),
    (TERM, ["allocate", "ship"], True),
    (TERM, ["allocate", "ship", "complete", "pay"], True),
    (TERM, ["cancel"], False),
    (LINES, [], True),
    (LINES, ["pay"], True),
    (LINES, ["partially-allocate"], False),
    (LINES, ["allocate", "ship"], False),
    (LINES, ["cancel"], False),
    (TERM | LINES, ["allocate"], False),
    ({"payment_term": "Net 1000"}, [], False),
    ({"order_status": "Shipped"}, [], False),
    ({"payment_terms": "Net 30"}, [], False),
]


@pytest.mark.parametrize(("fields", "steps", "taken"), EDITS, ids=str)
def test_staff_edit_an_order_and_its_term_even_when_it_has_left(doors, fields, steps, taken):
    order = doors.outbound()
    act(doors, order, *steps)
    before = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    answer = doors.control("POST", f"/flourish/orders/{order['id']}", fields)
    now = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    assert answer.status_code == (200 if taken else 400)
    if not taken:
        assert (now, bool(answer.json["error"])) == (before, True)
        return
    assert {name: now[name] for name in fields if name != "order_lines"} == {
        name: value for name, value in fields.items() if name != "order_lines"
    }
    assert [line["order_qty"] for line in now["order_lines"]] == [2 if "order_lines" in fields else 24]
    assert (now["last_updated_by"], now["order_status"]) == ("warehouse", before["order_status"])


# The setting, what happened to the first order, and whether a second of its original id is taken.
SECONDS = [
    (False, [], True),
    (False, ["cancel"], True),
    (True, [], False),
    (True, ["cancel"], False),
    ("live", [], False),
    ("live", ["allocate", "ship"], False),
    ("live", ["cancel"], True),
]


@pytest.mark.parametrize(("setting", "steps", "taken"), SECONDS)
def test_a_second_order_of_one_original_id_is_taken_or_refused(doors, setting, steps, taken):
    asked = {"refuse_duplicate_original_order_id": setting}
    assert doors.control("POST", "/settings", asked).json["refuse_duplicate_original_order_id"] == setting
    first = doors.outbound()
    act(doors, first, *steps)
    answer = doors.flourish("POST", "/outbound-orders", outbound_body(), facility="00000002")
    assert answer.status_code == (200 if taken else 400)
    if not taken:
        assert answer.json["message"] == f"original_order_id already exists on order {first['id']}"
    assert (
        doors.flourish("POST", "/outbound-orders", outbound_body(original_order_id="other")).status_code
        == 200
    )


@pytest.mark.parametrize("value", ["some", 1, None, []])
def test_the_setting_takes_nothing_else(doors, value):
    assert (
        doors.control("POST", "/settings", {"refuse_duplicate_original_order_id": value}).status_code == 400
    )


@pytest.mark.parametrize(
    ("steps", "status"),
    [([], 200), (["partially-pay"], 200), (["pay"], 200), (["partially-allocate"], 400), (["allocate"], 400)],
)
def test_put_changes_an_order_only_while_nothing_is_allocated(doors, steps, status):
    order = doors.outbound()
    act(doors, order, *steps)
    body = {"order_lines": [{"sku": SKU, "order_qty": 2, "unit_price": 1}]}
    assert doors.flourish("PUT", f"/outbound-orders/{order['id']}", body).status_code == status
