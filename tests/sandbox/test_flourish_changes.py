"""What an administrator changes in Flourish: items, stock, destinations, reps; who hears of it."""

import pytest

from tests.sandbox.doors import HOME, OTHER_SKU, SKU, outbound_body

AWAY = "00000002"


def item_of(doors, sku):
    return doors.flourish("GET", f"/items?sku={sku}").json["data"]


CHANGES = [
    {"price": 5.25},
    {"price": "5.25"},
    {"active": False},
    {"ecommerce_active": False},
    {"sellable": False},
    {"item_name": "Blue Dream, new label"},
    {"brand": "Greenleaf Kitchen"},
    {"brand": None},
    {"strain_name": "Gelato 33"},
    {"strain_name": None},
    {"uom": "g"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_item_changes_and_its_date_with_it(doors, change):
    before = item_of(doors, SKU)[0]
    answer = doors.control("POST", f"/flourish/items/{SKU}", change)
    assert answer.status_code == 200
    after = item_of(doors, SKU)[0]
    shown = {name: 5.25 if name == "price" else value for name, value in change.items()}
    assert {name: after[name] for name in change} == shown
    assert after["last_updated_timestamp"] > before["last_updated_timestamp"]
    moment = after["last_updated_timestamp"].replace("+", "%2B")
    assert doors.flourish("GET", f"/items?last_updated_timestamp_start={moment}").json["data"] == [after]


def test_a_change_of_nothing_is_none(doors):
    before = item_of(doors, SKU)
    doors.control("POST", f"/flourish/items/{SKU}", {"active": True, "sku": SKU})
    assert item_of(doors, SKU) == before


def test_strain_and_unit_change_with_all_that_says_them(doors):
    doors.control("POST", f"/flourish/items/{SKU}", {"strain_name": "Jack Herer", "uom": "oz"})
    item = item_of(doors, SKU)[0]
    strain = doors.flourish("GET", f"/strains/{item['strain_id']}").json["data"][0]
    assert (strain["strain_name"], item["strain_type_name"]) == ("Jack Herer", "Sativa")
    assert (item["uom_description"], item["standard_qty_uom_id"]) == ("Ounce", 5)


def test_a_renamed_sku_is_the_same_item_everywhere(doors):
    order, before = doors.outbound(), item_of(doors, SKU)[0]
    assert doors.control("POST", f"/flourish/items/{SKU}", {"sku": "GL-NEW"}).json["id"] == before["id"]
    assert item_of(doors, SKU) == []
    assert doors.item("GL-NEW")["item_id"] == before["id"]
    shown = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    assert shown["order_lines"][0]["sku"] == "GL-NEW"
    answer = doors.flourish("POST", "/outbound-orders", outbound_body())
    assert answer.json["message"] == f"Item not found: {SKU}"


def test_two_items_of_one_sku_are_told_apart_by_id(doors):
    doors.control("POST", f"/flourish/items/{OTHER_SKU}", {"sku": SKU})
    assert len(item_of(doors, SKU)) == 2
    assert doors.control("POST", f"/flourish/items/{SKU}", {"active": False}).status_code == 400
    last = item_of(doors, SKU)[1]
    assert doors.control("POST", f"/flourish/items/{last['id']}", {"active": False}).status_code == 200
    assert [item["active"] for item in item_of(doors, SKU)] == [True, False]


@pytest.mark.parametrize("facility", [HOME, AWAY])
def test_a_count_changes_what_one_facility_has(doors, facility):
    def quantities():
        rows = [
            doors.flourish("GET", f"/inventory/summary?sku={SKU}", facility=each) for each in (HOME, AWAY)
        ]
        return [row.json["data"][0]["qty"] for row in rows]

    before = quantities()
    doors.outbound()
    asked = {"quantity": 7, **({} if facility == HOME else {"facility_id": facility})}
    doors.control("POST", f"/flourish/items/{SKU}", asked)
    assert quantities() == ([7, before[1]] if facility == HOME else [before[0], 7])
    if facility == HOME:
        assert doors.item(SKU)["sellable_qty"] == 7 - 24


@pytest.mark.parametrize(
    "asked",
    [
        {"price": -1},
        {"price": "much"},
        {"sku": ""},
        {"sku": 5},
        {"active": "no"},
        {"uom": "case"},
        {"brand": "Nobody's"},
        {"strain_name": "None such"},
        {"quantity": "x"},
        {"quantity": -1},
        {"quantity": 1, "facility_id": "00000003"},
        {"colour": "red"},
        {"company": "moonrise"},
    ],
    ids=str,
)
def test_an_item_that_cannot_be_is_refused_and_stays(doors, asked):
    before = item_of(doors, SKU)
    answer = doors.control("POST", f"/flourish/items/{SKU}", asked)
    assert answer.status_code == 400
    assert item_of(doors, SKU) == before


@pytest.mark.parametrize(
    "path", ["items/none", "destinations/none", "sales-reps/none", "items/SR-FL35-BLUDRE"]
)
def test_what_flourish_does_not_have_is_not_found(doors, path):
    assert doors.control("POST", f"/flourish/{path}", {"company": "greenleaf"}).status_code == 404


def order_with(doors, **fields):
    return doors.flourish("POST", "/outbound-orders", outbound_body(**fields))


def test_an_inactive_item_cannot_be_ordered_but_orders_that_have_it_go_on(doors):
    order = doors.outbound()
    doors.control("POST", f"/flourish/items/{SKU}", {"active": False})
    assert order_with(doors).json["message"] == f"Item is not active: {SKU}"
    for step in ("allocate", "ship"):
        assert doors.control("POST", f"/flourish/orders/{order['id']}/{step}").status_code == 200


def test_an_inactive_destination_cannot_be_named_by_an_order(doors):
    name = doors.flourish("GET", "/destinations/00000001").json["data"]["name"]
    assert doors.control("POST", "/flourish/destinations/00000001", {"active": False}).json["active"] is False
    for destination in ({"id": "00000001"}, {"name": name}):
        assert (
            order_with(doors, destination=destination).json["message"] == f"Destination is not active: {name}"
        )
    assert doors.flourish("GET", "/destinations/00000001").json["data"]["active"] is False


def test_an_inactive_rep_cannot_be_named_by_an_order(doors):
    reps = doors.flourish("GET", "/sales-reps").json["data"]
    doors.control("POST", f"/flourish/sales-reps/{reps[0]['email']}", {"active": False})
    assert order_with(doors).json["message"] == "Sales rep is not active: 1"
    assert "not active" in order_with(doors, sales_rep={"email": reps[0]["email"]}).json["message"]


def test_a_rep_moves_to_another_facility_and_e_mail(doors):
    answer = doors.control(
        "POST", "/flourish/sales-reps/1", {"facility_id": AWAY, "email": "new@greenleaf.example"}
    )
    assert (answer.json["facility_id"], answer.json["company"]) == (AWAY, "greenleaf")
    rep = doors.flourish("GET", "/sales-reps").json["data"][0]
    assert (rep["facility_id"], rep["email"]) == (AWAY, "new@greenleaf.example")
    assert doors.control("POST", "/flourish/sales-reps/1", {"facility_id": "00000003"}).status_code == 400


def test_a_merged_destination_is_inactive_and_its_orders_are_the_other_s(doors):
    order, other = doors.outbound(), doors.outbound(destination={"id": "00000003"})
    answer = doors.control("POST", "/flourish/destinations/00000001", {"merged_into": "00000002"})
    assert answer.json["active"] is False
    moved = doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    assert moved["destination"]["id"] == "00000002"
    assert moved["last_updated_timestamp"] > order["last_updated_timestamp"]
    stayed = doors.flourish("GET", f"/outbound-orders/{other['id']}").json["data"]
    assert stayed == other


@pytest.mark.parametrize("kept", ["00000001", "99999999", "00000120"])
def test_a_destination_is_merged_only_into_an_active_one_of_the_company(doors, kept):
    answer = doors.control("POST", "/flourish/destinations/00000001", {"merged_into": kept})
    assert answer.status_code == 400
    assert doors.flourish("GET", "/destinations/00000001").json["data"]["active"] is True


def test_a_renamed_or_relicensed_destination_is_found_by_its_new_words(doors):
    asked = {"name": "New Name", "license_number": "C10-0009999-LIC"}
    doors.control("POST", "/flourish/destinations/00000001", asked)
    found = doors.flourish("GET", "/destinations?license_number=C10-0009999-LIC").json["data"]
    assert [place["name"] for place in found] == ["New Name"]


def test_an_item_is_made_like_another_with_nothing_of_it(doors):
    asked = {"like": SKU, "sku": "GL-MADE", "item_description": "New", "brand": None, "ref_field_2": "Gold"}
    made = doors.control("POST", "/flourish/items", asked)
    assert made.status_code == 201
    item = item_of(doors, "GL-MADE")[0]
    assert (item["item_description"], item["brand"], item["ref_field_2"]) == ("New", None, "Gold")
    assert doors.item("GL-MADE")["sellable_qty"] == 0
    doors.control("POST", "/flourish/items", {"like": SKU, "sku": "GL-FIVE", "quantity": 5})
    assert doors.item("GL-FIVE")["sellable_qty"] == 5


@pytest.mark.parametrize(
    "asked", [{"like": SKU}, {"sku": "X"}, {"like": SKU, "sku": "X", "colour": 1}, {"like": "?", "sku": "X"}]
)
def test_an_item_that_cannot_be_made_is_refused(doors, asked):
    assert doors.control("POST", "/flourish/items", asked).status_code in (400, 404)
    assert item_of(doors, "X") == []
