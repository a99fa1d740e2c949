"""Flourish outbound orders: what POST and PUT take and refuse, what staff do, and what happens to stock."""

import pytest

from tests.sandbox.doors import OTHER_SKU, SKU, Doors, outbound_body

AWAY = "00000002"
NEW_PLACE = {"name": "Elm Street Wellness", "license_number": "C10-0777777-LIC", "city": "Oakland"}


def test_an_order_has_an_eight_digit_id_and_the_sums_of_its_parts(doors):
    order = doors.outbound()
    assert order["id"] == "00000001"
    assert (order["order_status"], order["payment_status"]) == ("Created", "Awaiting Payment")
    assert (order["sub_total_price"], order["total_discounts"], order["total_charges"]) == (114, 11.4, 12.5)
    assert order["total_price"] == 115.1
    assert order["origin_facility"]["id"] == "00000001"


def test_post_leaves_term_and_date_unread_and_put_takes_them(doors):
    late = {"payment_term": "Net 30", "requested_delivery_date": "2026-12-01", "ref_field_2": "x"}
    order = doors.outbound(**late)
    assert (order["payment_term"], order["requested_delivery_date"], order["ref_field_2"]) == (
        None,
        None,
        None,
    )
    put = doors.flourish("PUT", f"/outbound-orders/{order['id']}", late).json["data"]
    assert (put["payment_term"], put["requested_delivery_date"], put["ref_field_2"]) == (
        "Net 30",
        "2026-12-01",
        "x",
    )


def test_lists_leave_notes_out_and_one_order_shows_them(doors):
    order = doors.outbound()
    assert doors.flourish("GET", "/outbound-orders").json["data"][0]["notes"] == []
    assert (
        doors.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]["notes"][0]["note"] == "a note"
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"order_lines": [{"sku": "NONE", "order_qty": 1}]}, "Item not found: NONE"),
        ({"order_lines": [{"order_qty": 1}]}, "item_id or sku is required"),
        ({"order_lines": []}, "order_lines is required"),
        ({"order_lines": "x"}, "must be a list"),
        ({"order_lines": [{"sku": SKU, "order_qty": 0}]}, "must be greater than 0"),
        ({"order_lines": [{"sku": SKU, "order_qty": -1}]}, "must be greater than 0"),
        ({"order_lines": [{"sku": SKU, "order_qty": "many"}]}, "order_qty must be a number"),
        ({"sales_rep": None}, "sales_rep is required"),
        ({"sales_rep": {"id": 99}}, "Sales rep not found: 99"),
        ({"sales_rep": {"id": 1, "email": "x@y.example"}}, "no other field"),
        ({"destination": None}, "destination is required"),
        ({"destination": {"id": "99999999"}}, "Destination not found"),
        ({"destination": {"id": "00000001", "name": "x"}}, "no other field"),
        ({"charges": [{"amount": 1, "method": "barter"}]}, "method must be"),
        ({"order_timestamp": "today"}, "not a valid timestamp"),
        ({"original_order_id": 7}, "must be a string"),
    ],
)
def test_an_order_that_cannot_be_is_refused_in_words(doors, fields, words):
    answer = doors.flourish("POST", "/outbound-orders", outbound_body(**fields))
    assert answer.status_code == answer.json["status"] == 400
    assert words in answer.json["message"]
    assert doors.flourish("GET", "/outbound-orders").json["meta"]["total"] == 0


@pytest.mark.parametrize(
    ("flaw", "words"), [(("active", False), "not active"), (("strain_id", None), "strain_id is required")]
)
def test_an_item_planted_wrong_cannot_be_ordered(doors, flaw, words):
    name, value = flaw
    items = doors.control("GET", "/state").json["flourish"]["items"]
    planted = next(item for item in items if item["strain_required"] and item[name] == value)
    lines = [{"sku": planted["sku"], "order_qty": 1}]
    body = outbound_body(order_lines=lines, sales_rep={"id": 9}, destination={"id": "00000113"})
    answer = doors.flourish("POST", "/outbound-orders", body, world="sunrise", facility="00000003")
    assert words in answer.json["message"]


def test_a_destination_without_an_id_is_found_by_name_or_made(doors):
    count = doors.flourish("GET", "/destinations").json["meta"]["total"]
    first, second = (doors.outbound(destination=NEW_PLACE) for _ in range(2))
    assert first["destination"]["id"] == second["destination"]["id"]
    known = doors.outbound(
        destination={"name": "harbor wellness greenleaf avenue", "license_number": "other"}
    )
    assert known["destination"]["id"] == "00000001"
    assert doors.flourish("GET", "/destinations").json["meta"]["total"] == count + 1


def test_a_rep_with_an_unknown_e_mail_is_made(doors):
    order = doors.outbound(
        sales_rep={"email": "New.Rep@greenleaf.example", "first_name": "New", "last_name": "Rep"}
    )
    assert order["sales_rep"]["email"] == "New.Rep@greenleaf.example"
    again = doors.outbound(sales_rep={"email": "new.rep@greenleaf.example"})
    assert again["sales_rep"]["id"] == order["sales_rep"]["id"]


def test_a_facility_that_does_not_ask_for_a_rep_takes_an_order_without(doors):
    answer = doors.flourish("POST", "/outbound-orders", outbound_body(sales_rep=None), facility=AWAY)
    assert answer.json["data"]["sales_rep"] is None


def _stock(doors: Doors) -> tuple[float, float, float, float]:
    row = doors.item(SKU)
    return row["qty"], row["available_qty"], row["on_order_qty"], row["sellable_qty"]


@pytest.mark.parametrize(
    ("steps", "change"),
    [
        ([], (0, 0, 24, -24)),
        (["partially-allocate"], (0, -12, 12, -24)),
        (["allocate"], (0, -24, 0, -24)),
        (["partially-allocate", "allocate"], (0, -24, 0, -24)),
        (["allocate", "ship"], (-24, -24, 0, -24)),
        (["cancel"], (0, 0, 0, 0)),
        (["allocate", "cancel"], (0, 0, 0, 0)),
    ],
)
def test_staff_s_steps_move_stock(doors, steps, change):
    before = _stock(doors)
    order = doors.outbound()
    for action in steps:
        assert doors.control("POST", f"/flourish/orders/{order['id']}/{action}").status_code == 200
    assert tuple(now - then for now, then in zip(_stock(doors), before, strict=True)) == change


@pytest.mark.parametrize(
    ("steps", "action", "status"),
    [
        ([], "ship", 400),
        (["partially-allocate"], "ship", 400),
        (["allocate", "ship"], "cancel", 400),
        (["allocate", "ship"], "allocate", 400),
        (["cancel"], "allocate", 400),
        (["cancel"], "cancel", 400),
        (["allocate"], "ship", 200),
    ],
)
def test_staff_cannot_do_what_the_status_does_not_allow(doors, steps, action, status):
    order = doors.outbound()
    for each in steps:
        doors.control("POST", f"/flourish/orders/{order['id']}/{each}")
    assert doors.control("POST", f"/flourish/orders/{order['id']}/{action}").status_code == status


@pytest.mark.parametrize(
    ("steps", "body", "words"),
    [
        (["allocate", "ship"], {"ref_field_1": "x"}, "Order has already been shipped"),
        (["allocate", "ship"], {"order_status": "Cancelled"}, "Order has already been shipped"),
        (["cancel"], {"order_status": "Cancelled"}, "Order has already been cancelled"),
        (["partially-allocate"], {"ref_field_1": "x"}, "allocated"),
        (["allocate"], {"order_lines": [{"sku": SKU, "order_qty": 1}]}, "allocated"),
        ([], {"order_status": "Shipped"}, "can only be changed to Cancelled"),
        ([], {"destination": {"id": "00000002"}}, "Destination cannot be edited"),
        ([], {"sales_rep": {"id": 2}}, "Sales rep cannot be edited"),
        ([], {"payment_term": "Net 45"}, "Payment term not found"),
    ],
)
def test_put_is_refused_in_words(doors, steps, body, words):
    order = doors.outbound()
    for action in steps:
        doors.control("POST", f"/flourish/orders/{order['id']}/{action}")
    answer = doors.flourish("PUT", f"/outbound-orders/{order['id']}", body)
    assert answer.status_code == 400
    assert words in answer.json["message"]


def test_put_changes_lines_and_cancelling_frees_an_allocation(doors):
    order = doors.outbound()
    lines = [
        {"sku": SKU, "order_qty": 48, "unit_price": 4.75},
        {"sku": OTHER_SKU, "order_qty": 24, "unit_price": 2},
    ]
    changed = doors.flourish("PUT", f"/outbound-orders/{order['id']}", {"order_lines": lines}).json["data"]
    assert changed["sub_total_price"] == 276
    assert doors.item(SKU)["on_order_qty"] == 48
    doors.control("POST", f"/flourish/orders/{order['id']}/allocate")
    cancelled = doors.flourish("PUT", f"/outbound-orders/{order['id']}", {"order_status": "Cancelled"}).json[
        "data"
    ]
    assert cancelled["order_status"] == "Cancelled"
    assert (doors.item(SKU)["on_order_qty"], doors.item(SKU)["non_available_qty"]) == (0, 0)


def test_put_takes_back_the_whole_order_that_get_shows(doors):
    order = doors.outbound()
    sent = {
        name: order[name]
        for name in ("original_order_id", "order_timestamp", "pretax_discounts", "ref_field_1")
    }
    answer = doors.flourish("PUT", f"/outbound-orders/{order['id']}", sent | {"ref_field_1": "kept"})
    assert answer.json["data"]["ref_field_1"] == "kept"


def test_a_second_order_of_one_original_id_is_taken_or_refused_by_setting(doors):
    assert doors.outbound()["id"] != doors.outbound()["id"]
    doors.control("POST", "/settings", {"refuse_duplicate_original_order_id": True})
    answer = doors.flourish("POST", "/outbound-orders", outbound_body())
    assert answer.status_code == 400
    assert "already exists" in answer.json["message"]


def test_orders_are_found_by_status_time_and_facility(doors):
    first = doors.outbound()
    second = doors.flourish("POST", "/outbound-orders", outbound_body(), facility=AWAY).json["data"]
    doors.control("POST", f"/flourish/orders/{second['id']}/cancel")

    def ids(query: str, facility: str | None = None) -> list[str]:
        answer = doors.flourish("GET", f"/outbound-orders?{query}", facility=facility)
        return [order["id"] for order in answer.json["data"]]

    assert ids("") == [first["id"], second["id"]]
    assert ids("", facility=AWAY) == [second["id"]]
    assert ids("order_status=Created&order_status=Allocated") == [first["id"]]
    assert ids("created_timestamp_start=2999-01-01T00:00:00Z") == []
    assert ids("created_timestamp_end=2999-01-01T00:00:00Z&order_origin=Online") == [
        first["id"],
        second["id"],
    ]
    assert ids(f"order_id={second['id']}") == [second["id"]]
