"""Combining, samples, credits and batches."""

from decimal import Decimal

import pytest

from tests.sandbox.doors import OTHER_SKU, SKU

LICENSE, OTHER_LICENSE = "C10-0000217-LIC", "C10-0000218-LIC"
BATCHED, LOT = "GL-FL28-BLUDRE", "GL0002-A"


def originals(doors, *statuses, **asked):
    return [
        doors.order(
            lines=[{"sku": SKU, "quantity": 24}, {"sku": OTHER_SKU, "quantity": 24 * place}],
            customer=LICENSE,
            status=status,
            **asked,
        )
        for place, status in enumerate(statuses, start=1)
    ]


def combined(doors, *numbers):
    return doors.control("POST", "/leaflink/combine", {"numbers": list(numbers)})


def numbers_of(orders):
    return [order["number"] for order in orders]


def test_a_combination_takes_the_place_of_its_originals(doors):
    first, second = originals(
        doors, "Submitted", "Accepted", shipping_charge="10", discount="5", credits="1.50"
    )
    answer = combined(doors, first["short_id"], second["number"])
    assert answer.status_code == 201
    new = answer.json
    assert new["is_combination"] is True
    assert (new["status"], new["customer"]["license_number"]) == ("Submitted", LICENSE)
    quantities = {line["frozen_data"]["product"]["sku"]: line["quantity"] for line in new["line_items"]}
    assert quantities == {SKU: "48.0000", OTHER_SKU: "72.0000"}
    sums = [Decimal(str(order["total"]["amount"])) for order in (first, second, new)]
    assert sums[0] + sums[1] == sums[2]
    for order in (first, second):
        shown = doors.leaflink("GET", f"/orders-received/{order['number']}/").json
        assert (shown["status"], shown["is_combination"]) == ("Combined", False)
        assert shown["available_transitions"] == []
        assert shown["modified"] <= new["created_on"]
    assert Decimal(doors.product(SKU)["reserved_qty"]) == 48


def test_nothing_in_a_combination_names_its_originals(doors):
    orders = originals(doors, "Accepted", "Accepted", notes="Ring")
    new = combined(doors, *numbers_of(orders)).json
    assert new["status"] == "Accepted"
    text = doors.leaflink("GET", f"/orders-received/{new['number']}/?include_children=line_items").text
    assert not [order for order in orders if order["number"] in text or order["short_id"] in text]
    assert {line["id"] for line in new["line_items"]}.isdisjoint(
        line["id"] for order in orders for line in order["line_items"]
    )


def test_what_was_fulfilled_is_given_back_and_reserved_again(doors):
    there = Decimal(doors.product(SKU)["quantity"])
    combined(doors, *numbers_of(originals(doors, "Fulfilled", "Accepted")))
    assert Decimal(doors.product(SKU)["quantity"]) == there
    assert Decimal(doors.product(SKU)["reserved_qty"]) == 48


def test_lines_of_different_prices_stay_apart(doors):
    orders = [
        doors.order(customer=LICENSE, lines=[{"sku": SKU, "quantity": 24, "price": price}])
        for price in (100, 110)
    ]
    new = combined(doors, *numbers_of(orders)).json
    assert [line["quantity"] for line in new["line_items"]] == ["24.0000", "24.0000"]
    assert len({line["id"] for line in new["line_items"]}) == 2


@pytest.mark.parametrize(
    "statuses",
    [
        ("Submitted",),
        ("Submitted", "Shipped"),
        ("Accepted", "Combined"),
        ("Draft", "Submitted"),
        ("Submitted", "Cancelled"),
    ],
    ids=str,
)
def test_orders_that_cannot_be_combined_are_refused_and_stay(doors, statuses):
    orders = originals(doors, *statuses)
    assert combined(doors, *numbers_of(orders)).status_code == 400
    assert [each["status"] for each in doors.control("GET", "/state").json["leaflink"]["orders"]] == [
        *statuses
    ]


def test_orders_of_two_customers_are_not_combined(doors):
    other = doors.order(customer=OTHER_LICENSE)
    assert combined(doors, doors.order(customer=LICENSE)["number"], other["number"]).status_code == 400


def test_an_order_named_twice_is_one(doors):
    order = doors.order()
    assert combined(doors, order["number"], order["short_id"]).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"numbers": []}, 400), ({"numbers": [1]}, 400), ({"numbers": ["none", "x"]}, 404)],
)
def test_a_combination_of_nothing_is_refused(doors, body, status):
    assert doors.control("POST", "/leaflink/combine", body).status_code == status


def test_a_sample_costs_nothing_unless_it_has_a_price(doors):
    lines = [
        {"sku": SKU, "quantity": 24},
        {"sku": SKU, "quantity": 1, "is_sample": True},
        {"sku": OTHER_SKU, "quantity": 24, "is_sample": True, "price": "0.01"},
    ]
    order = doors.order(lines=lines)
    shown = order["line_items"]
    prices = [Decimal(str(line["ordered_unit_price"]["amount"])) for line in shown]
    assert [line["is_sample"] for line in shown] == [False, True, True]
    assert (prices[1:], len({line["id"] for line in shown})) == ([0, Decimal("0.01")], 3)
    assert Decimal(str(order["total"]["amount"])) == prices[0] + Decimal("0.01")
    lines[1]["quantity"] = 2
    changed = doors.control("POST", f"/leaflink/orders/{order['number']}", {"lines": lines}).json[
        "line_items"
    ]
    assert [line["id"] for line in changed] == [line["id"] for line in shown]


def test_credits_are_taken_off_and_are_the_app_s_alone(doors):
    order = doors.order(lines=[{"sku": SKU, "quantity": 24, "price": 100}], credits="12.50")
    assert Decimal(order["credits"]) == Decimal("12.50")
    assert Decimal(str(order["total"]["amount"])) == Decimal("87.50")
    patched = doors.leaflink("PATCH", f"/orders-received/{order['number']}/", {"credits": "1.00"}).json
    assert Decimal(patched["credits"]) == Decimal("12.50")


def test_a_batch_has_the_number_of_a_flourish_lot_and_a_link_to_its_product(doors):
    found = doors.leaflink("GET", f"/batches/?production_batch_number={LOT}").json["results"]
    assert [batch["production_batch_number"] for batch in found] == [LOT]
    product = doors.product(BATCHED)
    links = doors.leaflink("GET", "/product-batches/?limit=100").json["results"]
    assert [link["product"] for link in links if link["batch"] == found[0]["id"]] == [product["id"]]
    assert doors.item(BATCHED)["lot_number"] == LOT
    assert doors.leaflink("GET", f"/batches/{found[0]['id']}/", world="sunrise").status_code == 404


def test_a_line_names_its_batch(doors):
    order = doors.order(lines=[{"sku": BATCHED, "quantity": 2, "batch": LOT}])
    batch = doors.leaflink("GET", f"/batches/{order['line_items'][0]['batch']}/").json
    assert batch["production_batch_number"] == LOT
    assert order["line_items"][0]["frozen_data"]["product"]["sku"] == BATCHED


@pytest.mark.parametrize(
    ("sku", "batch"), [(SKU, LOT), (BATCHED, "none"), (BATCHED, 4), (BATCHED, "GL0014-A")]
)
def test_a_batch_of_another_product_is_refused(doors, sku, batch):
    asked = {"lines": [{"sku": sku, "quantity": 1, "batch": batch}]}
    assert doors.control("POST", "/leaflink/orders", asked).status_code == 400


def test_an_order_with_a_mismatch_holds_one_of_every_kind_in_time(doors):
    found = set()
    for _ in range(30):
        order = doors.order(lines=2, company="sunrise", mismatch=True)
        good = doors.order(lines=2, company="sunrise")
        assert len(order["line_items"]) == len(good["line_items"]) == 2
        lines = [line["frozen_data"]["product"]["sku"] for line in order["line_items"]]
        items = [doors.flourish("GET", f"/items?sku={sku}", world="sunrise").json["data"] for sku in lines]
        if not all(len(each) == 1 and each[0]["active"] for each in items):
            found.add("product")
        license_number = order["customer"]["license_number"]
        query = f"/destinations?license_number={license_number or 'none'}"
        if not doors.flourish("GET", query, world="sunrise").json["data"]:
            found.add("customer")
        staff = doors.leaflink("GET", f"/company-staff/{order['sales_reps'][0]['id']}/", world="sunrise").json
        reps = doors.flourish("GET", "/sales-reps", world="sunrise", facility="00000003").json["data"]
        same = [rep for rep in reps if (rep["email"] or "").casefold() == staff["email"].casefold()]
        if len(same) != 1 or not same[0]["active"] or not same[0]["facility_id"]:
            found.add("rep")
    assert found == {"product", "customer", "rep"}


def test_where_everything_matches_no_mismatch_can_be_ordered(doors):
    answer = doors.control("POST", "/leaflink/orders", {"lines": 2, "mismatch": True})
    assert (answer.status_code, answer.json["error"]) == (400, "Everything matches in greenleaf.")
