"""The control API's AIQ: orders with defaults that Flourish knows, shoppers, numbers, offers, venues."""

import pytest


def test_an_order_without_further_words_is_of_goods_that_flourish_sells(doors):
    for world in ("greenleaf", "sunrise"):
        for _ in range(4):
            order = doors.shop(lines=3, company=world)
            assert (order["status"], order["company"]) == ("PENDING", world)
            for line in order["items"]:
                found = doors.flourish("GET", f"/items?sku={line['product']['sku']}", world=world)
                assert len(found.json["data"]) == 1


def test_a_known_shopper_is_one_of_the_world_and_a_new_one_is_another_each_time(doors):
    known = {each["id"] for each in doors.simulation.office("aiq", "greenleaf").find("user")}
    assert {doors.shop(customer="known")["user"] for _ in range(4)} <= known
    new = [doors.shop(customer="new") for _ in range(3)]
    assert {each["user"] for each in new} == {None}
    assert len({each["email"] for each in new}) == len({each["phone"] for each in new}) == 3
    assert (new[0]["birthdayYear"], new[0]["birthdayMonth"], new[0]["birthdayDay"]) == (1991, 4, 17)


@pytest.mark.parametrize("customer", ["known", "new"])
@pytest.mark.parametrize("medical", [True, False])
def test_an_order_is_a_patient_s_or_an_adult_s(doors, customer, medical):
    for _ in range(4):
        order = doors.shop(customer=customer, medical=medical)
        assert (order["medicalId"] is not None) is medical
        assert (order["medicalExpiration"] is not None) is medical


def test_what_is_missing_of_a_person_is_null(doors):
    order = doors.shop(customer={"email": None, "firstName": "Zoë", "birthday": None})
    assert (order["email"], order["name"].split()[0], order["birthday"]) == (None, "Zoë", None)
    assert (order["birthdayYear"], bool(order["phone"])) == (None, True)


def test_a_delivery_has_an_address_unless_it_is_left_out(doors):
    assert doors.shop()["deliveryAddress"] is None
    order = doors.shop(pickUpType="DELIVERY")
    assert order["deliveryAddress"]["city"] == "Oakland"
    assert order["fees"] == [{"name": "Delivery", "value": 5, "amount": 5, "type": "FLAT"}]
    assert doors.shop(pickUpType="DELIVERY", deliveryAddress=None)["deliveryAddress"] is None
    told = doors.shop(pickUpType="DELIVERY", deliveryAddress={"street": "1 Elm Street"})
    assert told["deliveryAddress"]["street"] == "1 Elm Street"


def test_numbers_are_random_or_each_venue_counts_so_that_two_orders_have_the_same(doors):
    assert {len(str(doors.shop()["orderId"])) for _ in range(5)} == {8}
    doors.control("POST", "/settings", {"aiq_randomized_order_number": False})
    numbers = [doors.shop(venue=doors.venue(place=place))["orderId"] for place in (0, 0, 1)]
    assert numbers == [1001, 1002, 1001]


def test_a_number_is_given_again_when_asked_for(doors):
    first = doors.shop(orderId=555)
    again = doors.shop(duplicate_number=True)
    assert (first["orderId"], again["orderId"]) == (555, 555)
    assert first["id"] != again["id"]
    answer = doors.control("POST", "/aiq/orders/555/confirm", {})
    assert (answer.status_code, "give the id" in answer.json["error"]) == (400, True)
    assert doors.control("POST", f"/aiq/orders/{again['id']}/confirm", {}).status_code == 200


def test_an_order_is_confirmed_and_cancelled_by_its_number_too(doors):
    number = doors.shop()["orderId"]
    assert doors.control("POST", f"/aiq/orders/{number}/confirm").json["status"] == "CONFIRMED"
    assert doors.control("POST", f"/aiq/orders/{number}/confirm").status_code == 409
    assert doors.control("POST", f"/aiq/orders/{number}/check-in").json["status"] == "CHECKED_IN"
    cancelled = doors.control("POST", f"/aiq/orders/{number}/cancel", {"by": "CUSTOMER"}).json
    assert (cancelled["status"], cancelled["cancelledBy"]) == ("CANCELLED", "CUSTOMER")


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"lines": 0}, {"lines": 21}, {"lines": True}, {"lines": "three"}, {"lines": []}, {"lines": [1]},
        {"lines": [{"sku": 5, "quantity": 1}]}, {"lines": [{"sku": "NONE", "quantity": 1}]},
        {"lines": [{"quantity": 1}]}, {"lines": [{"sku": "NONE"}]}, {"lines": 1, "status": "CLOSED"},
        {"lines": 1, "status": []}, {"lines": 1, "company": "moonrise"}, {"lines": 1, "company": []},
        {"lines": 1, "venue": "none"}, {"lines": 1, "venue": 5}, {"lines": 1, "offers": ["None"]},
        {"lines": 1, "offers": "Half off"}, {"lines": 1, "offers": [5]}, {"lines": 1, "customer": "someone"},
        {"lines": 1, "customer": {"shoe": "42"}}, {"lines": 1, "customer": {"birthday": "young"}},
        {"lines": 1, "medical": "yes"}, {"lines": 1, "pickUpType": "BUS"}, {"lines": 1, "pickUpType": []},
        {"lines": 1, "deliveryAddress": "here"}, {"lines": 1, "deliveryAddress": {"planet": "Mars"}},
        {"lines": 1, "orderId": 0}, {"lines": 1, "orderId": "5"}, {"lines": 1, "orderId": True},
        {"lines": 1, "duplicate_number": True}, {"lines": 1, "offer": "Half off"},
    ],
    ids=str,
)  # fmt: skip
def test_an_order_that_cannot_be_placed_is_refused_in_words(doors, asked):
    answer = doors.control("POST", "/aiq/orders", asked)
    assert answer.status_code in (400, 404)
    assert answer.json["error"]
    assert doors.aiq("GET", "/orders").json["count"] == 0


@pytest.mark.parametrize(
    "asked",
    [{}, {"name": "Half off", "dealType": "BOGO"}, {"name": "A", "dealType": "GIFT"},
     {"name": "A", "dealType": "SALE"}, {"name": "A", "dealType": "SALE", "rewardType": "PERCENT"},
     {"name": "A", "dealType": "SALE", "rewardType": "PERCENT", "rewardValue": 50},
     {"name": "A", "dealType": "SALE", "rewardType": "FLAT", "rewardValue": 0},
     {"name": "A", "dealType": "BOGO", "skus": ["NONE"]}, {"name": "A", "dealType": "BOGO", "skus": "A"},
     {"name": "A", "dealType": "BOGO", "venue": "none"}, {"name": "A", "dealType": "BOGO", "colour": "red"}],
    ids=str,
)  # fmt: skip
def test_an_offer_that_means_nothing_is_refused_in_words(doors, asked):
    answer = doors.control("POST", "/aiq/offers", asked)
    assert answer.status_code in (400, 404)
    assert answer.json["error"]
    assert doors.aiq("GET", f"/offers?venueId={doors.venue()}").json["count"] == 4


def test_an_offer_that_does_not_fit_an_order_is_said_to_be_so(doors):
    venue = doors.venue()
    cheap = {"sku": "GL-CHEAP", "name": "Cheap", "price": 1, "quantity": 5}
    doors.aiq("PUT", f"/products/1?venueId={venue}", cheap)
    one = [{"sku": "GL-CHEAP", "quantity": 1}]
    for offer, why in (("Five dollars off", "orders from $20.00"), ("Buy one, get one", "takes nothing off")):
        answer = doors.control("POST", "/aiq/orders", {"lines": one, "offers": [offer]})
        assert (answer.status_code, why in answer.json["error"]) == (400, True)


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [("webhooks", {}, 400), ("webhooks", {"company": "greenleaf"}, 400),
     ("webhooks", {"company": "greenleaf", "url": "ftp://a.example"}, 400),
     ("webhooks", {"company": "greenleaf", "url": "https://a.example", "events": ["X"]}, 400),
     ("webhooks", {"company": "greenleaf", "url": "https://a.example", "events": []}, 400),
     ("webhooks", {"company": "greenleaf", "url": "https://a.example", "venues": ["x"]}, 404),
     ("webhooks", {"company": "greenleaf", "url": "https://a.example", "venues": []}, 400),
     ("venues/none", {"deleted": True}, 404), ("venues/none", {"deleted": "yes"}, 400),
     ("venues/none", {"colour": "red"}, 400), ("orders/none/confirm", {}, 404),
     ("orders/none/explode", {}, 404), ("orders/none/cancel", {"by": "NOBODY"}, 400),
     ("orders/none/cancel", {"who": "STORE"}, 400), ("orders/٣/cancel", {}, 404)],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_words(doors, path, asked, status):
    answer = doors.control("POST", f"/aiq/{path}", asked)
    assert (answer.status_code, bool(answer.json["error"])) == (status, True)


def test_state_and_accounts_show_what_a_test_needs(doors):
    order = doors.shop(company="sunrise")
    doors.control("POST", "/aiq/webhooks", {"company": "sunrise", "url": "https://a.example/hook"})
    shown = doors.control("GET", "/state").json["aiq"]
    assert shown["orders"] == [order]
    assert [each["company"] for each in shown["webhooks"]] == ["sunrise"]
    assert len(shown["products"]) == 160
    accounts = [each for each in doors.control("GET", "/accounts").json if each["platform"] == "aiq"]
    assert [each["key"] for each in accounts] == [
        "aq-greenleaf-key", "aq-sunrise-key", "aq-ember-key", "aq-verde-key",
    ]  # fmt: skip
    assert accounts[0]["base_url"] == "http://localhost/aiq/2023-03/"
    assert [each["id"] for each in accounts[0]["venues"]] == [doors.venue(), doors.venue(place=1)]


def test_a_reset_brings_the_seed_s_ids_back_and_may_keep_webhooks(doors):
    venue = doors.venue()
    doors.control("POST", "/aiq/webhooks", {"company": "greenleaf", "url": "https://a.example/hook"})
    doors.shop()
    doors.control("POST", "/reset", {"keep_webhooks": True})
    assert doors.venue() == venue
    shown = doors.control("GET", "/state").json["aiq"]
    assert (len(shown["orders"]), len(shown["webhooks"])) == (0, 1)
