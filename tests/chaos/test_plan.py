"""A plan is drawn from its seed alone, and strikes everything there is to strike."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.chaos.plan import FAULTS, LEASE_SECONDS, SETTLE_SECONDS, Plan, make_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(7, seconds=180, orders=100)


def test_the_same_seed_draws_the_same_plan(plan: Plan) -> None:
    assert make_plan(7, seconds=180, orders=100) == plan


def test_another_seed_draws_another_plan(plan: Plan) -> None:
    assert make_plan(8, seconds=180, orders=100).steps != plan.steps


def test_as_many_orders_are_placed_as_were_asked_for_each_once(plan: Plan) -> None:
    placed = [step.details[0] for step in plan.steps if step.what == "place"]
    assert placed == list(range(100))


def test_the_warehouse_counts_items_meanwhile_some_of_which_are_gone(plan: Plan) -> None:
    counts = [step.details for step in plan.steps if step.what == "count"]
    assert len(counts) == 25
    assert all(0 <= place < 1 and quantity >= 0 for place, quantity in counts)
    assert {bool(quantity) for _place, quantity in counts} == {True, False}


def test_steps_are_in_order_of_time(plan: Plan) -> None:
    times = [step.at for step in plan.steps]
    assert times == sorted(times)


def test_three_minutes_strike_each_process_and_server(plan: Plan) -> None:
    struck = Counter(step.details[0] for step in plan.steps if step.what == "kill")
    assert {"web", "schedule", "postgres", "valkey"} < struck.keys()
    acts = {step.what for step in plan.steps if step.who == "nemesis"}
    assert acts >= {"kill job", "stop", "continue", "terminate", "cut database connections", "skew", "fault"}


def test_three_minutes_meet_every_fault(plan: Plan) -> None:
    assert {step.details[1] for step in plan.steps if step.what == "fault"} == set(FAULTS)


@pytest.mark.parametrize("seed", range(5))
def test_a_worker_is_stopped_beyond_its_lease_and_never_as_long_as_the_settle_time(seed: int) -> None:
    steps = make_plan(seed, seconds=600, orders=1).steps
    began = [step.at for step in steps if step.what == "stop"]
    ended = [step.at for step in steps if step.what == "continue"]
    lasted = [end - begin for begin, end in zip(began, ended, strict=True)]
    assert lasted
    assert all(LEASE_SECONDS < seconds < SETTLE_SECONDS for seconds in lasted)


def test_nothing_commits_later_than_the_settle_time() -> None:
    steps = make_plan(1, seconds=3000, orders=1).steps
    late = [step.details[4] for step in steps if step.what == "fault" and step.details[1] == "late-commit"]
    assert late
    assert max(late) < SETTLE_SECONDS
