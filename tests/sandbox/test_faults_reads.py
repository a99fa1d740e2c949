"""Faults of what reads see: what lags behind, what is missing, what moves between pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.receiver import until
from tests.sandbox.seeded import Seeded
from tests.sandbox.street import ORDERS, Street, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with served(tmp_path_factory.mktemp("street")) as street:
        yield street


@pytest.fixture
def street(running: Street, seeded: Seeded) -> Street:
    seeded.put_back(running.simulation)
    running.control("POST", "settings", {"leaflink_rate_limit": 0})
    return running


def total(street: Street) -> int:
    return int(street.flourish("GET", ORDERS).json()["meta"]["total"])


def pass_time(street: Street, seconds: float) -> None:
    """Let what is past be so many seconds further back."""
    street.simulation.store.execute("UPDATE past SET changed = changed - ? / 86400.0", (seconds,))


def test_a_new_order_is_not_there_until_the_lag_is_over(street):
    street.fault("stale-reads", argument=60)
    key = street.create().json()["data"]["id"]
    assert street.orders() == ["9bf6e2fa"]  # it is done
    assert total(street) == 0
    assert street.flourish("GET", f"{ORDERS}/{key}").status_code == 404
    pass_time(street, 61)
    assert total(street) == 1
    assert street.flourish("GET", f"{ORDERS}/{key}").status_code == 200


def test_the_lag_is_over_when_its_seconds_are(street):
    street.fault("stale-reads", argument=0.2)
    street.create()
    until(lambda: total(street) == 1)


def test_a_changed_order_shows_what_it_was_and_each_thing_lags_for_itself(street):
    one, two = street.place(), street.place()
    street.fault("stale-reads", "leaflink", argument=60)
    street.leaflink("POST", f"/orders-received/{one}/transition/accept/")
    pass_time(street, 40)
    street.leaflink("POST", f"/orders-received/{two}/transition/accept/")

    def statuses() -> dict[str, str]:
        rows = street.leaflink("GET", "/orders-received/").json()["results"]
        return {row["number"]: row["status"] for row in rows}

    assert statuses() == {one: "Submitted", two: "Submitted"}
    assert street.leaflink("GET", f"/orders-received/{one}/").json()["status"] == "Submitted"
    pass_time(street, 30)
    assert statuses() == {one: "Accepted", two: "Submitted"}
    pass_time(street, 40)
    assert statuses() == {one: "Accepted", two: "Accepted"}


def test_a_record_that_changed_twice_shows_each_of_its_states_in_turn(street):
    number = street.place()
    street.fault("stale-reads", "leaflink", argument=60)

    def status() -> str:
        return str(street.leaflink("GET", f"/orders-received/{number}/").json()["status"])

    street.leaflink("POST", f"/orders-received/{number}/transition/accept/")
    pass_time(street, 40)
    street.leaflink("POST", f"/orders-received/{number}/transition/fulfill/")
    assert status() == "Submitted"
    assert street.leaflink("GET", "/orders-received/?status=Submitted").json()["count"] == 1
    pass_time(street, 30)
    assert status() == "Accepted"
    pass_time(street, 40)
    assert status() == "Fulfilled"


def test_a_write_sees_the_present(street):
    street.fault("stale-reads", argument=60)
    key = street.create().json()["data"]["id"]
    answer = street.flourish("PUT", f"{ORDERS}/{key}", json={"order_status": "Cancelled"})
    assert answer.status_code == 200, answer.text


def test_reads_that_lag_change_nothing_and_end_with_the_fault(street):
    number = street.fault("stale-reads", argument=60)
    street.create()
    assert total(street) == 0
    assert street.ledger()[-1]["fault"] == "stale-reads"
    street.control("DELETE", f"faults/{number}")
    assert total(street) == 1
    assert street.orders() == ["9bf6e2fa"]


def test_the_other_platform_does_not_lag(street):
    street.fault("stale-reads", argument=60)
    street.place()
    assert street.leaflink("GET", "/orders-received/").json()["count"] == 1


def test_reads_lag_after_a_restart_too(tmp_path: Path):
    with served(tmp_path) as street:
        street.fault("stale-reads", argument=60)
        street.create()
    with served(tmp_path) as street:
        assert total(street) == 0
        street.create("another")
        assert total(street) == 0
        street.control("DELETE", "faults")
        assert total(street) == 2


@pytest.mark.parametrize(
    "path", ["/items", "/items?limit=5&offset=5", "/inventory/summary?sku=GL-FL35-BLUDRE"]
)
def test_flourish_s_catalogue_is_empty(street, path):
    number = street.fault("empty-catalogue")
    page = street.flourish("GET", path).json()
    assert (page["data"], page["meta"]["total"], page["meta"]["next"]) == ([], 0, "")
    street.control("DELETE", f"faults/{number}")
    assert street.flourish("GET", path).json()["meta"]["total"] > 0


def test_leaflink_s_catalogue_is_empty_and_all_else_is_there(street):
    product = street.leaflink("GET", "/products/?limit=1").json()["results"][0]["id"]
    street.fault("empty-catalogue", "leaflink")
    assert street.leaflink("GET", "/products/").json()["results"] == []
    assert street.leaflink("GET", f"/products/{product}/").status_code == 200
    assert street.leaflink("GET", "/customers/").json()["count"] > 0
    assert len(street.control("GET", "state").json()["leaflink"]["products"]) > 0


def test_ordo_s_catalogue_is_empty_and_all_else_is_there(street):
    street.fault("empty-catalogue", "ordo")
    assert street.ordo("GET", "/items").json() == {"data": [], "next_cursor": None}
    assert len(street.ordo("GET", "/brands").json()["data"]) == 3
    assert len(street.control("GET", "state").json()["ordo"]["items"]) == 216


def test_an_ordo_order_shows_what_it_was(street):
    key = street.control("POST", "ordo/orders", {"lines": 1, "status": "Confirmed"}).json()["id"]
    street.fault("stale-reads", "ordo", argument=60)
    street.ordo("PATCH", f"/orders/{key}", json={"status": "Paid"})
    assert street.ordo("GET", f"/orders/{key}").json()["status"] == "Confirmed"
    pass_time(street, 61)
    assert street.ordo("GET", f"/orders/{key}").json()["status"] == "Paid"


def pull(street: Street, platform: str, path: str, rows: str, key: str) -> list[str]:
    """Return what a caller gets who walks a list by its links."""
    found: list[str] = []
    first = path
    while path:
        page = street.ask("GET", platform, path).json()
        found += [str(row[key]) for row in page[rows]]
        path = following(platform, first, page)
    return found


def following(platform: str, first: str, page: dict[str, Any]) -> str:
    """Return what leads on from a page, or nothing."""
    if platform == "ordo":
        return f"{first}&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    return str((page["next"] if platform == "leaflink" else page["meta"]["next"]) or "")


LISTS = [
    ("leaflink", "/products/?limit=100", "results", "id"),
    ("leaflink", "/customers/?limit=40", "results", "id"),
    ("flourish", "/items?limit=50", "data", "id"),
    ("flourish", "/destinations?limit=40", "data", "id"),
    ("flourish", "/inventory/summary?limit=50", "data", "sku"),
    ("ordo", "/items?limit=20", "data", "id"),
]


@pytest.mark.parametrize(
    ("platform", "path", "rows", "key"), LISTS, ids=[f"{p}{path}" for p, path, *_ in LISTS]
)
def test_rows_that_move_between_pages_are_missed_or_doubled_and_found_by_more_pulls(
    street, platform, path, rows, key
):
    truth = pull(street, platform, path, rows, key)
    assert len(set(truth)) == len(truth)
    number = street.fault("page-shift", platform, argument=3)
    first = pull(street, platform, path, rows, key)
    assert set(first) < set(truth)  # some were missed
    assert len(set(first)) < len(first)  # and some came twice
    assert len(first) == len(truth)  # while the count is right
    seen = set(first)
    for _ in range(10):
        if seen == set(truth):
            break
        seen.update(pull(street, platform, path, rows, key))
    assert seen == set(truth)
    street.control("DELETE", f"faults/{number}")
    assert sorted(pull(street, platform, path, rows, key)) == sorted(truth)


def test_the_last_page_moves_nothing(street):
    street.fault("page-shift", times=1)
    street.flourish("GET", "/facilities")
    assert street.control("GET", "faults").json()["on"][0]["times"] == 1
