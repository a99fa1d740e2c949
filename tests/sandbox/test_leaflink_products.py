"""Products, strains and lines in LeafLink: made, changed and archived by the API and in the app."""

from decimal import Decimal

import pytest

from sandbox.leaflink.product_fields import NEEDED
from tests.sandbox.doors import OTHER_SKU, SKU, product_body


@pytest.fixture
def told(doors):
    """Register a webhook, and answer with what is told of from now on."""
    doors.control("POST", "/leaflink/webhooks", {"company": "greenleaf", "url": "http://127.0.0.1:9/x"})
    known = {each["id"] for each in doors.control("GET", "/deliveries").json}

    def new() -> list[str]:
        fresh = [each for each in doors.control("GET", "/deliveries").json if each["id"] not in known]
        return sorted(each["subject"] for each in fresh)

    return new


def test_a_product_is_made_and_told_of(doors, told):
    made = doors.leaflink("POST", "/products/", product_body(doors))
    assert made.status_code == 201
    assert made.json["available_inventory"] in (12, "12.0000")
    assert made.json["unit_denomination"]["label"] == "1"
    found = doors.product("GL-NEW")
    assert {name: found[name] for name in made.json} == made.json
    assert told() == ["product GL-NEW create"]


@pytest.mark.parametrize("name", NEEDED)
def test_a_field_that_is_needed_is_named(doors, name):
    body = product_body(doors)
    del body[name]
    answer = doors.leaflink("POST", "/products/", body)
    assert (answer.status_code, answer.json) == (400, {name: ["This field is required."]})


def test_all_fields_that_are_missing_are_named_at_once(doors):
    answer = doors.leaflink("POST", "/products/", {})
    assert (answer.status_code, list(answer.json)) == (400, list(NEEDED))


WRONG = [
    # what is sent besides, and which fields the refusal names
    ({"sku": "GL,NEW"}, ["sku"]),
    ({"sku": "X" * 256}, ["sku"]),
    ({"listing_state": "Hidden"}, ["listing_state"]),
    ({"unit_of_measure": "Case"}, ["unit_of_measure"]),
    ({"unit_denomination": 99}, ["unit_denomination"]),
    ({"inventory_management": 4}, ["inventory_management"]),
    ({"brand": 999_999}, ["brand"]),
    ({"brand": "Greenleaf Farms"}, ["brand"]),
    ({"category": 999}, ["category"]),
    ({"sub_category": 7}, ["sub_category"]),
    ({"license": 5}, ["license"]),
    ({"strains": [5]}, ["strains"]),
    ({"strains": []}, ["strains"]),
    ({"quantity": None}, ["quantity"]),
    ({"quantity": "-1"}, ["quantity"]),
    ({"unit_multiplier": 10}, ["sell_in_unit_of_measure"]),
    ({"base_units_per_unit": None}, ["base_units_per_unit"]),
    ({"wholesale_price": {"amount": "free"}}, ["wholesale_price"]),
    ({"strain_classification": "tree"}, ["strain_classification"]),
    ({"name": " "}, ["name"]),
]


@pytest.mark.parametrize(("changes", "fields"), WRONG, ids=lambda value: str(value)[:50])
def test_what_cannot_be_is_refused_with_its_field(doors, told, changes, fields):
    answer = doors.leaflink("POST", "/products/", product_body(doors, **changes))
    assert (answer.status_code, list(answer.json)) == (400, fields)
    assert doors.leaflink("GET", "/products/?sku=GL-NEW").json["count"] == 0
    assert told() == []


def test_one_sku_may_be_on_two_products(doors):
    doors.leaflink("POST", "/products/", product_body(doors, sku=SKU))
    assert doors.leaflink("GET", f"/products/?sku={SKU}").json["count"] == 2


def test_writing_what_is_available_leaves_room_for_what_is_reserved(doors):
    doors.order(lines=[{"sku": SKU, "quantity": 24}], status="Submitted")
    path = f"/products/{doors.product(SKU)['id']}/"
    changed = doors.leaflink("PATCH", path, {"available_inventory": "10"}).json
    assert (changed["quantity"], changed["reserved_qty"]) == ("34.0000", "24.0000")
    changed = doors.leaflink("PATCH", path, {"quantity": "30"}).json
    assert Decimal(str(changed["available_inventory"])) == 6
    both = doors.leaflink("PATCH", path, {"quantity": "1", "available_inventory": "1"})
    assert (both.status_code, list(both.json)) == (400, ["available_inventory"])


def test_every_change_moves_modified_and_is_told_of_but_a_reservation_moves_nothing(doors, told):
    before = doors.product(SKU)
    doors.leaflink("PATCH", f"/products/{before['id']}/", {"name": "New label"})
    after = doors.product(SKU)
    assert (after["name"], after["display_name"]) == ("New label", "New label")
    assert after["modified"] > before["modified"]
    doors.order(lines=[{"sku": SKU, "quantity": 24}], status="Submitted")
    reserved = doors.product(SKU)
    assert (reserved["modified"], reserved["reserved_qty"]) == (after["modified"], "24.0000")
    assert told().count(f"product {SKU} edit") == 2


def test_deleting_archives(doors, told):
    product = doors.product(SKU)
    answer = doors.leaflink("DELETE", f"/products/{product['id']}/")
    assert (answer.status_code, answer.json["listing_state"]) == (200, "Archived")
    assert doors.leaflink("GET", f"/products/?sku={SKU}&archived=true").json["count"] == 1
    assert doors.leaflink("GET", f"/products/?sku={SKU}&archived=false").json["count"] == 0
    assert told() == [f"product {SKU} edit"]


def test_another_company_s_product_is_not_found(doors):
    path = f"/products/{doors.product(SKU)['id']}/"
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert doors.leaflink(method, path, body, world="sunrise").status_code == 404


def test_a_variety_keeps_no_stock_and_its_parent_s_change_is_told_of_it(doors, told):
    parent = doors.leaflink("POST", "/products/", product_body(doors, sku="")).json
    made = product_body(doors, parent={"id": parent["id"]}, inventory_management=3, quantity="0")
    variety = doors.leaflink("POST", "/products/", made).json
    assert (
        variety["parent"],
        doors.leaflink("GET", f"/products/{parent['id']}/").json["children_count"],
    ) == (
        {"id": parent["id"]},
        1,
    )
    refused = doors.leaflink("PATCH", f"/products/{variety['id']}/", {"available_inventory": "5"})
    assert (refused.status_code, list(refused.json)) == (400, ["quantity"])
    before = told()
    doors.leaflink("PATCH", f"/products/{parent['id']}/", {"quantity": "5"})
    assert sorted([*before, "product GL-NEW edit"]) == told()


@pytest.mark.parametrize("level", ["none", "read"])
def test_a_key_that_may_not_write_products_is_forbidden(doors, level):
    path = f"/products/{doors.product(SKU)['id']}/"
    doors.control("POST", "/leaflink/keys/ll-greenleaf-key", {"permissions": {"products": level}})
    for method, where in (("POST", "/products/"), ("PATCH", path), ("DELETE", path), ("POST", "/strains/")):
        assert doors.leaflink(method, where, {}).status_code == 403
    assert doors.leaflink("GET", "/licenses/").status_code == 403


def test_a_strain_is_made_for_the_company(doors):
    made = doors.leaflink("POST", "/strains/", {"name": "Moon Rock", "strain_classification": "indica"})
    assert made.status_code == 201
    assert doors.leaflink("GET", "/strains/?name=Moon Rock").json["results"] == [made.json]
    assert doors.leaflink("GET", "/strains/?name=Moon Rock", world="sunrise").json["count"] == 0
    for body, field in (
        ({"name": "X"}, "strain_classification"),
        ({"strain_classification": "na"}, "name"),
        ({"name": "X", "strain_classification": "tree"}, "strain_classification"),
    ):
        answer = doors.leaflink("POST", "/strains/", body)
        assert (answer.status_code, list(answer.json)) == (400, [field])


def test_a_line_is_made_and_renamed(doors):
    brand = doors.product(SKU)["brand"]
    made = doors.leaflink("POST", "/product-lines/", {"name": "Moonlight", "brand": brand})
    assert made.status_code == 201
    doors.leaflink("PATCH", f"/product-lines/{made.json['id']}/", {"name": "Moonshine"})
    assert doors.leaflink("GET", f"/product-lines/{made.json['id']}/").json["name"] == "Moonshine"
    for body, field in (
        ({"brand": brand}, "name"),
        ({"name": "X"}, "brand"),
        ({"name": "X", "brand": 5}, "brand"),
    ):
        answer = doors.leaflink("POST", "/product-lines/", body)
        assert (answer.status_code, list(answer.json)) == (400, [field])


def test_in_the_app_a_product_is_copied_and_changed(doors):
    made = doors.control("POST", "/leaflink/products", {"like": SKU, "sku": "GL-COPY", "quantity": 7})
    assert (made.status_code, made.json["quantity"], made.json["company"]) == (201, "7.0000", "greenleaf")
    changed = doors.control("POST", "/leaflink/products/GL-COPY", {"listing_state": "Internal"})
    assert changed.json["display_listing_state"] == "Internal"
    by_id = doors.control("POST", f"/leaflink/products/{made.json['id']}", {"sku": SKU})
    assert by_id.json["sku"] == SKU
    assert doors.control("POST", f"/leaflink/products/{SKU}", {"name": "Which?"}).status_code == 400
    assert doors.control("POST", "/leaflink/products/NOPE", {}).status_code == 404
    assert doors.control("POST", f"/leaflink/products/{OTHER_SKU}", {"colour": "red"}).status_code == 400


def test_the_planted_world_holds_every_kind_of_stock_and_unit(doors):
    found = doors.leaflink("GET", "/products/?limit=100&parent__isnull=false", world="sunrise").json[
        "results"
    ]
    (variety,) = found
    parent = doors.leaflink("GET", f"/products/{variety['parent']['id']}/", world="sunrise").json
    assert (variety["inventory_management"], parent["sku"], parent["children_count"]) == (3, "", 1)
    kinds, units = set(), set()
    path = "/products/?limit=100"
    while path:
        page = doors.leaflink("GET", path, world="sunrise").json
        kinds |= {each["inventory_management"] for each in page["results"]}
        units |= {each["unit_of_measure"] for each in page["results"]}
        path = page["next"] and page["next"].partition("/leaflink/api/v2")[2]
    assert (kinds, units) == ({1, 2, 3}, {"Unit", "Ounce", "Gram"})
