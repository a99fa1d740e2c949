"""Faults: each does what its row says, as often and as long as asked."""

import time

import pytest

from sandbox.faults.switchboard import Faults
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
        {"fault": "500", "platform": "ordo"},
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
