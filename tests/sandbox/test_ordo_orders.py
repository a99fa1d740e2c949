"""Ordo's orders: a status that only goes forwards, lines as a whole, keys that make a write happen once."""

import pytest

from sandbox.ordo.statuses import STATUSES
from tests.sandbox.doors import OTHER_SKU, SKU, item_body

PENDING, CONFIRMED, AWAITING, DELIVERED, PAID, CANCELLED = STATUSES
LICENSE = "C10-0000217-LIC"
LINES = [{"sku": SKU, "quantity": 10, "unit_price": "4.75"}]

# Where the API takes an order that is where it is; what is not here is refused.
FORWARDS = {
    CONFIRMED: {CONFIRMED, AWAITING, DELIVERED, PAID, CANCELLED},
    AWAITING: {AWAITING, DELIVERED, PAID, CANCELLED},
    DELIVERED: {DELIVERED, PAID},
    PAID: {PAID},
    CANCELLED: {CANCELLED},
}
# What a rep may do.
PEOPLES = {PENDING: {"edit", "confirm", "cancel"}, CONFIRMED: {"edit", "cancel"}}


def order_in(doors, status, **asked):
    """Return the id of an order that is in a status."""
    order = doors.draft(lines=LINES, customer=LICENSE, **asked)
    if status != PENDING:
        assert doors.control("POST", f"/ordo/orders/{order['id']}/confirm").status_code == 200
    if status not in (PENDING, CONFIRMED):
        assert doors.ordo("PATCH", f"/orders/{order['id']}", {"status": status}).status_code == 200
    return order["id"]


def read(doors, key):
    return doors.ordo("GET", f"/orders/{key}").json


def test_an_order_has_the_shape_of_the_contract(doors):
    order = doors.draft(
        lines=[{"sku": SKU, "quantity": 2, "unit_price": 4.755}, {"sku": OTHER_SKU, "quantity": "3"}],
        customer=LICENSE, payment_term="Net Terms", net_days=30, sales_rep="maya.ortega@greenleaf.example",
        notes="Ring", status="Confirmed",
    )  # fmt: skip
    assert order.pop("company") == "greenleaf"
    price = doors.ordo("GET", f"/items?sku={OTHER_SKU}").json["data"][0]["price"]
    shown = read(doors, order["id"])
    assert shown == order
    assert shown["created_at"] < shown["updated_at"]
    for name in ("id", "created_at", "updated_at", "total"):
        assert isinstance(shown.pop(name), str)
    assert shown == {
        "number": "ORD-1001", "status": "Confirmed", "external_order_id": None, "payment_term": "Net Terms",
        "net_days": 30, "license_number": LICENSE, "seller_license_number": "C11-0000114-LIC",
        "customer": {
            "name": "Canyon Wellness Greenleaf Avenue", "email": "orders@canyonwellness.greenleaf.example"
        },
        "sales_rep": {"name": "Maya Ortega", "email": "maya.ortega@greenleaf.example"}, "notes": "Ring",
        "paid_at": None, "locked": False,
        "lines": [
            {"sku": SKU, "item_external_id": None, "name": "Greenleaf Blue Dream 3.5g Jar", "quantity": 2,
             "unit_price": "4.755"},
            {"sku": OTHER_SKU, "item_external_id": None, "name": "Greenleaf Blue Dream 1g Pre-Roll",
             "quantity": 3, "unit_price": price},
        ],
    }  # fmt: skip


def test_each_organisation_counts_its_own_orders(doors):
    assert [doors.draft()["number"] for _ in range(2)] == ["ORD-1001", "ORD-1002"]
    assert doors.draft(company="sunrise")["number"] == "ORD-1001"


@pytest.mark.parametrize("wanted", STATUSES)
@pytest.mark.parametrize("present", STATUSES)
def test_the_api_takes_an_order_forwards_only(doors, present, wanted):
    key = order_in(doors, present)
    before = read(doors, key)
    answer = doors.ordo("PATCH", f"/orders/{key}", {"status": wanted, "external_order_id": "00000009"})
    if wanted in FORWARDS.get(present, ()):
        assert (answer.status_code, answer.json["status"]) == (200, wanted)
        assert answer.json["external_order_id"] == "00000009"
        assert (answer.json["paid_at"] is not None) == (wanted == PAID)
    else:
        code = "not_confirmed" if present == PENDING else "status_backwards"
        assert (answer.status_code, answer.json["error"]["code"]) == (409, code)
        assert read(doors, key) == before


@pytest.mark.parametrize("action", ["edit", "confirm", "cancel"])
@pytest.mark.parametrize("present", STATUSES)
def test_people_change_an_order_until_it_is_locked(doors, present, action):
    key = order_in(doors, present)
    before = read(doors, key)
    assert before["locked"] == (present not in PEOPLES)
    answer = doors.control("POST", f"/ordo/orders/{key}/{action}", {"notes": "x"} if action == "edit" else {})
    if action in PEOPLES.get(present, ()):
        now = {"edit": (present, "x"), "confirm": (CONFIRMED, ""), "cancel": (CANCELLED, "")}[action]
        assert answer.status_code == 200
        assert (answer.json["status"], answer.json["notes"]) == now
    else:
        assert answer.status_code == 409
        assert present in answer.json["error"]
        assert read(doors, key) == before


@pytest.mark.parametrize("present", STATUSES)
def test_lines_are_replaced_as_a_whole_while_the_order_lives(doors, present):
    key = order_in(doors, present)
    doors.ordo("PUT", "/items/00000004", item_body(sku=OTHER_SKU, brand="Greenleaf Farms"))
    lines = [{"item_external_id": "00000004", "quantity": 7, "unit_price": 1.5}]
    answer = doors.ordo("PATCH", f"/orders/{key}", {"lines": lines})
    if present in (PENDING, CANCELLED):
        assert answer.status_code == 409
        assert [each["sku"] for each in read(doors, key)["lines"]] == [SKU]
    else:
        assert answer.status_code == 200
        found = [(each["sku"], each["quantity"], each["unit_price"]) for each in read(doors, key)["lines"]]
        assert found == [(OTHER_SKU, 7, "1.50")]
        assert read(doors, key)["total"] == "10.50"


def test_the_same_again_changes_nothing(doors):
    key = order_in(doors, AWAITING)
    before = read(doors, key)
    body = {"status": AWAITING, "lines": LINES, "external_order_id": None}
    assert doors.ordo("PATCH", f"/orders/{key}", body).json == before
    assert doors.ordo("PATCH", f"/orders/{key}", {}).json == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"status": "Lost"}, 400, "invalid"),
        ({"status": "delivered"}, 400, "invalid"),
        ({"status": None}, 400, "invalid"),
        ({"status": ["Paid"]}, 400, "invalid"),
        ({"external_order_id": 5}, 400, "invalid"),
        ({"external_order_id": "x" * 256}, 400, "invalid"),
        ({"payment_term": "Cash"}, 400, "invalid"),
        ({"lines": []}, 400, "invalid"),
        ({"lines": {}}, 400, "invalid"),
        ({"lines": [1]}, 400, "invalid"),
        ({"lines": [{"quantity": 1}]}, 400, "invalid"),
        ({"lines": [{"sku": SKU, "quantity": 0}]}, 400, "invalid"),
        ({"lines": [{"sku": SKU, "quantity": -1}]}, 400, "invalid"),
        ({"lines": [{"sku": SKU, "quantity": 1, "unit_price": -1}]}, 400, "invalid"),
        ({"lines": [{"sku": SKU, "quantity": 1, "qty": 1}]}, 400, "invalid"),
        ({"lines": [{"sku": SKU, "quantity": 1}] * 501}, 400, "invalid"),
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, 422, "unknown_item"),
        ({"lines": [{"item_external_id": "NONE", "quantity": 1}]}, 422, "unknown_item"),
    ],
    ids=str,
)
def test_a_change_that_is_not_valid_is_refused_whole(doors, body, status, code):
    key = order_in(doors, AWAITING)
    before = read(doors, key)
    body = {"external_order_id": "00000009", **body} if "lines" in body else {"lines": LINES, **body}
    answer = doors.ordo("PATCH", f"/orders/{key}", body)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["message"].endswith(".")
    assert read(doors, key) == before


def test_one_key_makes_a_write_happen_once_and_be_answered_alike(doors):
    key = order_in(doors, CONFIRMED)
    first = doors.ordo("PATCH", f"/orders/{key}", {"status": AWAITING}, once="k1")
    doors.ordo("PATCH", f"/orders/{key}", {"status": DELIVERED}, once="k2")
    again = doors.ordo("PATCH", f"/orders/{key}", {"status": AWAITING}, once="k1")
    assert (again.status_code, again.json) == (200, first.json)
    assert read(doors, key)["status"] == DELIVERED
    assert doors.ordo("PATCH", f"/orders/{key}", {"status": AWAITING}, once="k3").status_code == 409


def test_a_key_belongs_to_one_request_of_one_organisation(doors):
    key, other = order_in(doors, CONFIRMED), order_in(doors, CONFIRMED, company="greenleaf")
    doors.ordo("PATCH", f"/orders/{key}", {"status": AWAITING}, once="k")
    for path, body in ((key, {"status": DELIVERED}), (other, {"status": AWAITING})):
        answer = doors.ordo("PATCH", f"/orders/{path}", body, once="k")
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "idempotency_key_reused")
    theirs = doors.draft(company="sunrise", lines=1, status="Confirmed")["id"]
    answer = doors.ordo("PATCH", f"/orders/{theirs}", {"status": AWAITING}, world="sunrise", once="k")
    assert answer.json["status"] == AWAITING
    assert doors.ordo("PATCH", f"/orders/{key}", {}, once="k" * 256).status_code == 400


def test_what_was_refused_may_be_tried_again_under_its_key(doors):
    key = doors.draft()["id"]
    assert doors.ordo("PATCH", f"/orders/{key}", {"status": AWAITING}, once="k").status_code == 409
    doors.control("POST", f"/ordo/orders/{key}/confirm")
    assert doors.ordo("PATCH", f"/orders/{key}", {"status": AWAITING}, once="k").status_code == 200


def test_another_organisation_s_order_is_not_there(doors):
    key = doors.draft(company="sunrise", status="Confirmed")["id"]
    assert doors.ordo("GET", f"/orders/{key}").status_code == 404
    assert doors.ordo("PATCH", f"/orders/{key}", {"status": PAID}).status_code == 404


def test_orders_are_listed_by_status_and_by_when_they_changed(doors):
    keys = {status: order_in(doors, status) for status in STATUSES}

    def listed(query):
        return {each["id"] for each in doors.ordo("GET", f"/orders?{query}").json["data"]}

    assert listed("") == set(keys.values())
    for status, key in keys.items():
        assert listed(f"status={status.replace(' ', '%20')}") == {key}
    assert listed("status=Confirmed&status=Paid") == {keys[CONFIRMED], keys[PAID]}
    last = read(doors, keys[CANCELLED])["updated_at"]
    assert listed(f"updated_since={last.replace('+', '%2B')}") == {keys[CANCELLED]}
    doors.control("POST", f"/ordo/orders/{keys[PENDING]}/edit", {"notes": "later"})
    assert listed(f"updated_since={last.replace('+', '%2B')}") == {keys[CANCELLED], keys[PENDING]}
    assert listed("updated_since=2099-01-01") == set()
    for query in ("status=Lost", "status=paid", "status=", "updated_since=x", "updated_since="):
        assert doors.ordo("GET", f"/orders?{query}").status_code == 400, query
