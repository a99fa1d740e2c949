"""Flourish's retail orders by API: created, read, listed, replaced, paid; what refuses them."""

import pytest

from tests.sandbox.calls import webhooks
from tests.sandbox.doors import OTHER_SKU, SKU

HOME_ADDRESS = {
    "address_line_1": "12 Fern Court", "address_line_2": None, "city": "Oakland", "state": "CA",
    "postcode": "94607", "country": "United States",
}  # fmt: skip


def lines(*rows):
    return [{"sku": sku, "order_qty": quantity, "unit_price": price} for sku, quantity, price in rows]


def listed(doors, query=""):
    return [
        each["id"] for each in doors.flourish("GET", f"/retail-orders?{query}", facility=None).json["data"]
    ]


def test_an_order_is_created_as_it_was_sent_and_read_again(doors):
    made = doors.retail(delivery_fee=0, order_timestamp="2026-11-20T10:00:00Z")
    shown = (
        "original_order_id",
        "order_status",
        "fulfillment_type",
        "is_recreational",
        "notes",
        "total_price",
    )
    assert [made[name] for name in shown] == [
        "20471883", "Submitted", "Pickup", True, "Trellis c1 n1", 46.0,
    ]  # fmt: skip
    assert [(line["sku"], line["order_qty"], line["unit_price"]) for line in made["order_lines"]] == [
        (SKU, 2, 20)
    ]
    read = doors.retail_order(made["id"])
    assert (read["order_id"], read["order_notes"], read["order_fulfillment_type"]) == (
        made["id"], "Trellis c1 n1", "Pickup",
    )  # fmt: skip
    assert read["customer"]["id"] == made["customer_id"]
    assert "sku" not in read["order_lines"][0]
    assert listed(doors) == [made["id"]]


def test_an_order_begins_as_created_unless_it_says_submitted(doors):
    made = doors.retail(order_status=None)
    read = doors.retail_order(made["id"])
    assert (made["order_status"], read["submitted_timestamp"], read["submitted_by"]) == (
        "Created",
        None,
        None,
    )
    assert doors.retail_order(doors.retail()["id"])["submitted_by"] == "api"


def test_two_orders_of_one_original_id_are_two_orders(doors):
    first, second = doors.retail(), doors.retail()
    assert first["original_order_id"] == second["original_order_id"]
    assert listed(doors) == [first["id"], second["id"]]


def test_orders_of_both_kinds_count_on_one_series(doors):
    assert int(doors.retail()["id"]) == int(doors.outbound()["id"]) - 1


def test_a_delivery_goes_to_a_new_or_a_known_address_of_its_customer(doors):
    first = doors.retail(fulfillment_type="delivery", delivery_address=HOME_ADDRESS, delivery_fee=5)
    assert (first["delivery_fee"], first["total_price"]) == (5, 51.0)
    (known,) = doors.buyer()["address"]
    assert (known["id"], known["postcode"]) == (first["delivery_address_id"], "94607")
    again = doors.retail(fulfillment_type="delivery", delivery_address=HOME_ADDRESS)
    by_id = doors.retail(fulfillment_type="delivery", delivery_address_id=known["id"])
    assert {again["delivery_address_id"], by_id["delivery_address_id"]} == {known["id"]}
    assert len(doors.buyer()["address"]) == 1


def test_only_a_delivery_may_leave_the_facility_out(doors):
    body = doors.retail_body(fulfillment_type="delivery", delivery_address=HOME_ADDRESS)
    assert (
        doors.flourish("POST", "/retail-orders", body, facility=None).json["data"]["facility_id"]
        == "00000001"
    )
    refused = doors.flourish("POST", "/retail-orders", doors.retail_body(), facility=None)
    assert (refused.status_code, refused.json["message"]) == (400, "FacilityID header is required")


# Lines, discounts; then what each discount comes to, all of them, and what is to be paid.
HALF = {"method": "percentage", "amount": 50, "sku": SKU}
SUMS = [
    ([(SKU, 2, 20)], [HALF], [20], 20, 23.0),
    ([(SKU, 2, 20)], [{"method": "dollar", "amount": 7.5, "sku": SKU}], [7.5], 7.5, 37.38),
    ([(SKU, 2, 20)], [{"method": "percentage", "amount": 10}], [4], 4, 41.4),
    ([(SKU, 2, 20)], [{"method": "dollar", "amount": 100}], [40], 40, 0),
    ([(SKU, 2, 20)], [{"method": "percentage", "amount": 100, "sku": SKU}], [40], 40, 0),
    ([(SKU, 2, 20), (OTHER_SKU, 1, 10)], [{"method": "percentage", "amount": 10}, HALF], [3, 20], 23, 31.05),
    ([(SKU, 1, 20), (SKU, 1, 10)], [HALF], [15], 15, 17.25),
    ([(SKU, 1, 20), (SKU, 1, 10)], [{"method": "dollar", "amount": 25, "sku": SKU}], [25], 25, 5.75),
    ([(SKU, 3, 3.33)], [{"method": "percentage", "amount": 33.3, "sku": SKU}], [3.33], 3.33, 7.66),
    ([(SKU, 2, 20)], [{"method": "dollar", "amount": 5, "discount_id": 2}], [5], 5, 40.25),
]  # fmt: skip


@pytest.mark.parametrize(("goods", "discounts", "values", "off", "total"), SUMS)
def test_discounts_come_off_the_list_price_to_the_cent(doors, goods, discounts, values, off, total):
    made = doors.retail(order_lines=lines(*goods), applied_discounts=discounts)
    assert [each["discount_value"] for each in made["applied_discounts"]] == values
    assert (made["total_discounts"], made["total_price"]) == (off, total)
    assert sum(line["line_total_price"] for line in made["order_lines"]) == pytest.approx(
        made["sub_total_price"] - sum(v for v, d in zip(values, discounts, strict=True) if d.get("sku"))
    )


def test_the_engine_of_version_2_adds_what_applies_by_itself(doors):
    body = doors.retail_body(order_lines=lines((SKU, 10, 20)))
    headers = {"x-api-key": "fl-greenleaf-key", "FacilityID": "00000001"}
    second = doors.call("POST", "/flourish/external/api/v2/retail-orders", json=body, headers=headers)
    made = second.json["data"]
    assert [each["discount_name"] for each in made["applied_discounts"]] == ["Big basket"]
    assert made["total_discounts"] == 10
    assert doors.flourish("POST", "/retail-orders", body).json["data"]["total_discounts"] == 0
    assert doors.call("GET", "/flourish/external/api/v2/customers", headers=headers).status_code == 404


def test_the_shop_s_discounts_are_listed(doors):
    found = doors.flourish("GET", "/retail-discounts", facility=None).json["data"]
    assert [(each["discount_name"], each["promo_code"], each["applied_automatically"]) for each in found] == [
        ("Happy Hour", "HAPPY10", False), ("Loyalty reward", "LOYAL5", False), ("Big basket", "", True),
    ]  # fmt: skip


BROKEN = [
    ({"customer_id": None}, "customer_id is required"),
    ({"customer_id": "99"}, "Customer not found: 99"),
    ({"fulfillment_type": None}, "fulfillment_type is required"),
    ({"fulfillment_type": "shipping"}, "fulfillment_type must be one of"),
    ({"fulfillment_type": "delivery"}, "delivery_address is required"),
    ({"fulfillment_type": "delivery", "delivery_address": {"city": "Oakland"}}, "address_line_1 is required"),
    ({"fulfillment_type": "delivery", "delivery_address_id": 99}, "no address of the customer"),
    ({"order_status": "packed"}, "order_status must be one of"),
    ({"order_lines": []}, "order_lines is required"),
    ({"order_lines": [{"sku": "NONE", "order_qty": 1}]}, "Item not found: NONE"),
    ({"order_lines": [{"sku": SKU, "order_qty": 0}]}, "order_qty must be greater than 0"),
    ({"is_recreational": "yes"}, "is_recreational must be a boolean"),
    ({"delivery_fee": -1}, "delivery_fee must be a number not below 0"),
    ({"notes": 5}, "notes must be a string"),
    ({"applied_discounts": [{"method": "half", "amount": 1}]}, "method must be dollar or percentage"),
    ({"applied_discounts": [{"method": "dollar", "amount": "much"}]}, "amount must be a number"),
    ({"applied_discounts": [{"method": "percentage", "amount": 101}]}, "at most 100 percent"),
    ({"applied_discounts": [{"method": "dollar", "amount": 1, "sku": "X"}]}, "sku is not on the order: X"),
    ({"applied_discounts": [{"method": "dollar", "amount": 1, "discount_id": 99}]}, "Discount not found: 99"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), BROKEN, ids=[words for _, words in BROKEN])
def test_an_order_that_is_not_valid_is_refused_and_not_kept(doors, fields, words):
    answer = doors.flourish("POST", "/retail-orders", doors.retail_body(**fields))
    assert answer.status_code == 400
    assert words in answer.json["message"]
    assert listed(doors) == []


@pytest.mark.parametrize(
    "change", [{"customer_disciplinary_status": "banned"}, {"is_active": False}], ids=str
)
def test_who_is_banned_or_inactive_cannot_order(doors, change):
    doors.control("POST", f"/flourish/retail/customers/{doors.buyer()['id']}", change)
    assert doors.flourish("POST", "/retail-orders", doors.retail_body()).status_code == 400


def test_an_order_is_replaced_whole_until_it_is_packed_and_never_its_status(doors):
    made = doors.retail(applied_discounts=[HALF])
    path = f"/retail-orders/{made['id']}"
    body = doors.retail_body(order_lines=lines((SKU, 1, 20)), notes="New")
    changed = doors.flourish("PUT", path, body | {"order_status": None}).json["data"]
    assert (changed["notes"], changed["total_discounts"], changed["sub_total_price"]) == ("New", 0, 20)
    refused = doors.flourish("PUT", path, body | {"order_status": "Cancelled"})
    assert (refused.status_code, refused.json["message"]) == (400, "order_status cannot be changed")
    doors.counter(made["id"], "pack")
    assert doors.flourish("PUT", path, body).json["message"] == "Order cannot be edited: it is Packed"
    assert doors.flourish("PUT", path, body, facility="00000002").status_code == 404


def test_a_payment_completes_an_order_that_is_packed_and_paid(doors):
    order_id = doors.retail()["id"]
    path = f"/retail-orders/{order_id}/payment"
    cash = {"payment_type": "Cash", "amount": 40, "automatic_complete": True}
    paid = doors.flourish("POST", path, cash).json["data"]
    assert (paid["order_status"], paid["payment_status"], paid["total_paid"]) == (
        "Submitted", "Partially Paid", 40,
    )  # fmt: skip
    doors.counter(order_id, "pack")
    rest = {"payment_type": "Manual", "manual_payment_type": "CanPay", "amount": 10, "reference_id": "r"}
    done = doors.flourish("POST", path, rest | {"automatic_complete": True}).json["data"]
    assert (done["order_status"], done["payment_status"], done["total_paid"]) == ("Completed", "Paid", 46)
    assert done["transactions"][1]["change_given"] == 4
    assert doors.flourish("POST", path, cash).status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"payment_type": "Gold", "amount": 1}, {"payment_type": "Cash", "amount": 0},
             {"payment_type": "Manual", "amount": 1}, {"payment_type": "Cash", "amount": "x"}], ids=str,
)  # fmt: skip
def test_a_payment_that_is_not_valid_is_refused(doors, body):
    path = f"/retail-orders/{doors.retail()['id']}/payment"
    assert doors.flourish("POST", path, body).status_code == 400


def test_the_list_is_filtered_by_what_is_documented(doors):
    patient = next(each for each in map(doors.buyer, range(5)) if each["patient_id"])
    created = doors.retail(order_status=None, is_preorder=True, is_approved=False)["id"]
    packed = doors.retail(customer_id=patient["id"])["id"]
    doors.counter(packed, "pack")
    moment = doors.retail_order(packed)["packed_timestamp"].replace("+00:00", "Z")
    for query, found in (
        ("order_status=Created", [created]),
        ("order_status=Created&order_status=Packed", [created, packed]),
        (f"customer_id={patient['id']}&order_status=Packed", [packed]),
        (f"patient_id={patient['patient_id']}&order_status=Packed", [packed]),
        ("patient_id=nobody", []),
        (f"order_id={packed}", [packed]),
        ("order_fulfillment_type=Delivery", []),
        ("order_payment_status=Paid", []),
        ("is_preorder=true", [created]),
        ("needs_review=true", [created]),
        (f"packed_timestamp_start={moment}", [packed]),
        (f"created_timestamp_end={moment}", [created, packed]),
        ("submitted_timestamp_start=2026-01-01T00:00:00Z", [packed]),
        ("completed_timestamp_start=2026-01-01T00:00:00Z", []),
    ):
        assert listed(doors, query) == found, query


def test_the_list_has_pages_and_a_facility_if_one_is_named(doors):
    ids = [doors.retail()["id"] for _ in range(3)]
    page = doors.flourish("GET", "/retail-orders?limit=2", facility=None).json
    assert (page["meta"]["total"], page["meta"]["count"]) == (3, 2)
    assert "offset=2" in page["meta"]["next"]
    assert doors.flourish("GET", "/retail-orders", facility="00000002").json["meta"]["total"] == 0
    assert doors.flourish("GET", f"/retail-orders/{ids[0]}", facility="00000002").status_code == 404
    assert (
        doors.flourish("GET", f"/retail-orders/{ids[0]}", world="sunrise", facility=None).status_code == 404
    )


def test_each_change_is_told_by_webhook_in_the_form_of_a_read(doors):
    doors.control("POST", "/flourish/webhooks", {"company": "greenleaf", "url": "http://127.0.0.1:9/hook",
                                                 "events": ["Retail Order"]})  # fmt: skip
    order_id = doors.retail()["id"]
    doors.counter(order_id, "pack")
    told = [body for platform, body in webhooks(doors.simulation) if platform == "flourish"]
    assert [(each["resource_type"], each["action"], each["data"]["order_status"]) for each in told] == [
        ("retail_order", "create", "Submitted"), ("retail_order", "update", "Packed"),
    ]  # fmt: skip
    assert told[1]["data"] == doors.retail_order(order_id)
