import json

import pytest

from portal.sync.reading import words
from portal.sync.redaction import KEPT, excerpt, is_sensitive, redact_query, without_people

SENSITIVE = words("""
api_key key apiKey x-api-key Authorization webhook_token access_token password client_secret LL-Signature
email company_email phone company_phone_number alternate_phone address address_line_1 delivery_address zip
zip_code zipcode unit_number first_name last_name dob contact contacts user created_by
firstName lastName birthday birthdayYear medicalId medicalExpiration medical_card_expiration patient_id
phone_number state_id preferred_name idPhotoUrl deliveryAddress delivery_contact_no physician postcode
""")
HARMLESS = words("""
sku name status license_number quantity unit_price unit_multiplier unit_of_measure monkey keyboard city state
order_status notes number amount modified external_id available_transitions customer_id is_verified
is_recreational medicalDispensary is_medical
""")


@pytest.mark.parametrize("name", sorted(SENSITIVE))
def test_secret_and_personal_fields_are_known_by_name(name):
    assert is_sensitive(name)


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_other_fields_are_kept(name):
    assert not is_sensitive(name)


@pytest.mark.fault(83)
def test_what_is_masked_is_masked_at_any_depth_and_nothing_stays_nothing():
    body = {"a": [{"email": "x@y.zz", "sku": "S", "phone": None}], "address": {"city": "Y"}, "zip": ""}
    assert json.loads(excerpt(json.dumps(body).encode())) == {
        "a": [{"email": "***", "sku": "S", "phone": None}],
        "address": "***",
        "zip": "",
    }


@pytest.mark.fault(83)
def test_a_name_beside_a_first_or_last_name_is_a_persons_and_another_is_kept():
    body = {"name": "Nia Quist", "lastName": None, "items": [{"name": "Pre-Roll"}]}
    kept = json.loads(excerpt(json.dumps(body).encode()))
    assert (kept["name"], kept["items"]) == ("***", [{"name": "Pre-Roll"}])


@pytest.mark.fault(83)
def test_a_body_that_is_cut_is_masked_too():
    kept = excerpt(b'{"sku": "S1", "email": "bob", "company_phone_number": "303-555", "api_key": "abc')
    assert "S1" in kept
    for hidden in ("bob", "303", "abc"):
        assert hidden not in kept


@pytest.mark.fault(83)
def test_credentials_are_masked_wherever_they_stand():
    kept = excerpt(
        b"no such key canary-1: Authorization: App canary-2222, mail bob@example.com", ["canary-1"]
    )
    assert kept == "no such key ***: Authorization: App ***, mail ***"


def test_what_is_kept_is_short_and_can_be_stored():
    assert len(excerpt(b'"' + "é".encode() * 3000 + b'"').encode()) <= KEPT + 4
    assert excerpt(b"x" * 1_000_000) == "(1,000,000 bytes)"
    assert "\x00" not in excerpt(b"a\x00b\xff")


def test_a_query_keeps_its_harmless_parameters():
    assert redact_query("/a/?limit=5&email=a@b.cd&include=x,y") == "/a/?limit=5&email=***&include=x,y"
    assert redact_query("/a/") == "/a/"


OF_PEOPLE = [
    {"data": {"customer": {"dob": "1990-02-03", "last_name": "Quist", "id": "7"}, "order_id": "42"}},
    {"data": {"birthday": "1990-02-03", "name": "Nia Quist", "firstName": "Nia", "id": "42"}},
    {"data": {"medicalId": "Quist-1990", "deliveryAddress": {"street": "1990 Quist"}, "id": "42"}},
]


@pytest.mark.fault(83)
@pytest.mark.parametrize("body", OF_PEOPLE, ids=lambda body: ",".join(body["data"]))
def test_a_body_of_a_person_is_kept_without_who_it_is_and_can_be_read_again(body):
    for raw in (json.dumps(body).encode(), json.dumps(body).encode()[:-1]):
        kept = without_people(raw)
        assert b"42" in kept
        for told in (b"1990", b"Quist", b"Nia"):
            assert told not in kept
    assert json.loads(without_people(json.dumps(body).encode()))["data"].keys() == body["data"].keys()


def test_a_body_of_no_person_stays_as_it_came():
    raw = b'{ "data": {"id": "42", "email": "buyer@shop.example"} }'
    assert without_people(raw) is raw
