"""AIQ under the switchboard's faults, on a served simulation: as the others, in AIQ's words and pages."""

from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.receiver import receiving
from tests.sandbox.seeded import Seeded
from tests.sandbox.street import Street, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with served(tmp_path_factory.mktemp("street")) as street:
        yield street


@pytest.fixture
def street(running: Street, seeded: Seeded) -> Street:
    seeded.put_back(running.simulation)
    running.control("POST", "settings", {"aiq_per_second": 0})
    return running


@pytest.fixture
def shelf(street):
    """The list of the first venue's products."""
    return f"/products?venueId={street.aiq('GET', '/venues').json()['data'][0]['id']}"


@pytest.fixture
def order(street, shelf):
    return street.control("POST", "aiq/orders", {"lines": 1, "status": "CONFIRMED"}).json()


@pytest.mark.parametrize(("argument", "name"), [(401, "UnauthenticatedError"), (403, "ForbiddenError")])
def test_a_revoked_key_is_refused_in_aiq_s_words(street, argument, name):
    street.fault("revoked-key", "aiq", argument=argument)
    answer = street.aiq("GET", "/venues")
    assert (answer.status_code, answer.json()["name"]) == (argument, name)


def test_the_catalogue_is_empty_and_all_else_is_there(street, shelf):
    street.fault("empty-catalogue", "aiq")
    shown = street.aiq("GET", shelf).json()
    assert (shown["count"], shown["data"]) == (0, [])
    assert street.aiq("GET", shelf.replace("products", "categories")).json()["count"] == 8
    assert len(street.control("GET", "state").json()["aiq"]["products"]) == 160


def test_pages_go_round_for_ever(street, shelf):
    street.fault("loop-next", "aiq")
    pages = [street.aiq("GET", f"{shelf}&limit=5&skip={place * 5}").json() for place in range(12)]
    assert all(page["data"] == pages[0]["data"] for page in pages)
    assert all(page["count"] > page["skip"] + 5 for page in pages)


def test_rows_move_between_pages(street, shelf):
    def pull():
        pages = [street.aiq("GET", f"{shelf}&limit=5&skip={place * 5}").json() for place in range(4)]
        return [row["id"] for page in pages for row in page["data"]]

    truth = pull()
    street.fault("page-shift", "aiq", argument=2)
    moved = pull()
    assert set(moved) < set(truth)
    assert len(set(moved)) < len(moved)


def test_an_order_shows_what_it_was(street, order):
    street.fault("stale-reads", "aiq", argument=60)
    street.aiq("PATCH", f"/orders/{order['id']}", json={"status": "CLOSED"})
    assert street.aiq("GET", f"/orders/{order['id']}").json()["status"] == "CONFIRMED"
    street.control("DELETE", "faults")
    assert street.aiq("GET", f"/orders/{order['id']}").json()["status"] == "CLOSED"


@pytest.mark.parametrize(("fault", "done"), [("commit-then-drop", True), ("500", False), ("html-200", False)])
def test_a_change_that_went_wrong_is_made_good_by_saying_it_again(street, order, fault, done):
    path, body = f"/orders/{order['id']}", {"status": "READY_FOR_PICKUP", "posOrderId": "00000009"}
    street.fault(fault, "aiq", times=1)
    if fault == "commit-then-drop":
        with pytest.raises(requests.ConnectionError):
            street.aiq("PATCH", path, json=body)
    else:
        street.aiq("PATCH", path, json=body)
    assert (street.aiq("GET", path).json()["posOrderId"] is not None) is done
    assert street.aiq("PATCH", path, json=body).json() == street.aiq("GET", path).json()
    kept = street.simulation.office("aiq", "greenleaf").need("order", order["id"])
    assert [each["what"] for each in kept["happened"]] == ["placed", "confirm", "changed status, posOrderId"]


def test_an_event_arrives_without_a_signature_and_may_arrive_twice(street, shelf):
    with receiving() as receiver:
        street.control("POST", "aiq/webhooks", {"company": "greenleaf", "url": receiver.url})
        street.control("POST", "aiq/orders", {"lines": 1})
        first = receiver.wait(1)[0]
        assert first.message["type"] == "ORDER_CREATED"
        assert not [name for name in first.headers if "sign" in name.lower() or "auth" in name.lower()]
        street.fault("webhook-duplicate", "aiq")
        street.control("POST", "aiq/orders", {"lines": 1})
        twice = receiver.wait(3)[1:]
        assert twice[0].message == twice[1].message
