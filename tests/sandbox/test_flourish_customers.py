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
    assert read.json["data"] == customer
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
