"""What each step of a LeafLink order does to its product: reserve, release, take away, give back."""

from decimal import Decimal

import pytest

from sandbox.leaflink.statuses import APP_MOVES, MOVES, STATUSES
from tests.sandbox.doors import SKU, Doors

QUANTITY = 48

# From, action: how often the order's quantity is added to what is reserved, and to what is there.
EFFECTS: dict[tuple[str, str], tuple[int, int]] = {
    ("Draft", "submit"): (1, 0),
    ("Submitted", "accept"): (0, 0),
    ("Submitted", "reject"): (-1, 0),
    ("Submitted", "cancel"): (-1, 0),
    ("Backorder", "accept"): (1, 0),
    ("Backorder", "reject"): (0, 0),
    ("Accepted", "fulfill"): (-1, -1),
    ("Accepted", "reject"): (-1, 0),
    ("Accepted", "unaccept"): (0, 0),
    ("Fulfilled", "ship"): (0, 0),
    ("Fulfilled", "reject"): (0, 1),
    ("Shipped", "complete"): (0, 0),
    ("Shipped", "reject"): (0, 1),
}
# What an order of each status holds: as above, from nothing.
HELD: dict[str, tuple[int, int]] = {
    "Draft": (0, 0),
    "Submitted": (1, 0),
    "Accepted": (1, 0),
    "Backorder": (0, 0),
    "Fulfilled": (0, -1),
    "Shipped": (0, -1),
    "Complete": (0, -1),
    "Rejected": (0, 0),
    "Combined": (0, 0),
    "Cancelled": (0, 0),
}


def stock(doors: Doors) -> tuple[Decimal, Decimal]:
    product = doors.product(SKU)
    return Decimal(product["reserved_qty"]), Decimal(product["quantity"])


def change(before: tuple[Decimal, Decimal], after: tuple[Decimal, Decimal]) -> tuple[int, ...]:
    return tuple(int((now - then) / QUANTITY) for then, now in zip(before, after, strict=True))


def test_the_table_has_every_step():
    assert set(EFFECTS) == {(move.start, move.action) for move in (*MOVES, *APP_MOVES)}
    assert set(HELD) == set(STATUSES)


@pytest.mark.parametrize(("start", "action"), EFFECTS)
def test_a_step_moves_stock_as_the_table_says(doors, start, action):
    number = doors.order(lines=[{"sku": SKU, "quantity": QUANTITY}], status=start)["number"]
    before, modified = stock(doors), doors.product(SKU)["modified"]
    assert doors.control("POST", f"/leaflink/orders/{number}/{action}").status_code == 200
    assert change(before, stock(doors)) == EFFECTS[start, action]
    # The real service was seen not to date a product whose reservation alone moves.
    assert (doors.product(SKU)["modified"] != modified) == (EFFECTS[start, action][1] != 0)


@pytest.mark.parametrize("start", STATUSES)
def test_whatever_status_the_app_sets_the_stock_follows(doors, start):
    empty = stock(doors)
    number = doors.order(lines=[{"sku": SKU, "quantity": QUANTITY}], status=start)["number"]
    assert change(empty, stock(doors)) == HELD[start]
    for end in STATUSES:
        doors.control("POST", f"/leaflink/orders/{number}", {"status": end})
        assert change(empty, stock(doors)) == HELD[end]


def test_the_buyers_app_cannot_sell_what_it_reserved_twice_over_edits(doors):
    empty = stock(doors)
    number = doors.order(lines=[{"sku": SKU, "quantity": QUANTITY}])["number"]
    path = f"/leaflink/orders/{number}"
    doors.control("POST", path, {"lines": [{"sku": SKU, "quantity": 3 * QUANTITY}]})
    assert change(empty, stock(doors)) == (3, 0)
    doors.control("POST", f"{path}/accept")
    doors.control("POST", f"{path}/fulfill")
    doors.control("POST", path, {"lines": [{"sku": SKU, "quantity": QUANTITY}]})
    assert change(empty, stock(doors)) == (0, -1)


def test_the_api_has_no_un_accept_and_the_app_has(doors):
    order = doors.order(status="Accepted")
    path = f"/orders-received/{order['number']}/transition/unaccept/"
    assert doors.leaflink("POST", path).status_code == 400
    assert "submitted" not in order["available_transitions"]
    moved = doors.control("POST", f"/leaflink/orders/{order['short_id']}/unaccept").json
    assert moved["status"] == "Submitted"
    again = doors.control("POST", f"/leaflink/orders/{order['number']}/unaccept")
    assert again.status_code == 400
    events = doors.leaflink("GET", f"/order-event-logs/?order={order['number']}").json["results"]
    assert events[-1]["event_type"] == "unaccepted"


@pytest.mark.parametrize("path", ["/leaflink/orders/none/accept", "/leaflink/orders/none/combine"])
def test_a_step_of_no_order_is_not_found(doors, path):
    assert doors.control("POST", path).status_code == 404
