"""Flourish's retail customers: found by patient id, phone or e-mail; nobody is there twice."""

import pytest

NEW = {"first_name": "Nia", "last_name": "Quist", "email": "Nia.Quist@guests.example", "dob": "1990-02-03"}


def found(doors, query, world="greenleaf"):
    return doors.flourish("GET", f"/customers?{query}", world=world, facility=None).json["data"]


def create(doors, **fields):
    return doors.flourish("POST", "/customers", {**NEW, **fields}, facility=None)


def test_a_shopper_of_the_world_is_found_by_each_thing_that_is_looked_up(doors):
    shopper = doors.simulation.office("aiq", "greenleaf").find("user")[0]
    for query in (
        f"patient_id={shopper['medicalId']}",
        f"phone_number={shopper['phone']}",
        f"email={shopper['email'].upper()}",
        f"first_name={shopper['firstName']}&dob={shopper['birthday']}",
    ):
        assert [each["last_name"] for each in found(doors, query)] == [shopper["lastName"]], query
    assert found(doors, f"email={shopper['email']}", world="sunrise") == []
    unmet = doors.simulation.office("aiq", "greenleaf").find("user")[-1]
    assert found(doors, f"email={unmet['email']}") == []


def test_a_customer_is_created_and_read_again(doors):
    made = create(
        doors, phone="(415) 555-0100", state="CA", patient_id="P-1", medical_card_expiration="2027-01-01",
        address=[{"address_line_1": "12 Fern Court", "city": "Oakland", "postcode": "94607"}],
    )  # fmt: skip
    assert made.status_code == 200, made.text
    customer = made.json["data"]
    assert (customer["phone"], customer["email"]) == ("4155550100", "nia.quist@guests.example")
    assert (customer["is_verified"], customer["is_active"], customer["customer_disciplinary_status"]) == (
        False, True, "no issues",
    )  # fmt: skip
    assert customer["address"][0]["city"] == "Oakland"
    read = doors.flourish("GET", f"/customers/{customer['id']}", facility=None)
    # The kind of an address has another name where a customer is shown alone.
    assert read.json["data"]["address"][0].pop("address_type") == customer["address"][0]["type"]
    assert read.json["data"] | {"address": customer["address"]} == customer
    assert found(doors, "phone_number=4155550100") == [customer]


@pytest.mark.parametrize(
    "fields", [{}, {"email": "NIA.QUIST@guests.example"}, {"email": "other@guests.example"}]
)
def test_nobody_is_there_twice(doors, fields):
    assert create(doors, patient_id="P-1", state="CA").status_code == 200
    answer = create(doors, patient_id="P-1", state="CA", **fields)
    assert (answer.status_code, "already exists" in answer.json["message"]) == (400, True)
    assert len(found(doors, "last_name=Quist")) == 1


@pytest.mark.parametrize(
    "fields",
    [{"first_name": ""}, {"last_name": None}, {"email": None}, {"email": "nobody"}, {"email": "@a.example"},
     {"email": "a b@c.example"}, {"email": 5}, {"dob": None}, {"dob": "young"}, {"phone": 5},
     {"patient_id": "P-1"}, {"is_verified": "yes"}, {"customer_group": "giants"},
     {"customer_disciplinary_status": "fine"}, {"medical_card_expiration": "never"}, {"address": "here"},
     {"address": [{}] * 4}, {"address": [{"type": "holiday"}]}, {"address": [{"city": 5}]}],
    ids=str,
)  # fmt: skip
def test_a_customer_that_is_not_valid_is_refused_and_not_kept(doors, fields):
    answer = create(doors, **fields)
    assert answer.status_code == 400
    assert answer.json["message"]
    assert found(doors, "last_name=Quist") == []


def test_a_customer_of_another_company_is_not_there(doors):
    key = found(doors, "limit=1")[0]["id"]
    assert doors.flourish("GET", f"/customers/{key}", world="sunrise", facility=None).status_code == 404


def test_a_customer_is_replaced_whole_and_keeps_the_addresses_unless_others_are_sent(doors):
    made = create(doors, phone="4155550100", address=[{"city": "Oakland"}]).json["data"]
    path = f"/customers/{made['id']}"
    changed = doors.flourish("PUT", path, NEW | {"last_name": "Quill"}, facility=None).json["data"]
    assert (changed["last_name"], changed["phone"], changed["address"][0]["city"]) == (
        "Quill",
        None,
        "Oakland",
    )
    moved = doors.flourish("PUT", path, NEW | {"address": [{"city": "Fresno"}]}, facility=None).json["data"]
    assert [each["city"] for each in moved["address"]] == ["Fresno"]
    taken = {"email": found(doors, "limit=1")[0]["email"]}
    refused = doors.flourish("PUT", path, NEW | taken, facility=None)
    assert (refused.status_code, refused.json["message"]) == (400, "email already exists")
    assert doors.flourish("PUT", "/customers/99", NEW, facility=None).status_code == 404


def test_a_write_remarks_that_a_patient_is_in_no_registry(doors):
    assert create(doors).json["code"] == "CUS0001"
    patient = create(doors, email="p@guests.example", patient_id="P-1", state="CA")
    assert patient.json["code"] == "CUS0003"


def test_a_merged_customer_is_inactive_and_the_kept_one_has_the_orders(doors):
    kept, gone = doors.buyer(0), doors.buyer(3)
    order_id = doors.retail(customer_id=gone["id"])["id"]
    doors.control("POST", f"/flourish/retail/customers/{gone['id']}", {"merged_into": kept["id"]})
    now = doors.flourish("GET", f"/customers/{gone['id']}", facility=None).json["data"]
    assert (now["is_active"], now["customer_status"], now["merged_customer_id"]) == (
        False,
        "Merged",
        kept["id"],
    )
    assert now["email"] == f"{gone['email']}-INACTIVE-{gone['id']}"
    assert now["patient_id"] == f"{gone['patient_id']}-INACTIVE-{gone['id']}"
    order = doors.retail_order(order_id)
    assert (order["customer_id"], order["original_customer_id"]) == (kept["id"], gone["id"])


def test_staff_change_a_customer_and_refuse_what_is_not_valid(doors):
    path = f"/flourish/retail/customers/{doors.buyer()['id']}"
    changed = doors.control(
        "POST", path, {"is_verified": False, "customer_disciplinary_status": "banned"}
    ).json
    assert (changed["is_verified"], changed["customer_disciplinary_status"]) == (False, "banned")
    for wrong in (
        {"colour": "red"},
        {"is_verified": 1},
        {"merged_into": "99"},
        {"merged_into": doors.buyer()["id"]},
    ):
        assert doors.control("POST", path, wrong).status_code == 400, wrong
    assert doors.control("POST", "/flourish/retail/customers/99", {}).status_code == 404
