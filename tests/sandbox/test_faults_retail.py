"""Flourish's retail side under faults, as our client meets them over HTTP: nothing is made twice unseen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest

from portal.sync.addresses import check_address
from portal.sync.errors import ConnectionBroken, Rejected, Unsettled
from portal.sync.flourish import FLOURISH, authorise
from portal.sync.flourish.retail_client import RetailClient
from portal.sync.http import Caller
from portal.sync.retail import CustomerDraft, CustomerLookup, Person
from tests.sandbox.doors import SKU
from tests.sandbox.seeded import Seeded
from tests.sandbox.street import Street, served
from tests.sandbox.test_retail_synced import draft

NIA = CustomerDraft(Person("Nia", "Quist", "nia@guests.example", "4155550100", date(1990, 2, 3)))
BY_EMAIL = CustomerLookup("email", "nia@guests.example")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with served(tmp_path_factory.mktemp("street")) as street:
        yield street


@pytest.fixture
def street(running: Street, seeded: Seeded) -> Street:
    seeded.put_back(running.simulation)
    return running


@pytest.fixture
def ours(street: Street) -> Iterator[RetailClient]:
    address = check_address(f"{street.url}/flourish/external/api/", hosts=(), allow_loopback=True)
    key = authorise({"api_key": "fl-greenleaf-key"})
    with Caller(address, key, label="Flourish", turnstile=lambda: None, user_agent="T") as calls:
        yield FLOURISH.connect(calls).retail


def test_a_customer_whose_answer_was_lost_is_found_and_made_no_second_time(street, ours):
    number = street.fault("commit-then-drop", only="POST /customers")
    with pytest.raises(Unsettled):
        ours.create_customer(NIA)
    street.control("DELETE", f"faults/{number}")
    (there,) = ours.customers(BY_EMAIL)
    assert there.person == NIA.person
    with pytest.raises(Rejected):
        ours.create_customer(NIA)
    assert [each.id for each in ours.customers(BY_EMAIL)] == [there.id]


def test_an_order_whose_answer_was_lost_is_found_by_its_customer_number_and_note(street, ours):
    customer = ours.create_customer(NIA).id
    street.fault("commit-then-drop", only="POST /retail-orders")
    with pytest.raises(Unsettled):
        ours.create_order(draft(customer))
    (there,) = ours.orders(customer_id=customer)
    assert (there.original_order_id, there.notes) == ("20471883", ("Trellis c1 n1", "Ring twice"))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_order_that_comes_late_comes_in_either_version(street, ours, version):
    customer = ours.create_customer(NIA).id
    street.fault("late-commit", argument="1 504", only="POST /retail-orders")
    body = {
        "customer_id": customer,
        "fulfillment_type": "pickup",
        "order_lines": [{"sku": SKU, "order_qty": 20, "unit_price": 20}],
    }
    street.flourish("POST", f"{street.url}/flourish/external/api/{version}/retail-orders", json=body)
    assert list(ours.orders(customer_id=customer)) == []
    until = time.monotonic() + 10
    while not (found := list(ours.orders(customer_id=customer))) and time.monotonic() < until:
        time.sleep(0.05)
    # Version 2 is the one with the discount engine, late as well.
    assert [each.discount for each in found] == [20 if version == "v2" else 0]


def test_a_revoked_key_reads_and_writes_nothing(street, ours):
    street.fault("revoked-key", argument=401)
    for act in (lambda: ours.customers(BY_EMAIL), lambda: ours.create_customer(NIA), ours.discounts):
        with pytest.raises(ConnectionBroken):
            act()


def test_every_call_is_in_the_ledger(street, ours):
    ours.create_customer(NIA)
    ours.discounts()
    last = [
        (each["method"], each["path"], each["status"]) for each in street.ledger(platform="flourish")[-2:]
    ]
    assert last == [
        ("POST", "/flourish/external/api/v1/customers", 200),
        ("GET", "/flourish/external/api/v1/retail-discounts", 200),
    ]
