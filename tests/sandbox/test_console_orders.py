"""The console: combining, un-accepting, mismatches, payments, items, keys; without a script."""

import re

import pytest

from tests.sandbox.doors import SKU

SELLER, WAREHOUSE = "/greenleaf/seller/orders", "/greenleaf/warehouse/orders"
ITEMS = "/greenleaf/warehouse/items"
LICENSE = "C10-0000217-LIC"


@pytest.mark.parametrize("path", [f"{ITEMS}/", f"{ITEMS}/?q=blue dream", f"{ITEMS}/00000001", "/keys"])
def test_each_page_opens_without_inline_script_or_style(doors, path):
    answer = doors.call("GET", path)
    assert answer.status_code == 200
    assert not re.search(r"<script|<style|style=|onclick", answer.text)


def test_a_seller_combines_the_orders_that_are_ticked(doors):
    numbers = [doors.order(customer=LICENSE, status="Accepted")["number"] for _ in range(2)]
    shipped = doors.order(customer=LICENSE, status="Shipped")["number"]
    page = doors.call("GET", f"{SELLER}/").text
    assert re.findall(r'name="number"\s+value="([^"]+)"', page) == numbers[::-1]
    answer = doors.call("POST", f"{SELLER}/combine", data={"number": numbers})
    assert answer.status_code == 303
    assert "of earlier orders" in doors.call("GET", answer.headers["Location"]).text
    assert (
        "it cannot be combined"
        in doors.call("POST", f"{SELLER}/combine", data={"number": [*numbers, shipped]}).text
    )


def test_a_buyer_cannot_combine(doors):
    assert "Combine" not in doors.call("GET", "/greenleaf/buyer/orders/").text
    assert (
        doors.call("POST", "/greenleaf/buyer/orders/combine", data={"number": ["a", "b"]}).status_code == 404
    )


def test_a_seller_takes_an_acceptance_back(doors):
    number = doors.order(status="Accepted")["number"]
    assert "Un-accept" in doors.call("GET", f"{SELLER}/{number}").text
    assert doors.call("POST", f"{SELLER}/{number}/unaccept").status_code == 303
    assert doors.leaflink("GET", f"/orders-received/{number}/").json["status"] == "Submitted"


def test_a_quantity_changes_without_touching_sample_and_batch(doors):
    lines = [
        {"sku": "GL-FL28-BLUDRE", "quantity": 2, "batch": "GL0002-A"},
        {"sku": SKU, "quantity": 24, "is_sample": True},
    ]
    order = doors.order(lines=lines)
    page = doors.call("GET", f"{SELLER}/{order['number']}").text
    assert "batch GL0002-A" in page
    assert "· sample" in page
    form = {f"quantity-{order['line_items'][0]['id']}": "3"}
    assert doors.call("POST", f"{SELLER}/{order['number']}/quantities", data=form).status_code == 303
    now = doors.leaflink("GET", f"/orders-received/{order['number']}/line-items/").json
    assert [(line["quantity"], line["batch"], line["is_sample"]) for line in now] == [
        ("3.0000", order["line_items"][0]["batch"], False),
        ("24.0000", None, True),
    ]


def test_the_button_with_a_mismatch_stands_where_there_are_mismatches(doors):
    assert "With a mismatch" not in doors.call("GET", "/greenleaf/buyer/orders/").text
    assert "With a mismatch" in doors.call("GET", "/sunrise/buyer/orders/").text
    form = {"random": "3", "mismatch": "1"}
    assert doors.call("POST", "/sunrise/buyer/orders/", data=form).status_code == 303
    assert doors.leaflink("GET", "/orders-received/", world="sunrise").json["count"] == 1


def test_staff_take_payment_and_give_it_back(doors):
    path = f"{WAREHOUSE}/{doors.outbound()['id']}"
    for action, words in (
        ("partially-pay", "$57.55 paid"),
        ("pay", "$115.10 paid"),
        ("refund", "$115.10 given back"),
    ):
        assert f"/{action}" in doors.call("GET", path).text
        assert doors.call("POST", f"{path}/{action}").status_code == 303
        assert words in doors.call("GET", path).text


def item_form(doors, **changes):
    """Return what the browser sends of an item's page, with these answers."""
    page = doors.call("GET", f"{ITEMS}/00000001").text.partition("Stock</h2>")[0]
    form = dict(re.findall(r'<input id="\w+"\s+name="(\w+)"(?:[^>]*?)value="([^"]*)"', page))
    ticked = re.findall(r'name="(\w+)"\s+type="checkbox"\s+value="1"\s+checked', page)
    boxes = re.findall(r'name="(\w+)"\s+type="checkbox"', page)
    form = {name: value for name, value in form.items() if name not in boxes} | dict.fromkeys(ticked, "1")
    for name, options in re.findall(r'<select id="\w+" name="(\w+)">(.*?)</select>', page, re.S):
        chosen = re.findall(r'value="([^"]*)"\s+selected', options)
        form[name] = chosen[0] if chosen else ""
    return {name: value for name, value in (form | changes).items() if value is not None}


def test_an_item_s_form_sent_unchanged_changes_nothing(doors):
    before = doors.flourish("GET", "/items/00000001").json
    assert doors.call("POST", f"{ITEMS}/00000001", data=item_form(doors)).status_code == 303
    assert doors.flourish("GET", "/items/00000001").json == before


def test_an_item_is_found_and_changed(doors):
    page = doors.call("GET", f"{ITEMS}/?q={SKU.lower()}").text
    assert f">{SKU}</a>" in page
    form = item_form(
        doors, sku="GL-NEW", price="9.99", uom="g", brand="", strain_name="Gelato 33", active=None
    )
    assert doors.call("POST", f"{ITEMS}/00000001", data=form).status_code == 303
    item = doors.flourish("GET", "/items/00000001").json["data"]
    shown = [item[name] for name in ("sku", "price", "uom", "brand", "strain_name", "active", "sellable")]
    assert shown == ["GL-NEW", 9.99, "g", None, "Gelato 33", False, True]
    assert "inactive" in doors.call("GET", f"{ITEMS}/?q=GL-NEW").text


def test_an_item_s_impossible_price_is_refused_on_a_page(doors):
    answer = doors.call("POST", f"{ITEMS}/00000001", data=item_form(doors, price="much"))
    assert answer.status_code == 400
    assert "A valid number is required." in answer.text


def test_stock_is_counted_by_facility(doors):
    form = {"quantity": "12", "facility_id": "00000002"}
    assert doors.call("POST", f"{ITEMS}/00000001/quantity", data=form).status_code == 303
    row = doors.flourish("GET", "/inventory/summary?item_id=00000001", facility="00000002").json["data"][0]
    assert row["qty"] == 12


def test_the_keys_and_the_rate_are_shown(doors):
    doors.control(
        "POST",
        "/leaflink/keys/new",
        {"company": "sunrise", "permissions": {"orders": "read"}, "active": False},
    )
    page = " ".join(doors.call("GET", "/keys").text.split())
    assert "<td>read</td> <td>read and write</td> <td>read and write</td> <td>revoked</td>" in page
    assert "The rate limit is lifted." in page
    doors.control("POST", "/settings", {"leaflink_rate_limit": 300, "leaflink_per_second": 8})
    page = doors.call("GET", "/keys").text
    assert "300 requests a minute in the long run, up to 1000 within any one minute, and 8 a second." in page
