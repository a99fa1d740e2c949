"""The console's Flourish shop: staff pack, route, hand over and cancel; customers are kept; no script."""

import html
import re

import pytest

from tests.sandbox.doors import SKU

COUNTER = "/greenleaf/counter"


def post(doors, path, **form):
    answer = doors.call("POST", path, data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def words(doors, path):
    """Return a page's text as a reader sees it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", doors.call("GET", path).text)).split())


@pytest.mark.parametrize(
    "path", [f"{COUNTER}/orders/", f"{COUNTER}/customers/", "/ember/counter/orders/?page=9"]
)
def test_each_page_opens_without_inline_script_or_style(doors, path):
    answer = doors.call("GET", path)
    assert answer.status_code == 200
    assert not re.search(r"<script|<style|style=|onclick", answer.text)


@pytest.mark.parametrize(
    "path",
    [
        f"{COUNTER}/orders/none",
        f"{COUNTER}/customers/none",
        "/moonrise/counter/orders/",
        "/greenleaf/warehouse/customers/",
    ],
)
def test_what_does_not_exist_says_so_on_a_page(doors, path):
    assert doors.call("GET", path).status_code == 404


def test_home_counts_retail_orders_for_the_shop_s_staff(doors):
    doors.retail()
    assert re.search(r"Flourish retail staff Greenleaf Farms [^|]*? 1 orders", words(doors, "/"))


def test_staff_pack_an_order_and_hand_it_over(doors):
    half = {"method": "percentage", "amount": 50, "sku": SKU}
    order_id = doors.retail(applied_discounts=[half])["id"]
    assert "20471883" in words(doors, f"{COUNTER}/orders/")
    path = f"{COUNTER}/orders/{order_id}"
    shown = words(doors, path)
    for told in ("Submitted", "as an adult", "Pickup", f"Custom discount on {SKU} −$20.00", "total $23.00"):
        assert told in shown
    assert post(doors, f"{path}/pack") == path
    assert "Complete" in words(doors, path)
    post(doors, f"{path}/complete")
    assert "Paid: $23.00 paid" in words(doors, path)
    assert not re.search(r"<form", doors.call("GET", path).text.partition("<main")[2])
    refused = doors.call("POST", f"{path}/cancel")
    assert (refused.status_code, "cannot be given a cancel" in refused.text) == (400, True)
    assert doors.call("POST", f"{path}/juggle").status_code == 404


def test_a_delivery_of_aiq_is_placed_with_two_offers_and_an_address_and_followed_to_flourish(doors):
    sku = doors.aiq("GET", f"/products?venueId={doors.venue()}").json["data"][0]["sku"]
    form = {
        "venue": doors.venue(),
        "sku": [sku],
        "quantity": ["2"],
        "pick_up": "DELIVERY",
        "offer": ["Half off", "Half off"],
        "street": "1 Elm Street",
        "city": "Oakland",
        "administrativeArea": "CA",
        "postalCode": "94607",
    }
    post(doors, "/greenleaf/shopper/orders/", **form)
    (placed,) = doors.aiq("GET", "/orders").json["data"]
    assert placed["deliveryAddress"]["street"] == "1 Elm Street"
    assert len(placed["discounts"]) == 1
    order_id = doors.retail(original_order_id=str(placed["orderId"]))["id"]
    doors.aiq("PATCH", f"/orders/{placed['id']}", {"posOrderId": order_id})
    assert f"Flourish order id {order_id} (Submitted)" in words(
        doors, f"/greenleaf/shop/orders/{placed['id']}"
    )
    assert f"On AIQ {placed['orderId']} (PENDING)" in words(doors, f"{COUNTER}/orders/{order_id}")


def test_staff_ban_a_customer_check_an_id_and_merge_two_profiles(doors):
    kept, gone = doors.buyer(0), doors.buyer(1)
    path = f"{COUNTER}/customers/{gone['id']}"
    assert f"{gone['first_name']} {gone['last_name']}" in words(doors, f"{COUNTER}/customers/")
    post(doors, path, discipline="banned")
    now = doors.flourish("GET", f"/customers/{gone['id']}", facility=None).json["data"]
    assert (now["customer_disciplinary_status"], now["is_verified"]) == ("banned", False)
    post(doors, path, discipline="no issues", is_verified="on")
    order_id = doors.retail(customer_id=gone["id"])["id"]
    assert order_id in words(doors, path)
    post(doors, f"{path}/merge", kept=kept["id"])
    assert f"Merged into {kept['id']}" in words(doors, path)
    assert order_id in words(doors, f"{COUNTER}/customers/{kept['id']}")
    assert doors.call("POST", f"{path}/merge", data={"kept": "none"}).status_code == 400
