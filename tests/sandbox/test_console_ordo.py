"""The console's Ordo: reps draft, edit, confirm; an admin keeps brands and licenses; without a script."""

import html
import re

import pytest

from tests.sandbox.doors import OTHER_SKU, SKU, item_body

REP, ADMIN = "/greenleaf/rep/orders", "/greenleaf/admin/organisation"
ENDPOINTS = "/greenleaf/warehouse/webhooks"
LICENSE = "C10-0000217-LIC"


@pytest.mark.parametrize(
    "path",
    [f"{REP}/", f"{REP}/new", "/sunrise/rep/items/", f"{ADMIN}/", "/sunrise/admin/organisation/",
     "/greenleaf/admin/items/?page=2", f"{ENDPOINTS}/"],
)  # fmt: skip
def test_each_page_opens_without_inline_script_or_style(doors, path):
    answer = doors.call("GET", path)
    assert answer.status_code == 200
    assert not re.search(r"<script|<style|style=|onclick", answer.text)


@pytest.mark.parametrize(
    "path",
    [f"{REP}/none", "/greenleaf/admin/orders/", "/moonrise/rep/orders/", "/greenleaf/seller/organisation/"],
)
def test_what_does_not_exist_says_so_on_a_page(doors, path):
    assert doors.call("GET", path).status_code == 404


def post(doors, path, **form):
    answer = doors.call("POST", path, data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def words(doors, path):
    """Return a page's text as a reader sees it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", doors.call("GET", path).text)).split())


def only_order(doors):
    (order,) = doors.ordo("GET", "/orders").json["data"]
    return order


def test_a_rep_drafts_edits_and_confirms_an_order_and_then_finds_it_locked(doors):
    where = post(
        doors, f"{REP}/", customer=LICENSE, sku=[SKU, OTHER_SKU, ""], quantity=["5", "6", ""],
        payment_term="Net Terms", net_days="30", notes="Ring",
    )  # fmt: skip
    path = where.partition("?")[0]
    assert "Order drafted: ORD-1001" in words(doors, where)
    post(
        doors, f"{path}/edit", sku=[SKU, OTHER_SKU, ""], quantity=["7", "0", ""],
        unit_price=["2.5", "1", ""], payment_term="Half now", notes="",
    )  # fmt: skip
    order = only_order(doors)
    lines = [(line["sku"], line["quantity"], line["unit_price"]) for line in order["lines"]]
    assert lines == [(SKU, 7, "2.50")]
    found = [order[name] for name in ("payment_term", "net_days", "notes", "status", "license_number")]
    assert found == ["Half now", None, "", "Pending", LICENSE]
    post(doors, f"{path}/confirm")
    edited = {"sku": SKU, "quantity": "1", "payment_term": "Cash"}
    doors.ordo("PATCH", f"/orders/{order['id']}", {"status": "Awaiting Delivery", "external_order_id": "9"})
    page = doors.call("GET", path).text
    assert "Locked: it is filled in Flourish now" in page
    assert "<form" not in page.partition("<main")[2]
    assert doors.call("POST", f"{path}/edit", data=edited).status_code == 409
    assert doors.call("POST", f"{path}/cancel").status_code == 409


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ([], "not yet due"),
        (["Awaiting Delivery"], "not yet due"),
        (["Delivered"], "to collect"),
        (["Delivered", "Paid"], "paid 20"),
        (["Cancelled"], "none"),
    ],
    ids=str,
)
def test_a_rep_sees_where_an_order_and_its_payment_are(doors, steps, shown):
    order = doors.draft(status="Confirmed")
    for status in steps:
        assert doors.ordo("PATCH", f"/orders/{order['id']}", {"status": status}).status_code == 200
    page = words(doors, f"{REP}/{order['id']}")
    assert f"Payment {shown}" in page
    assert ("Locked:" in page) == (steps not in ([], ["Cancelled"]))
    assert (steps or ["Confirmed"])[-1] in words(doors, f"{REP}/")


def test_a_random_order_is_drafted_by_one_button(doors):
    post(doors, f"{REP}/", random="3")
    assert len(only_order(doors)["lines"]) == 3


@pytest.mark.parametrize(
    "form",
    [{}, {"sku": SKU, "quantity": "0"}, {"sku": "NONE", "quantity": "1"}, {"random": "51"},
     {"sku": SKU, "quantity": "x"}, {"random": "1", "net_days": "soon"}, {"random": "1", "net_days": "999"}],
    ids=str,
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_on_a_page(doors, form):
    answer = doors.call("POST", f"{REP}/", data=form)
    assert answer.status_code in (400, 422)
    assert "<h1>Not done</h1>" in answer.text
    assert doors.ordo("GET", "/orders").json["data"] == []


def test_an_order_and_the_one_that_fills_it_link_to_each_other(doors):
    order = doors.draft()
    outbound = doors.outbound(original_order_id=order["number"])
    assert f"/greenleaf/warehouse/orders/{outbound['id']}" in doors.call("GET", f"{REP}/{order['id']}").text
    page = doors.call("GET", f"/greenleaf/warehouse/orders/{outbound['id']}").text
    assert f"{REP}/{order['id']}" in page
    assert "no order has this number" not in page


def test_an_admin_renames_a_brand_and_its_items_are_marked(doors):
    doors.ordo("PUT", "/items/1", item_body())
    brand = doors.ordo("GET", "/brands").json["data"][2]
    assert "not a brand here" not in words(doors, "/greenleaf/admin/items/")
    post(doors, f"{ADMIN}/brands/{brand['id']}", name="Greenleaf Kitchens")
    assert "Greenleaf Kitchen not a brand here" in words(doors, "/greenleaf/admin/items/")
    assert doors.ordo("PUT", "/items/1", item_body()).json["error"]["code"] == "unknown_brand"
    post(doors, f"{ADMIN}/brands", name="Greenleaf Kitchen")
    assert doors.ordo("PUT", "/items/1", item_body()).status_code == 200
    assert "already" in doors.call("POST", f"{ADMIN}/brands", data={"name": "Greenleaf Kitchen"}).text
    post(doors, f"{ADMIN}/brands/{brand['id']}/remove")
    assert brand["id"] not in [each["id"] for each in doors.ordo("GET", "/brands").json["data"]]


def test_an_admin_mistypes_a_license_and_empties_address_line_2(doors):
    first = doors.ordo("GET", "/licenses").json["data"][0]
    given = {name: first[name] for name in first if name != "id"}
    post(doors, f"{ADMIN}/licenses/{first['id']}", **given | {"license_number": "C11-X", "street2": ""})
    now = doors.ordo("GET", "/licenses").json["data"][0]
    assert now == first | {"license_number": "C11-X", "street2": ""}
    post(doors, f"{ADMIN}/licenses", **given | {"license_number": "C11-Y"})
    post(doors, f"{ADMIN}/licenses/{first['id']}/remove")
    assert [each["license_number"] for each in doors.ordo("GET", "/licenses").json["data"]][-1] == "C11-Y"
    assert doors.call("POST", f"{ADMIN}/licenses", data={"street1": "x"}).status_code == 400


def test_a_name_is_shown_as_text(doors):
    post(doors, f"{ADMIN}/brands", name="<b>bold</b>")
    order = doors.draft(notes="<script>alert(1)</script>", payment_term="<i>soon</i>")
    pages = [doors.call("GET", path).text for path in (f"{ADMIN}/", f"{REP}/{order['id']}", f"{REP}/")]
    assert all(tag not in page for page in pages for tag in ("<b>bold", "<script>alert", "<i>soon"))


def test_an_administrator_saves_a_webhook_endpoint_as_the_screen_in_flourish_asks(doors):
    post(
        doors, f"{ENDPOINTS}/", url="http://hub.example/h/t", key="signing", header_name=["X-One", ""],
        header_value=["1", ""], events=["Outbound Order", "Inventory"],
    )  # fmt: skip
    assert doors.control("GET", "/state").json["flourish"]["webhooks"] == [
        {"url": "http://hub.example/h/t", "key": "signing", "headers": {"X-One": "1"},
         "events": ["Outbound Order", "Inventory"], "company": "greenleaf"}
    ]  # fmt: skip
    page = words(doors, f"{ENDPOINTS}/")
    assert "Outbound Order, Inventory · signed · headers: X-One" in page
    assert doors.call("POST", f"{ENDPOINTS}/", data={"url": "ftp://x.example"}).status_code == 400
    assert (
        doors.call("POST", f"{ENDPOINTS}/", data={"url": "http://x.example"}).status_code == 400
    )  # no event
    post(doors, f"{ENDPOINTS}/remove", url="http://hub.example/h/t")
    assert doors.control("GET", "/state").json["flourish"]["webhooks"] == []
    assert doors.call("POST", f"{ENDPOINTS}/remove", data={"url": "none"}).status_code == 404


def test_staff_change_a_payment_term_in_flourish(doors):
    order = doors.outbound()
    path = f"/greenleaf/warehouse/orders/{order['id']}"
    post(doors, f"{path}/term", payment_term="Net 30")
    assert doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]["payment_term"] == "Net 30"
    assert re.search(r"<option selected>\s*Net 30", doors.call("GET", path).text)
    post(doors, f"{path}/term", payment_term="")
    assert doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]["payment_term"] is None
