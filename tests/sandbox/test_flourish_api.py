"""Flourish's transport: credentials, the facility header, envelope, paging, filters, destinations, terms."""

import base64

import pytest

from tests.sandbox.doors import FLOURISH_BASE, HOME, NEW_DESTINATION, outbound_body


def _basic(username: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{key}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": "fl-greenleaf-key"}, 200),
        ({"Authorization": _basic("gl7k2m9x4q", "fl-greenleaf-key")}, 200),
        ({"Authorization": _basic("admin@greenleaf.example", "fl-greenleaf-key")}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"x-api-key": "ll-greenleaf-key"}, 401),
        ({"Authorization": "Basic %%%"}, 401),
        ({}, 401),
    ],
)
def test_credentials_open_their_own_company(doors, headers, status):
    answer = doors.call("GET", f"{FLOURISH_BASE}/facilities", headers=headers)
    assert answer.status_code == answer.json["status"] == status
    if status == 200:
        assert [place["facility_name"] for place in answer.json["data"]] == [
            "Greenleaf Oakland Distribution", "Greenleaf Long Beach Distribution",
        ]  # fmt: skip


@pytest.mark.parametrize("path", ["inventory/summary", "sales-reps", "order-payment-terms"])
def test_the_facility_header_is_needed(doors, path):
    assert doors.flourish("GET", f"/{path}").status_code == 200
    assert doors.flourish("GET", f"/{path}", facility=None).status_code == 400
    assert doors.flourish("GET", f"/{path}", facility="00000003").status_code == 400


def test_an_order_needs_a_facility_of_the_company_and_stays_in_it(doors):
    assert doors.flourish("POST", "/outbound-orders", outbound_body(), facility=None).status_code == 400
    assert doors.flourish("POST", "/outbound-orders", outbound_body(), facility="00000003").status_code == 400
    order = doors.outbound()
    assert (
        doors.flourish("PUT", f"/outbound-orders/{order['id']}", {}, facility="00000002").status_code == 404
    )
    assert doors.flourish("GET", f"/outbound-orders/{order['id']}", facility="00000002").status_code == 404
    assert doors.flourish("GET", f"/outbound-orders/{order['id']}", facility=None).status_code == 200
    assert (
        doors.flourish("GET", f"/outbound-orders/{order['id']}", world="sunrise", facility=None).status_code
        == 404
    )


def test_paging_goes_through_every_item_once_and_ends_with_an_empty_next(doors):
    seen, path = [], "/items?limit=500"
    while path:
        page = doors.flourish("GET", path).json
        assert page["meta"]["limit"] == 50
        assert page["meta"]["count"] == len(page["data"])
        seen += [item["id"] for item in page["data"]]
        path = page["meta"]["next"].removeprefix(f"http://localhost{FLOURISH_BASE}")
    assert len(seen) == len(set(seen)) == page["meta"]["total"] == 396


@pytest.mark.parametrize(
    ("path", "total"),
    [
        ("/items?sku=GL-FL35-BLUDRE", 1),
        ("/items?sku=GL-FL35-BLUDRE&sku=GL-PR1-BLUDRE", 2),
        ("/items?item_id=00000001", 1),
        ("/items?active=true&ecommerce_active=true", 396),
        ("/items?active=false", 0),
        ("/items?last_updated_timestamp_start=2999-01-01T00:00:00Z", 0),
        ("/inventory/summary?sku=GL-FL35-BLUDRE", 1),
        ("/inventory/summary?has_available_qty=true", 396),
        ("/destinations?license_number=C10-0000214-LIC", 1),
        ("/destinations?facility_name=Harbor%20Wellness%20Greenleaf%20Avenue", 1),
        ("/destinations?search=harbor", 6),
        ("/brands?brand_name=Greenleaf%20Farms", 1),
        ("/order-payment-terms?order_payment_term=Net%2030", 1),
        ("/sales-reps", 8),
    ],
)
def test_things_are_found(doors, path, total):
    assert doors.flourish("GET", path).json["meta"]["total"] == total


@pytest.mark.parametrize(
    "path", ["/items?active=perhaps", "/items?last_updated_timestamp_start=x", "/brands?brand_id=x"]
)
def test_a_filter_that_cannot_be_read_is_refused(doors, path):
    assert doors.flourish("GET", path).status_code == 400


@pytest.mark.parametrize("missing", ["type", "name", "address_line_1", "city", "state", "zip_code"])
def test_a_destination_needs_its_fields(doors, missing):
    place = NEW_DESTINATION
    assert doors.flourish("POST", "/destinations", place).json["data"]["license_number"] == "C10-0009999-LIC"
    answer = doors.flourish(
        "POST", "/destinations", {name: value for name, value in place.items() if name != missing}
    )
    assert answer.status_code == 400
    assert missing in answer.json["message"]


@pytest.mark.parametrize("fields", [{"type": "Bar"}, {"state": "California"}])
def test_a_destination_s_values_are_checked(doors, fields):
    answer = doors.flourish("PUT", "/destinations/00000001", fields)
    assert answer.status_code == 400


def test_a_term_is_added_once(doors):
    term = {"order_payment_term": "Net 45", "due_num_days": 45}
    made = doors.flourish("POST", "/order-payment-terms", term).json["data"]
    found = doors.flourish("GET", f"/order-payment-terms/{made['order_payment_term_id']}").json["data"]
    assert found["due_num_days"] == 45
    assert doors.flourish("POST", "/order-payment-terms", term).status_code == 400
    assert doors.flourish("POST", "/order-payment-terms", term, facility=None).status_code == 400


def test_reps_name_their_facility(doors):
    reps = doors.flourish("GET", "/sales-reps").json["data"]
    assert {rep["facility_id"] for rep in reps} == {HOME, "00000002"}


def test_an_unknown_path_and_a_wrong_method_answer_in_the_envelope(doors):
    assert doors.flourish("GET", "/nothing").json["status"] == 404
    assert doors.flourish("DELETE", "/items").json["status"] == 405
