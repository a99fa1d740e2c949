"""The console: every page opens, and people can do what they do, without a script."""

import html
import re

import pytest

from sandbox.faults.table import KINDS

PAGES = (
    "/", "/faults", "/ledger", "/ledger?platform=flourish", "/webhooks", "/greenleaf/buyer/orders/",
    "/greenleaf/buyer/orders/new", "/sunrise/seller/orders/", "/sunrise/seller/orders/new",
    "/sunrise/warehouse/orders/", "/sunrise/seller/inventory/", "/static/sandbox.css", "/static/sandbox.svg",
)  # fmt: skip
BUYER, SELLER, WAREHOUSE = (f"/greenleaf/{part}/orders" for part in ("buyer", "seller", "warehouse"))


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_without_inline_script_or_style(doors, path):
    answer = doors.call("GET", path)
    assert answer.status_code == 200
    assert not re.search(r"<script|<style|style=|onclick", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/moonrise/buyer/orders/", "/greenleaf/buyer/orders/none", "/greenleaf/warehouse/orders/1"],
)
def test_what_does_not_exist_says_so_on_a_page(doors, path):
    answer = doors.call("GET", path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def place(doors, **form):
    answer = doors.call("POST", f"{BUYER}/", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_buyer_places_a_quick_order_and_sees_its_number(doors):
    page = doors.call("GET", place(doors, random="3")).text
    order = doors.leaflink("GET", "/orders-received/").json["results"][0]
    assert order["number"] in page
    assert f'Order placed: <strong class="mono">{order["short_id"]}</strong>' in " ".join(page.split())


def test_a_buyer_chooses_customer_and_lines_changes_a_quantity_and_cancels(doors):
    where = place(
        doors, customer="C10-0000217-LIC", sku=["GL-FL35-BLUDRE", ""], quantity=["48", ""], notes="Ring"
    )
    path = where.partition("?")[0]
    name = re.search(r'name="(quantity-\d+)"', doors.call("GET", path).text)
    assert name is not None
    assert doors.call("POST", f"{path}/quantities", data={name.group(1): "72"}).status_code == 303
    order = doors.leaflink("GET", "/orders-received/?include_children=line_items,customer").json["results"][0]
    assert order["line_items"][0]["quantity"] == "72.0000"
    assert order["customer"]["license_number"] == "C10-0000217-LIC"
    assert doors.call("POST", f"{path}/accept").status_code == 404
    assert doors.call("POST", f"{path}/cancel").status_code == 303
    assert doors.leaflink("GET", f"/orders-received/{order['number']}/").json["status"] == "Cancelled"


def test_an_order_without_lines_is_refused_on_a_page(doors):
    answer = doors.call("POST", f"{BUYER}/", data={"sku": ["", ""], "quantity": ["", ""]})
    assert answer.status_code == 400
    assert "Choose at least one product." in answer.text


def test_seller_staff_see_and_use_the_steps_that_are_open(doors):
    number = doors.order()["number"]
    for action in ("accept", "fulfill", "ship", "complete"):
        assert f"/{action}" in doors.call("GET", f"{SELLER}/{number}").text
        assert doors.call("POST", f"{SELLER}/{number}/{action}").status_code == 303
    assert doors.leaflink("GET", f"/orders-received/{number}/").json["status"] == "Complete"


def test_warehouse_staff_allocate_and_ship_and_both_views_link_to_each_other(doors):
    order = doors.order()
    outbound = doors.outbound(original_order_id=order["short_id"])
    page = doors.call("GET", f"{WAREHOUSE}/{outbound['id']}").text
    assert order["number"] in page
    assert outbound["id"] in doors.call("GET", f"{BUYER}/{order['number']}").text
    for action in ("partially-allocate", "allocate", "ship"):
        assert doors.call("POST", f"{WAREHOUSE}/{outbound['id']}/{action}").status_code == 303
    assert "Shipped" in doors.call("GET", f"{WAREHOUSE}/").text
    assert doors.call("POST", f"{WAREHOUSE}/{outbound['id']}/cancel").status_code == 400


def test_faults_are_switched_on_and_off(doors):
    form = {"platform": "leaflink", "fault": "latency", "rate": "0.5", "seconds": "60", "argument": "2"}
    assert doors.call("POST", "/faults", data=form).status_code == 303
    assert "50.0% of occasions" in doors.call("GET", "/faults").text
    assert doors.call("POST", "/faults", data=form | {"rate": "x"}).status_code == 400
    assert doors.call("POST", "/faults/clear").status_code == 303
    assert "Every platform behaves." in doors.call("GET", "/faults").text


def test_faults_are_switched_off_one_by_one(doors):
    for fault, only in (("429", "POST /outbound-orders"), ("truncate", "")):
        form = {"platform": "flourish", "fault": fault, "argument": "10", "times": "7", "only": only}
        assert doors.call("POST", "/faults", data=form).status_code == 303
    page = " ".join(doors.call("GET", "/faults").text.split())
    assert "only <code>POST /outbound-orders</code> · argument 10 · 7 times more" in page
    number = doors.simulation.faults.on()[0].id
    assert doors.call("POST", f"/faults/{number}/remove").status_code == 303
    assert [each.fault for each in doors.simulation.faults.on()] == ["truncate"]
    assert doors.call("POST", f"/faults/{number}/remove").status_code == 404


@pytest.mark.parametrize(
    "form", [{"times": "0"}, {"times": "x"}, {"argument": "nan"}, {"argument": "1e999"}, {"only": "nowhere"}]
)
def test_a_fault_that_cannot_be_is_refused_on_a_page(doors, form):
    answer = doors.call("POST", "/faults", data={"platform": "flourish", "fault": "latency", **form})
    assert answer.status_code == 400
    assert "<h1>Not done</h1>" in answer.text


def test_every_fault_has_a_form_of_its_own_that_explains_its_argument(doors):
    page = html.unescape(doors.call("GET", "/faults").text)
    for name, kind in KINDS.items():
        assert f'name="fault" value="{name}"' in page
        assert kind.about in page
        assert kind.means in page


def test_a_name_is_shown_as_text(doors):
    doors.order(notes="<script>alert(1)</script>", customer="C10-0000217-LIC")
    doors.flourish("PUT", "/destinations/00000001", {"name": "<b>bold</b>"})
    order = doors.outbound()
    assert "<b>bold" not in doors.call("GET", f"{WAREHOUSE}/{order['id']}").text


def test_long_lists_have_pages(doors):
    for _ in range(26):
        doors.outbound()
    assert "Page 1 of 2" in doors.call("GET", f"{WAREHOUSE}/").text
    assert "00000001" in doors.call("GET", f"{WAREHOUSE}/?page=2").text
    assert doors.call("GET", f"{WAREHOUSE}/?page=x").status_code == 200
