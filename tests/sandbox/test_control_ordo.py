"""The control API's Ordo: drafts with defaults that Flourish knows, edits, brands and licenses."""

import pytest

from tests.sandbox.doors import SKU, item_body, outbound_body

LICENSE = "C10-0000217-LIC"
LINES = [{"sku": SKU, "quantity": 1}]


def test_an_order_without_further_words_is_a_draft_that_flourish_can_fill(doors):
    for world, facility, rep in (("greenleaf", "00000001", 1), ("sunrise", "00000003", 9)):
        for _ in range(8):
            order = doors.draft(lines=4, company=world)
            assert order["status"] == "Pending"
            found = doors.flourish(
                "GET", f"/destinations?license_number={order['license_number']}", world=world
            ).json["data"]
            lines = [{"sku": each["sku"], "order_qty": each["quantity"]} for each in order["lines"]]
            body = outbound_body(order_lines=lines, destination={"id": found[0]["id"]}, sales_rep={"id": rep})
            answer = doors.flourish("POST", "/outbound-orders", body, world=world, facility=facility)
            assert answer.status_code == 200, answer.text


def test_an_order_takes_its_customer_s_rep_and_term_unless_said_otherwise(doors):
    order = doors.draft(lines=LINES, customer=LICENSE)
    customer = doors.simulation.office("ordo", "greenleaf").first("customer")
    assert order["sales_rep"]["email"] == "owen.callahan@greenleaf.example"
    assert customer["payment_term"] in ("Cash", "Net Terms")
    other = doors.draft(lines=LINES, customer=LICENSE, sales_rep=None, payment_term="Cash")
    assert (other["sales_rep"], other["payment_term"], other["net_days"]) == (None, "Cash", None)


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"lines": 0}, {"lines": 51}, {"lines": True}, {"lines": "three"}, {"lines": []}, {"lines": [1]},
        {"lines": [{"sku": 5, "quantity": 1}]}, {"lines": [{"sku": "NONE", "quantity": 1}]},
        {"lines": [{"sku": SKU}]}, {"lines": [{"sku": SKU, "quantity": 1e30}]},
        {"lines": 1, "customer": "NONE"}, {"lines": 1, "customer": 5}, {"lines": 1, "sales_rep": []},
        {"lines": 1, "sales_rep": "no@one.example"}, {"lines": 1, "status": "Paid"},
        {"lines": 1, "status": []},
        {"lines": 1, "company": "moonrise"}, {"lines": 1, "company": []}, {"lines": 1, "custmer": LICENSE},
        {"lines": 1, "payment_term": ""}, {"lines": 1, "payment_term": 30}, {"lines": 1, "net_days": 0},
        {"lines": 1, "net_days": "30"}, {"lines": 1, "net_days": True}, {"lines": 1, "notes": "x" * 4001},
        {"lines": 1, "seller_license_number": "NONE"},
    ],
    ids=str,
)  # fmt: skip
def test_an_order_that_cannot_be_drafted_is_refused_in_words(doors, asked):
    answer = doors.control("POST", "/ordo/orders", asked)
    assert answer.status_code in (400, 422)
    assert answer.json["error"].endswith(".")
    assert doors.ordo("GET", "/orders").json["data"] == []


def test_an_order_is_edited_by_id_or_number_and_only_in_what_is_said(doors):
    order = doors.draft(lines=LINES, customer=LICENSE, payment_term="Net Terms", net_days=15, notes="Ring")
    path = f"/ordo/orders/{order['number']}/edit"
    edited = doors.control("POST", path, {"lines": [{"sku": SKU, "quantity": 3}]}).json
    assert {name: edited[name] for name in ("payment_term", "net_days", "notes", "license_number")} == {
        "payment_term": "Net Terms", "net_days": 15, "notes": "Ring", "license_number": LICENSE
    }  # fmt: skip
    assert [line["quantity"] for line in edited["lines"]] == [3]
    edited = doors.control("POST", path, {"customer": "C10-0000218-LIC", "net_days": None}).json
    assert (edited["license_number"], edited["net_days"]) == ("C10-0000218-LIC", None)
    edited = doors.control("POST", path, {"seller_license_number": "C11-0000115-LIC"}).json
    assert edited["seller_license_number"] == "C11-0000115-LIC"
    assert doors.control("POST", path, {"status": "Paid"}).status_code == 400


def test_a_number_of_two_organisations_is_no_answer(doors):
    order = doors.draft()
    doors.draft(company="sunrise")
    answer = doors.control("POST", f"/ordo/orders/{order['number']}/confirm")
    assert (answer.status_code, "give the id" in answer.json["error"]) == (400, True)
    assert doors.control("POST", f"/ordo/orders/{order['id']}/confirm").json["status"] == "Confirmed"


def organisation(doors):
    return [doors.ordo("GET", path).json["data"] for path in ("/brands", "/licenses")]


def test_brands_and_licenses_are_added_changed_and_removed(doors):
    brand = doors.control("POST", "/ordo/brands", {"name": "New"}).json
    assert brand["company"] == "greenleaf"
    assert doors.ordo("PUT", "/items/1", item_body(brand="New")).status_code == 201
    doors.control("POST", f"/ordo/brands/{brand['id']}", {"name": "Newer"})
    assert doors.ordo("PUT", "/items/1", item_body(brand="New")).status_code == 422
    assert doors.control("DELETE", f"/ordo/brands/{brand['id']}").status_code == 204
    asked = {"company": "sunrise", "license_number": "C11-X", "street1": "1 Elm Street"}
    given = doors.control("POST", "/ordo/licenses", asked).json
    assert (given["street2"], given["company"]) == ("", "sunrise")
    changed = doors.control("POST", f"/ordo/licenses/{given['id']}", {"street2": "Suite 1"}).json
    assert changed == given | {"street2": "Suite 1"}
    assert doors.control("DELETE", f"/ordo/licenses/{given['id']}").status_code == 204
    assert [len(each) for each in organisation(doors)] == [3, 2]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("brands", {}), ("brands", {"name": ""}), ("brands", {"name": 5}), ("brands", {"name": "x" * 256}),
        ("brands", {"name": "Greenleaf Farms"}), ("brands", {"name": "New", "company": "moonrise"}),
        ("brands", {"name": "New", "logo": "x"}), ("brands/brd-1", {"name": "Greenleaf Kitchen"}),
        ("licenses", {"license_number": "x"}), ("licenses", {"street1": "x"}),
        ("licenses", {"license_number": "x", "street1": "x", "country": "US"}),
        ("licenses/lic-1", {"license_number": ""}), ("licenses/lic-1", {"zip": 5}),
    ],
    ids=str,
)  # fmt: skip
def test_a_brand_or_license_that_cannot_be_is_refused_in_words(doors, path, asked):
    before = organisation(doors)
    answer = doors.control("POST", f"/ordo/{path}", asked)
    assert (answer.status_code, answer.json["error"][-1]) == (400, ".")
    assert organisation(doors) == before


def test_the_state_shows_ordo_in_its_own_words(doors):
    order = doors.draft(company="sunrise")
    state = doors.control("GET", "/state").json["ordo"]
    assert state["orders"] == [order]
    assert {name: len(state[name]) for name in ("items", "brands", "licenses")} == {
        "items": 216,
        "brands": 12,
        "licenses": 8,
    }
    account = next(each for each in doors.control("GET", "/accounts").json if each["platform"] == "ordo")
    assert (account["key"], account["base_url"]) == ("or-greenleaf-key", "http://localhost/ordo/v1/")
