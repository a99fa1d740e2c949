"""LeafLink's inventory items: what there is of each batch, what orders do to it, and who may change it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.doors import Doors

SKU = "GL-FL28-BLUDRE"


def results(doors: Doors, path: str) -> list[Any]:
    """The rows of a list."""
    answer: Any = doors.leaflink("GET", path).json
    return list(answer["results"])


def items(doors: Doors, query: str = "") -> list[Any]:
    product = doors.product(SKU)["id"]
    return results(doors, f"/inventory/items/?product={product}{query}")


def numbers(doors: Doors) -> dict[int, str]:
    product = doors.product(SKU)["id"]
    found = results(doors, f"/batches/?products={product}")
    return {one["id"]: one["production_batch_number"] for one in found}


def test_a_product_with_batches_has_their_sum_in_one_facility(doors):
    found = items(doors)

    assert len(found) == 2
    assert {one["batch"] for one in found} == set(numbers(doors))
    assert sum(one["quantity"] for one in found) == float(doors.product(SKU)["quantity"])
    facilities = doors.leaflink("GET", "/inventory/facilities/").json["results"]
    assert {one["facility"] for one in found} == {one["id"] for one in facilities}


def test_a_quantity_is_written_and_its_product_follows(doors):
    one, other = items(doors)

    answer = doors.leaflink("PATCH", f"/inventory/items/{one['id']}/", {"quantity": "7"})

    assert (answer.status_code, answer.json["quantity"]) == (200, 7)
    assert float(doors.product(SKU)["quantity"]) == 7 + other["quantity"]
    assert doors.leaflink("PATCH", f"/inventory/items/{one['id']}/", {"quantity": "-1"}).status_code == 400


def test_what_is_archived_is_listed_only_when_asked_for(doors):
    one, other = items(doors)

    doors.leaflink("PATCH", f"/inventory/items/{one['id']}/", {"is_archived": True})

    assert [each["id"] for each in items(doors)] == [other["id"]]
    assert len(items(doors, "&include_archived=true")) == 2
    assert float(doors.product(SKU)["quantity"]) == other["quantity"]


@pytest.mark.parametrize(
    ("action", "reserved", "taken"), [(None, 4, 0), ("accept", 4, 0), ("fulfill", 0, 4), ("reject", 0, 0)]
)
def test_an_order_reserves_of_the_batch_that_its_line_names_and_takes_it_away(doors, action, reserved, taken):
    before = {one["batch"]: one for one in items(doors)}
    batch, number = next(iter(numbers(doors).items()))
    order = doors.order(lines=[{"sku": SKU, "quantity": 4, "batch": number}])
    for step in {"accept": ("accept",), "fulfill": ("accept", "fulfill"), "reject": ("reject",)}.get(
        action or "", ()
    ):
        doors.leaflink("POST", f"/orders-received/{order['number']}/transition/{step}/")

    now = {one["batch"]: one for one in items(doors)}

    assert float(now[batch]["reserved_qty"]) == reserved
    assert now[batch]["quantity"] == before[batch]["quantity"] - taken
    assert all(now[one] == before[one] for one in before if one != batch)


def test_an_item_names_product_batch_and_facility_that_are_there(doors):
    one = items(doors)[0]
    body = {"product": one["product"], "batch": one["batch"], "facility": 1, "quantity": "1"}

    assert doors.leaflink("POST", "/inventory/items/", {}).status_code == 400
    wrong = doors.leaflink("POST", "/inventory/items/", {**body, "is_archived": False})
    assert (wrong.status_code, list(wrong.json)) == (400, ["facility"])


def test_an_item_of_a_batch_archives_that_of_none_in_the_same_place(doors):
    one, other = items(doors)
    office = doors.simulation.office("leaflink", "greenleaf")
    office.put("inventory_item", one["id"], {**office.need("inventory_item", one["id"]), "batch": None})
    body = {name: one[name] for name in ("product", "batch", "facility")}

    made = doors.leaflink("POST", "/inventory/items/", {**body, "quantity": "5", "is_archived": False}).json

    assert {each["id"] for each in items(doors)} == {made["id"], other["id"]}


def test_a_key_that_may_not_change_products_may_not_change_their_stock(doors):
    doors.control("POST", "/leaflink/keys/ll-greenleaf-key", {"permissions": {"products": "read"}})
    one = items(doors)[0]

    assert doors.leaflink("PATCH", f"/inventory/items/{one['id']}/", {"quantity": "7"}).status_code == 403


def test_seller_staff_see_and_set_what_there_is_of_a_batch(doors):
    one = items(doors)[0]
    number = numbers(doors)[one["batch"]]

    page = doors.call("GET", "/greenleaf/seller/inventory/")
    done = doors.call("POST", f"/greenleaf/seller/inventory/{one['id']}", data={"quantity": "9"})

    assert number in page.text
    assert (done.status_code, items(doors)[0]["quantity"]) == (303, 9)
