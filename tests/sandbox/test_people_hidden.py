"""What webhooks of a shop tell of people is in nothing that Trellis keeps of them, nor on any page."""

import json

import pytest

from portal.sync.redaction import excerpt, redact, without_people

QUINTESSA = {
    "firstName": "Quintessa",
    "lastName": "Zabriskie",
    "email": "quintessa@mail.example",
    "phone": "4155550177",
    "birthday": "1987-06-05",
    "medicalId": "MMJ-QZ-77",
    "medicalExpiration": "2031-02-03",
}
HOME = {"street": "77 Alley", "city": "Oakland", "administrativeArea": "CA", "postalCode": "94619"}
PHOTO = "https://photos.example/q.png"
HIDDEN = (*QUINTESSA.values(), "77 Alley", "94619", PHOTO, "1987")


def of_aiq(doors):
    """The webhook of an order of AIQ."""
    order = doors.shop(customer=QUINTESSA, medical=True, pickUpType="DELIVERY", deliveryAddress=HOME)
    return {"id": "1", "type": "ORDER_UPDATED", "data": {**order, "idPhotoUrl": PHOTO}, "created": "now"}


def of_flourish(doors):
    """The webhook of a retail order, as it shows the order alone."""
    customer = doors.buyer()
    changed = {
        "first_name": "Quintessa",
        "last_name": "Zabriskie",
        "email": "quintessa@mail.example",
        "phone": "4155550177",
        "dob": "1987-06-05",
        "patient_id": "MMJ-QZ-77",
        "state": "CA",
    }
    path = f"/flourish/retail/customers/{customer['id']}"
    answer = doors.control("POST", path, changed)
    assert answer.status_code == 200, answer.text
    order_id = doors.retail(delivery_contact_no="4155550177", delivery_email="quintessa@mail.example")["id"]
    order = doors.retail_order(order_id)
    assert order["customer"]["dob"] == "1987-06-05"
    return {"resource_type": "retail_order", "action": "update", "data": order}


def of_flourish_without_customer(doors):
    """The same of an order whose customer Flourish does not show."""
    told = of_flourish(doors)
    return {**told, "data": {name: one for name, one in told["data"].items() if name != "customer"}}


@pytest.mark.fault(83)
@pytest.mark.parametrize("webhook", [of_aiq, of_flourish, of_flourish_without_customer])
def test_who_somebody_is_is_not_kept_and_what_the_order_is_stays(doors, webhook):
    told = webhook(doors)
    raw = json.dumps(told).encode()

    kept, shown = without_people(raw).decode(), json.dumps(redact(told)) + excerpt(raw)

    assert [one for one in HIDDEN if one in raw.decode()]
    assert [one for one in HIDDEN if one in kept] == []
    assert [one for one in HIDDEN if one in shown] == []
    left = json.loads(kept)["data"]
    for name in ("id", "order_id", "orderId", "status", "order_status", "total", "total_price", "modified"):
        assert left.get(name) == told["data"].get(name)
