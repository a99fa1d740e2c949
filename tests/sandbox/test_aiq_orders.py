"""AIQ's orders: stock that is held, offers, the assumed writes, and events that nothing signs."""

import pytest

from tests.sandbox.calls import webhooks

WHERE = "http://127.0.0.1:9/webhooks/aiq/unguessable"


@pytest.fixture
def product(doors):
    """A product of the first venue that costs $10.00, of which there are 12."""
    body = {"sku": "GL-TEN", "name": "Ten", "price": 10, "quantity": 12}
    return doors.aiq("PUT", f"/products/00000999?venueId={doors.venue()}", body).json


def lines(quantity):
    return [{"sku": "GL-TEN", "quantity": quantity}]


def left(doors, product):
    shown = doors.aiq("GET", f"/products/{product['id']}?venueId={product['venue']}").json
    return shown["quantity"]


def patch(doors, order, **body):
    return doors.aiq("PATCH", f"/orders/{order['id']}", body)


def act(doors, order, action, **asked):
    return doors.control("POST", f"/aiq/orders/{order['id']}/{action}", asked)


def test_an_order_is_pending_until_the_shop_confirms_it(doors, product):
    order = doors.shop(lines=lines(2))
    assert (order["status"], order["confirmed"], order["posOrderId"]) == ("PENDING", False, None)
    assert order["items"][0]["product"] == {
        "id": product["id"], "sku": "GL-TEN", "posProductId": "00000999", "name": "Ten",
    }  # fmt: skip
    confirmed = act(doors, order, "confirm").json
    assert (confirmed["status"], confirmed["confirmed"]) == ("CONFIRMED", True)
    assert confirmed["modified"] > order["modified"]
    assert doors.aiq("GET", f"/orders/{order['id']}").json == {
        name: value for name, value in confirmed.items() if name != "company"
    }


# What is taken, and what 5 at $10.00 then come to: line by line, for the cart, and with 15 % of tax.
OFFERS = [
    ([], 50, 0, [], []),
    (["Half off"], 25, 25, [("PERCENT", 0.5, 25, "ITEM")], []),
    (["Buy one, get one"], 30, 20, [("FLAT", 20, 20, "ITEM")], []),
    (["Tenth off the cart"], 45, 5, [], [("PERCENT", 0.1, 5, "CART")]),
    (["Five dollars off"], 45, 5, [], [("FLAT", 5, 5, "CART")]),
    (["Half off", "Tenth off the cart"], 22.5, 27.5, [("PERCENT", 0.5, 25, "ITEM")],
     [("PERCENT", 0.1, 2.5, "CART")]),
]  # fmt: skip


@pytest.mark.parametrize(("taken", "subtotal", "off", "of_line", "of_cart"), OFFERS, ids=str)
def test_an_offer_takes_off_what_it_says_and_the_list_price_stays(
    doors, product, taken, subtotal, off, of_line, of_cart
):
    order = doors.shop(lines=lines(5), offers=taken)

    def told(discounts):
        return [(each["type"], each["value"], each["amount"], each["appliesTo"]) for each in discounts]

    line = order["items"][0]
    assert (line["price"], line["quantity"]) == (10, 5)
    assert told(line["discounts"]) == of_line
    assert told(order["discounts"]) == [*of_line, *of_cart]
    assert (order["subtotalWithoutDiscounts"], order["discountTotal"], order["subtotal"]) == (
        50, off, subtotal,
    )  # fmt: skip
    assert order["total"] == pytest.approx(subtotal * 1.15, abs=0.01)


def test_a_flat_offer_takes_so_much_off_each_piece_of_its_products_alone(doors, product):
    offer = {"name": "Three off", "dealType": "SALE", "rewardType": "FLAT", "rewardValue": 3}
    made = doors.control("POST", "/aiq/offers", {**offer, "skus": ["GL-TEN"]})
    assert made.status_code == 201
    other = doors.aiq("GET", f"/products?venueId={product['venue']}&limit=1").json["data"][0]
    asked = [*lines(4), {"sku": other["sku"], "quantity": 1}]
    order = doors.shop(lines=asked, offers=["Three off"])
    assert [each["discountTotal"] for each in order["items"]] == [12, 0]
    assert order["items"][0]["priceWithDiscounts"] == 7
    found = doors.aiq("GET", f"/offers/{made.json['id']}/products").json["data"]
    assert [each["sku"] for each in found] == ["GL-TEN"]


def test_an_offer_never_takes_more_than_there_is(doors, product):
    offer = {"name": "Much off", "dealType": "SALE", "rewardType": "FLAT", "rewardValue": 30}
    doors.control("POST", "/aiq/offers", offer)
    order = doors.shop(lines=lines(1), offers=["Much off"], pickUpType="DELIVERY")
    assert (order["discountTotal"], order["subtotal"], order["total"]) == (10, 0, 5)  # the delivery's fee


def test_aiq_holds_what_is_ordered_until_it_is_released_or_over(doors, product):
    order = doors.shop(lines=lines(5))
    assert left(doors, product) == 7
    assert patch(doors, order, status="CLOSED").status_code == 409  # still the shop's
    act(doors, order, "confirm")
    assert left(doors, product) == 7
    patch(doors, order, fullfilled=True)
    assert left(doors, product) == 12
    patch(doors, order, fullfilled=False)
    patch(doors, order, status="CLOSED")
    assert left(doors, product) == 12
    cancelled = doors.shop(lines=lines(12))
    assert left(doors, product) == 0
    act(doors, cancelled, "cancel")
    assert left(doors, product) == 12


def test_a_quantity_that_is_published_is_before_what_aiq_holds(doors, product):
    doors.shop(lines=lines(5))
    path = f"/products/00000999?venueId={product['venue']}"
    shown = doors.aiq("PUT", path, {"quantity": 9}).json
    assert (shown["quantityTotal"], shown["quantity"], shown["quantitySold"]) == (9, 4, 5)
    assert doors.aiq("PUT", path, {"quantity": 2}).json["quantity"] == 0


def test_nothing_is_held_where_aiq_is_set_so(doors, product):
    doors.control("POST", "/settings", {"aiq_holds_stock": False})
    doors.shop(lines=lines(12))
    assert left(doors, product) == 12
    doors.shop(lines=lines(12))  # more than there is: until the next sync nobody takes it off
    doors.control("POST", "/settings", {"aiq_holds_stock": True})
    assert left(doors, product) == 0


@pytest.mark.parametrize(
    ("quantity", "asked", "problem"),
    [(12, 13, "QUANTITY_NOT_AVAILABLE"), (0, 1, "SOLD_OUT"), (3, 1, "SOLD_OUT")],
)
def test_nobody_buys_what_is_not_there_or_below_its_threshold(doors, product, quantity, asked, problem):
    path = f"/products/00000999?venueId={product['venue']}"
    doors.aiq("PUT", path, {"quantity": quantity, "quantityThreshold": 4})
    answer = doors.control("POST", "/aiq/orders", {"lines": lines(asked)})
    assert answer.status_code == 400
    assert problem in answer.json["error"]
    assert doors.aiq("GET", "/orders").json["count"] == 0


def test_two_lines_of_a_product_are_counted_together(doors, product):
    answer = doors.control("POST", "/aiq/orders", {"lines": lines(7) * 2})
    assert "QUANTITY_NOT_AVAILABLE" in answer.json["error"]


def test_the_api_says_what_became_of_an_order_and_its_id_in_flourish(doors):
    order = doors.shop(status="CONFIRMED")
    changed = patch(doors, order, status="READY_FOR_PICKUP", posOrderId="00000042").json
    assert (changed["status"], changed["posOrderId"]) == ("READY_FOR_PICKUP", "00000042")
    assert patch(doors, order, status="READY_FOR_PICKUP").json == changed  # said twice, done once
    cancelled = patch(doors, order, status="CANCELLED").json
    assert (cancelled["cancelled"], cancelled["cancelledBy"]) == (True, "POS")
    assert cancelled["cancelledOn"] == cancelled["statusChangedOn"]


@pytest.mark.parametrize("final", ["CLOSED", "CANCELLED"])
def test_what_is_over_stays_so(doors, final):
    order = doors.shop(status="CONFIRMED")
    patch(doors, order, status=final)
    for status in ("CONFIRMED", "OUT_FOR_DELIVERY", "CANCELLED" if final == "CLOSED" else "CLOSED"):
        answer = patch(doors, order, status=status)
        assert (answer.status_code, answer.json["name"]) == (409, "ConflictError")
    assert act(doors, order, "cancel").status_code == 409
    assert patch(doors, order, posOrderId="7").json["posOrderId"] == "7"


@pytest.mark.parametrize(
    "body",
    [{"status": "Packed"}, {"status": None}, {"status": []}, {"posOrderId": 5}, {"posOrderId": "x" * 256},
     {"fullfilled": "yes"}, {"fulfilled": True}, {"subStatus": "Packed"}, {"total": 0}],
    ids=str,
)  # fmt: skip
def test_a_change_that_is_not_valid_changes_nothing(doors, body):
    order = doors.shop(status="CONFIRMED")
    answer = patch(doors, order, **{"posOrderId": "1", **body})
    assert (answer.status_code, answer.json["name"]) == (400, "ValidationError")
    assert doors.aiq("GET", f"/orders/{order['id']}").json["posOrderId"] is None


def test_orders_are_found_by_what_the_documentation_names(doors):
    first = doors.shop(status="CONFIRMED", pickUpType="DELIVERY", customer="known")
    second = doors.shop(venue=doors.venue(place=1), customer="new")

    def found(query):
        return [each["id"] for each in doors.aiq("GET", f"/orders?{query}").json["data"]]

    moment = second["created"].replace("+00:00", "Z")
    for query, orders in (
        ("", [first, second]),
        ("sort=-created", [second, first]),
        ("status=CONFIRMED", [first]),
        ("status=PENDING&status=CONFIRMED", [first, second]),
        ("pickUpType=CURB_SIDE", [second]),
        (f"venueId={first['venue']}", [first]),
        (f"userId={first['user']}", [first]),
        (f"createdStart={moment}", [second]),
        (f"createdEnd={moment}", [first, second]),
        (f"modifiedEnd={first['created'].replace('+00:00', 'Z')}", []),
    ):
        assert found(query) == [each["id"] for each in orders], query


def test_events_go_to_the_address_unsigned_each_with_an_id_of_its_own(doors):
    made = doors.control("POST", "/aiq/webhooks", {"company": "greenleaf", "url": WHERE})
    assert made.status_code == 201
    order = doors.shop(pickUpType="DELIVERY")
    act(doors, order, "confirm")
    patch(doors, order, posOrderId="00000042")
    patch(doors, order, status="OUT_FOR_DELIVERY")
    patch(doors, order, status="OUT_FOR_DELIVERY")
    patch(doors, order, status="CLOSED")
    rows = doors.simulation.store.execute("SELECT url, headers FROM delivery")
    assert {(row["url"], row["headers"]) for row in rows} == {(WHERE, "{}")}
    sent = [body for platform, body in webhooks(doors.simulation) if platform == "aiq"]
    assert [body["type"] for body in sent] == [
        "ORDER_CREATED", "ORDER_CONFIRMED", "ORDER_UPDATED", "ORDER_OUT_FOR_DELIVERY", "ORDER_CLOSED",
    ]  # fmt: skip
    assert len({body["id"] for body in sent}) == 5
    assert set(sent[0]) == {"id", "type", "data", "created"}
    assert sent[-1]["data"] == doors.aiq("GET", f"/orders/{order['id']}").json


def test_a_webhook_hears_of_its_events_and_venues_alone(doors):
    here, there = doors.venue(place=0), doors.venue(place=1)
    for name, asked in (("a", {"events": ["ORDER_CANCELLED"]}), ("b", {"venues": [there]})):
        doors.control("POST", "/aiq/webhooks", {"company": "greenleaf", "url": f"{WHERE}-{name}", **asked})
    act(doors, doors.shop(venue=here), "cancel")
    doors.shop(venue=there)
    doors.shop(company="sunrise")
    rows = doors.simulation.store.execute("SELECT url, subject FROM delivery ORDER BY id")
    assert [(row["url"][-1], row["subject"].split()[2]) for row in rows] == [
        ("a", "ORDER_CANCELLED"), ("b", "ORDER_CREATED"),
    ]  # fmt: skip


def test_products_that_are_written_are_told_to_who_asked_for_it(doors, product):
    asked = {"company": "greenleaf", "url": WHERE, "events": ["PRODUCT_CREATED", "PRODUCT_UPDATED"]}
    doors.control("POST", "/aiq/webhooks", asked)
    for key, quantity in (("1", 5), ("1", 5), ("1", 6)):
        body = {"sku": "GL-ONE", "name": "One", "quantity": quantity}
        doors.aiq("PUT", f"/products/{key}?venueId={product['venue']}", body)
    sent = [body for _, body in webhooks(doors.simulation)]
    assert [(body["type"], body["data"]["quantity"]) for body in sent] == [
        ("PRODUCT_CREATED", 5), ("PRODUCT_UPDATED", 6),
    ]  # fmt: skip
