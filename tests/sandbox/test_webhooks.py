"""Webhooks as each vendor sends them: signature, envelope, payload; retries; faults; survival."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import outbox as outbox_module
from sandbox.simulation import Simulation
from tests.sandbox.doors import OTHER_SKU, SKU, Doors
from tests.sandbox.receiver import Receiver, receiving, until
from tests.sandbox.seeded import Seeded


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def sending(tmp_path: Path, receiver: Receiver, seeded: Seeded) -> Iterator[Doors]:
    """Return doors of a sandbox of its own, whose senders run and whose webhooks go to the receiver."""
    seeded.write_to(tmp_path)
    simulation = Simulation(tmp_path)
    simulation.outbox.start()
    doors = Doors(simulation)
    doors.control("POST", "/leaflink/webhooks", {"company": "greenleaf", "url": receiver.url, "key": "clé"})
    doors.control(
        "POST",
        "/flourish/webhooks",
        {"company": "greenleaf", "url": receiver.url, "key": "hub-key", "headers": {"X-Hub": "seven"}},
    )
    yield doors
    simulation.close()


def test_a_leaflink_order_is_told_once_and_its_products_after_it(sending, receiver):
    order = sending.order(lines=[{"sku": SKU, "quantity": 24}])
    came = receiver.wait(2)
    for each in came:
        wanted = base64.b64encode(hmac.new("clé".encode(), each.body, hashlib.sha256).digest()).decode()
        assert each.headers["LL-Signature"] == wanted
        assert each.headers["User-Agent"].startswith("python-requests/")
    messages = {each.message["type"]: each.message for each in came}
    assert messages["order"]["action"] == "create"
    data = messages["order"]["data"]
    assert (data["number"], data["status"]) == (order["number"], "Submitted")
    assert {"modified", "available_transitions", "line_items"}.isdisjoint(data)
    line = data["orderedproduct_set"][0]
    assert (line["product"]["sku"], line["quantity"]) == (SKU, "24.0000")
    assert isinstance(line["ordered_unit_price"], str)
    assert data["customer"]["license_number"].startswith("C10-")
    assert messages["product"]["data"]["reserved_qty"] == "24.0000"


def test_an_echo_of_the_api_s_own_write_is_told_too(sending, receiver):
    order = sending.order(lines=[{"sku": SKU, "quantity": 24}])
    receiver.wait(2)
    sending.leaflink("PATCH", f"/orders-received/{order['number']}/", {"notes": "x"})
    assert receiver.wait(3)[2].message["action"] == "edit"


def test_a_draft_is_not_told_until_it_is_submitted(sending, receiver):
    order = sending.order(lines=[{"sku": SKU, "quantity": 24}], status="Draft")
    sending.leaflink("POST", f"/orders-received/{order['number']}/transition/submit/")
    messages = [each.message for each in receiver.wait(2)]
    assert [message["action"] for message in messages if message["type"] == "order"] == ["create"]


def test_some_orders_are_told_as_created_again_when_accepted(sending, receiver):
    for _ in range(4):
        number = sending.order(lines=[{"sku": SKU, "quantity": 24}])["number"]
        sending.leaflink("POST", f"/orders-received/{number}/transition/accept/")
    until(lambda: sending.simulation.outbox.waiting() == 0)
    orders = [each.message for each in receiver.came if each.message["type"] == "order"]
    actions = [message["action"] for message in orders if message["data"]["status"] == "Accepted"]
    assert sorted(actions) == ["create", "edit", "edit", "edit"]


def test_each_line_of_an_order_tells_of_its_product(sending, receiver):
    lines = [{"sku": SKU, "quantity": 24}, {"sku": OTHER_SKU, "quantity": 24}]
    sending.order(lines=[*lines, {"sku": SKU, "quantity": 1, "is_sample": True}])
    messages = [each.message for each in receiver.wait(4)]
    skus = sorted(message["data"]["sku"] for message in messages if message["type"] == "product")
    assert skus == sorted([SKU, OTHER_SKU, SKU])
    until(lambda: sending.simulation.outbox.waiting() == 0)
    assert len(receiver.came) == 4


def test_a_combination_is_told_as_changed_originals_and_a_new_order(sending, receiver):
    asked = {"lines": [{"sku": SKU, "quantity": 24}], "customer": "C10-0000217-LIC"}
    numbers = [sending.order(**asked)["number"] for _ in range(2)]
    receiver.wait(4)
    new = sending.control("POST", "/leaflink/combine", {"numbers": numbers}).json["number"]
    until(lambda: sending.simulation.outbox.waiting() == 0)
    told = [each.message for each in receiver.came[4:] if each.message["type"] == "order"]
    assert sorted(
        (each["data"]["number"], each["action"], each["data"]["status"]) for each in told
    ) == sorted([(number, "edit", "Combined") for number in numbers] + [(new, "create", "Submitted")])


def test_a_flourish_order_and_its_stock_are_told_with_signature_and_headers(sending, receiver):
    order = sending.outbound()
    came = receiver.wait(2)
    for each in came:
        assert each.headers["Auth-Signature"] == hmac.new(b"hub-key", each.body, hashlib.sha256).hexdigest()
        assert each.headers["X-Hub"] == "seven"
    messages = {each.message["resource_type"]: each.message for each in came}
    assert messages["order"]["action"] == "create"
    assert (
        messages["order"]["data"] == sending.flourish("GET", f"/outbound-orders/{order['id']}").json["data"]
    )
    assert messages["inventory_summary"]["data"] == sending.item(SKU)


def register(doors, receiver, **fields):
    """Register an endpoint of Flourish in place of the one of this address."""
    asked = {"company": "greenleaf", "url": receiver.url, **fields}
    assert doors.control("POST", "/flourish/webhooks", asked).status_code == 201


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (["Outbound Order", "Inventory"], {"order", "inventory_summary"}),
        (["Inventory"], {"inventory_summary"}),
        (["Outbound Order"], {"order"}),
        (["Item"], {"item"}),
        (None, {"order", "inventory_summary", "item"}),
    ],
)
def test_an_endpoint_is_sent_the_events_that_it_names(sending, receiver, events, told):
    register(sending, receiver, key="k", events=events)
    sending.outbound()
    sending.control("POST", f"/flourish/items/{SKU}", {"item_name": "Renamed"})
    receiver.wait(len(told))
    until(lambda: sending.simulation.outbox.waiting() == 0)
    assert {each.message["resource_type"] for each in receiver.came} == told


def test_both_header_pairs_go_with_each_delivery_and_cannot_replace_the_signature(sending, receiver):
    headers = {"X-Trellis-Hub": "one", "X-Trellis-Word": "two", "Auth-Signature": "forged"}
    register(sending, receiver, key="k", headers=headers, events=["Outbound Order"])
    sending.outbound()
    came = receiver.wait(1)[0]
    assert (came.headers["X-Trellis-Hub"], came.headers["X-Trellis-Word"]) == ("one", "two")
    assert came.headers["Auth-Signature"] == hmac.new(b"k", came.body, hashlib.sha256).hexdigest()


def test_an_endpoint_without_a_signing_key_is_sent_no_signature(sending, receiver):
    register(sending, receiver, events=["Outbound Order"], headers={"X-Hub": "seven"})
    sending.outbound()
    came = receiver.wait(1)[0]
    assert ("Auth-Signature" in came.headers, came.headers["X-Hub"]) == (False, "seven")


def test_changes_of_items_and_stock_are_told_and_a_change_of_nothing_is_not(sending, receiver):
    for change in ({"price": 9}, {"quantity": 3}, {"price": 9}):
        sending.control("POST", f"/flourish/items/{SKU}", change)
    until(lambda: sending.simulation.outbox.waiting() == 0)
    messages = {each.message["resource_type"]: each.message for each in receiver.came}
    assert len(messages) == len(receiver.came) == 2
    assert messages["item"]["data"] == sending.flourish("GET", f"/items?sku={SKU}").json["data"][0]
    assert messages["inventory_summary"]["data"] == sending.item(SKU)
    assert messages["item"]["action"] == messages["inventory_summary"]["action"] == "update"


def test_a_payment_is_told(sending, receiver):
    order = sending.outbound()
    receiver.wait(2)
    sending.control("POST", f"/flourish/orders/{order['id']}/pay")
    until(lambda: sending.simulation.outbox.waiting() == 0)
    assert [each.message["data"]["payment_status"] for each in receiver.came[2:]] == ["Paid"]


def test_another_company_s_change_is_not_told(sending, receiver):
    sending.order(company="sunrise")
    sending.outbound()
    assert {each.message.get("resource_type") for each in receiver.wait(2)} == {"order", "inventory_summary"}


def test_a_refused_delivery_is_tried_again(sending, receiver, monkeypatch):
    monkeypatch.setattr(outbox_module, "RETRY_SECONDS", (0, 0, 0))
    receiver.statuses = [500, 401, 202]
    sending.outbound(order_lines=[{"sku": SKU, "order_qty": 1}])
    receiver.wait(4)
    until(lambda: sending.simulation.outbox.waiting() == 0)
    states = [(row["state"], row["outcome"]) for row in sending.control("GET", "/deliveries").json]
    assert states == [("sent", "202"), ("sent", "202")]


def test_a_delivery_is_given_up_after_its_last_try(sending, receiver, monkeypatch):
    monkeypatch.setattr(outbox_module, "RETRY_SECONDS", (0,))
    receiver.statuses = [500]
    sending.outbound()
    until(lambda: sending.simulation.outbox.waiting() == 0)
    assert {row["state"] for row in sending.control("GET", "/deliveries").json} == {"given up"}


def test_the_schedule_is_about_fourteen_tries_in_seven_minutes():
    assert len(outbox_module.RETRY_SECONDS) + 1 == 14
    assert 360 <= sum(outbox_module.RETRY_SECONDS) <= 480


@pytest.mark.parametrize(
    ("fault", "count", "states"), [("webhook-duplicate", 4, {"sent"}), ("webhook-drop", 0, {"dropped"})]
)
def test_webhooks_are_doubled_or_lost_by_fault(sending, receiver, fault, count, states):
    sending.control("POST", "/faults", {"platform": "flourish", "fault": fault})
    sending.outbound()
    until(lambda: sending.simulation.outbox.waiting() == 0)
    assert len(receiver.came) == count
    assert {row["state"] for row in sending.control("GET", "/deliveries").json} == states
    sending.order(lines=[{"sku": SKU, "quantity": 24}])
    assert receiver.wait(count + 2)


def test_what_was_not_sent_is_sent_by_the_next_process(tmp_path, receiver):
    first = Simulation(tmp_path)
    doors = Doors(first)
    doors.control("POST", "/flourish/webhooks", {"company": "greenleaf", "url": receiver.url, "key": "k"})
    doors.outbound()
    first.close()
    assert receiver.came == []
    second = Simulation(tmp_path)
    second.outbox.start()
    assert len(receiver.wait(2)) == 2
    second.close()
