"""Faults: each does what its row says, as often and as long as asked."""

import time

import pytest

from sandbox.faults.switchboard import Faults
from sandbox.faults.table import KINDS
from tests.sandbox.doors import outbound_body


def switch_on(doors, **fault):
    assert doors.control("POST", "/faults", {"platform": "flourish", **fault}).status_code == 201


def total(doors):
    return doors.flourish("GET", "/outbound-orders").json["meta"]["total"]


def test_latency_answers_late(doors):
    switch_on(doors, fault="latency", argument=0.15)
    start = time.monotonic()
    assert doors.flourish("GET", "/facilities").status_code == 200
    assert time.monotonic() - start >= 0.15


def test_429_names_when_to_come_back_and_does_nothing(doors):
    switch_on(doors, fault="429", argument=17, times=1)
    answer = doors.flourish("POST", "/outbound-orders", outbound_body())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    assert total(doors) == 0
    (asked_to_wait, *others) = doors.control("GET", "/ledger").json
    assert asked_to_wait["retry_after"] == "17"
    assert {row["retry_after"] for row in others} <= {None}


def test_500_does_nothing(doors):
    switch_on(doors, fault="500", times=1)
    answer = doors.flourish("POST", "/outbound-orders", outbound_body())
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert total(doors) == 0


def test_commit_then_drop_does_the_write_and_cuts_the_connection(doors):
    switch_on(doors, fault="commit-then-drop", times=1)
    with pytest.raises(ConnectionAbortedError):
        doors.flourish("POST", "/outbound-orders", outbound_body())
    assert total(doors) == 1
    assert [
        row["status"]
        for row in doors.control("GET", "/ledger?platform=flourish").json
        if row["method"] == "POST"
    ] == [200]


def test_commit_then_drop_answers_a_status_instead_when_told(doors):
    switch_on(doors, fault="commit-then-drop", argument=502)
    assert doors.flourish("POST", "/outbound-orders", outbound_body()).status_code == 502
    assert total(doors) == 1  # reads go on as ever
    assert (
        doors.flourish("POST", "/outbound-orders", {}).status_code == 400
    )  # nothing was written: nothing to hide


def test_a_fault_hits_its_own_platform_only(doors):
    switch_on(doors, fault="500")
    assert doors.leaflink("GET", "/companies/").status_code == 200


def test_a_fault_ends_after_its_times_its_seconds_or_when_cleared(doors):
    switch_on(doors, fault="500", times=2)
    statuses = [doors.flourish("GET", "/facilities").status_code for _ in range(3)]
    assert statuses == [500, 500, 200]
    switch_on(doors, fault="500", seconds=0)
    assert doors.flourish("GET", "/facilities").status_code == 200
    switch_on(doors, fault="500")
    assert len(doors.control("GET", "/faults").json["on"]) == 1
    assert doors.control("DELETE", "/faults").status_code == 204
    assert doors.flourish("GET", "/facilities").status_code == 200


def test_one_fault_is_switched_off_and_the_others_stay(doors):
    switch_on(doors, fault="500", only="GET /brands")
    switch_on(doors, fault="429")
    first, second = doors.control("GET", "/faults").json["on"]
    assert doors.control("DELETE", f"/faults/{second['id']}").status_code == 204
    assert doors.control("GET", "/faults").json["on"] == [first]
    assert doors.flourish("GET", "/facilities").status_code == 200
    assert doors.flourish("GET", "/brands").status_code == 500
    assert doors.control("DELETE", f"/faults/{second['id']}").status_code == 404
    assert doors.control("DELETE", "/faults/none").status_code == 404


@pytest.mark.parametrize(
    ("only", "struck"),
    [
        ("POST /outbound-orders", {"POST /outbound-orders"}),
        ("POST /outbound-orders/", {"POST /outbound-orders"}),
        ("/outbound-orders", {"POST /outbound-orders", "GET /outbound-orders"}),
        ("/outbound-orders/*", {"GET /outbound-orders/1"}),
        ("/outbound*", {"POST /outbound-orders", "GET /outbound-orders", "GET /outbound-orders/1"}),
        ("GET", {"GET /outbound-orders", "GET /outbound-orders/1", "GET /facilities"}),
        ("", {"POST /outbound-orders", "GET /outbound-orders", "GET /outbound-orders/1", "GET /facilities"}),
    ],
)
def test_a_fault_strikes_only_the_requests_it_is_told_to(doors, only, struck):
    switch_on(doors, fault="429-no-header", only=only)
    requests = ("POST /outbound-orders", "GET /outbound-orders", "GET /outbound-orders/1", "GET /facilities")
    found = {each for each in requests if doors.flourish(*each.split(" "), None).status_code == 429}
    assert found == struck


def test_requests_that_are_spared_do_not_use_up_its_times(doors):
    switch_on(doors, fault="commit-then-drop", argument=503, times=1, only="POST /outbound-orders")
    assert doors.flourish("GET", "/facilities").status_code == 200
    assert doors.flourish("POST", "/outbound-orders", {}).status_code == 400
    assert doors.flourish("POST", "/outbound-orders", outbound_body()).status_code == 503
    assert doors.flourish("POST", "/outbound-orders", outbound_body()).status_code == 200


def test_a_fault_that_another_one_forestalled_has_not_struck(doors):
    switch_on(doors, fault="429", times=1)
    switch_on(doors, fault="500", times=1)
    assert [doors.flourish("GET", "/facilities").status_code for _ in range(3)] == [429, 500, 200]


def test_the_list_explains_every_fault(doors):
    kinds = doors.control("GET", "/faults").json["kinds"]
    assert [each["fault"] for each in kinds] == list(KINDS)
    assert set(KINDS) == {
        "latency", "429", "429-no-header", "500", "commit-then-drop", "late-commit", "truncate", "html-200",
        "slow-drip", "stale-reads", "webhook-duplicate", "webhook-drop", "webhook-shuffle", "webhook-delay",
        "revoked-key", "empty-catalogue", "huge-body", "redirect", "page-shift", "loop-next",
        "wrong-total",
    }  # fmt: skip
    assert all(each["about"].endswith(".") for each in kinds)


def test_what_one_fault_does_changes_nothing_about_when_another_strikes(doors):
    def occasions() -> list[int]:
        doors.simulation.faults.reseed(7)
        return [doors.flourish("GET", "/facilities").status_code for _ in range(20)]

    switch_on(doors, fault="500", rate=0.5)
    alone = occasions()
    switch_on(doors, fault="latency", rate=0.5, argument=0)
    assert occasions() == alone


def test_what_is_spent_is_not_kept(doors):
    switch_on(doors, fault="500", seconds=0)
    switch_on(doors, fault="500", times=1)
    doors.flourish("GET", "/facilities")
    switch_on(doors, fault="429")
    assert len(doors.simulation.store.find("fault", "")) == 1


def test_the_same_seed_draws_the_same_occasions(doors):
    switch_on(doors, fault="500", rate=0.5)

    def occasions() -> list[int]:
        doors.simulation.faults.reseed(7)
        return [doors.flourish("GET", "/facilities").status_code for _ in range(20)]

    first = occasions()
    assert first == occasions()
    assert set(first) == {200, 500}


def test_faults_outlive_a_restart(doors):
    switch_on(doors, fault="500", rate=0.25)
    again = Faults(doors.simulation.store, 1)
    assert [(fault.fault, fault.rate) for fault in again.on()] == [("500", 0.25)]


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "gremlins"},
        {"fault": "500", "rate": 2},
        {"fault": "500", "rate": "often"},
        {"fault": "500", "seconds": -1},
        {"fault": "500", "times": 0},
        {"fault": "500", "times": 1.5},
        {"fault": "500", "argument": 1},
        {"fault": "latency", "argument": "long"},
        {"fault": "latency", "argument": 1e9},
        {"fault": "429", "argument": "a\nb"},
        {"fault": "commit-then-drop", "argument": 200},
        {"fault": "commit-then-drop", "argument": [502]},
        {"fault": "commit-then-drop", "argument": True},
        {"fault": "429-no-header", "argument": 3},
        {"fault": "late-commit", "argument": -1},
        {"fault": "late-commit", "argument": "30 502"},
        {"fault": "late-commit", "argument": "99999999 504"},
        {"fault": "truncate", "argument": -1},
        {"fault": "truncate", "argument": 1.5},
        {"fault": "truncate", "argument": "half"},
        {"fault": "html-200", "argument": "done"},
        {"fault": "slow-drip", "argument": True},
        {"fault": "stale-reads", "argument": "30"},
        {"fault": "webhook-duplicate", "argument": 2},
        {"fault": "webhook-drop", "argument": 2},
        {"fault": "webhook-shuffle", "argument": -5},
        {"fault": "webhook-delay", "argument": 86_401},
        {"fault": "revoked-key", "argument": 404},
        {"fault": "empty-catalogue", "argument": "items"},
        {"fault": "huge-body", "argument": 0},
        {"fault": "huge-body", "argument": 1.5},
        {"fault": "huge-body", "argument": "gzip 0"},
        {"fault": "huge-body", "argument": "zip"},
        {"fault": "redirect", "argument": "ftp://example.com/"},
        {"fault": "redirect", "argument": "http://exam ple.com/"},
        {"fault": "redirect", "argument": 7},
        {"fault": "page-shift", "argument": 0},
        {"fault": "loop-next", "argument": 1},
        {"fault": "500", "only": "FETCH /items"},
        {"fault": "500", "only": "items"},
        {"fault": "500", "only": "GET items"},
        {"fault": "500", "only": "GET  /items"},
        {"fault": "500", "only": "GET /items /orders"},
        {"fault": "500", "only": "get /items"},
        {"fault": "500", "only": ["GET"]},
        {"fault": "webhook-drop", "only": "GET /items"},
        {"fault": "500", "platform": "metrc"},
        {"platform": "flourish"},
        {"fault": 500},
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_words(doors, fault):
    answer = doors.control(
        "POST", "/faults", {"platform": "flourish", **fault} if "fault" in fault else fault
    )
    assert answer.status_code == 400
    assert answer.json["error"].endswith(".")


def test_a_wrong_total_is_said_of_the_order_that_is_meant_and_of_no_other(doors):
    meant, other = doors.order(), doors.order()
    only = f"/orders-received/{meant['number']}"
    switch_on(doors, platform="leaflink", fault="wrong-total", argument=7, only=only)

    def total(order):
        return float(doors.leaflink("GET", f"/orders-received/{order['number']}/").json["total"]["amount"])

    assert total(meant) == float(meant["total"]["amount"]) + 7
    assert total(other) == float(other["total"]["amount"])
