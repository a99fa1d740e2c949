"""Each guard is needed: without it these tests fail, for this reason; with all of them they pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guards.plugin import ALL_GUARDS, GUARDS

ROOT = Path(__file__).parents[2]
ENGINE = "tests/sync/engine/"
CONSTRAINT = "tests/models/test_constraints.py::test_a_wrong_state_is_refused_by_its_constraint"


@dataclass(frozen=True)
class Needed:
    """A test that fails without a guard, and how its failure reads."""

    test: str
    why: str


NEEDED: dict[str, tuple[Needed, ...]] = {
    "intent": (
        Needed(
            f"{ENGINE}test_reconcile.py::test_every_write_has_an_intent_that_was_committed_before_it",
            r"assert \[\[\]\] ==",
        ),
        Needed(
            f"{ENGINE}test_crash.py::test_a_worker_that_dies_again_and_again_at_the_same_point_still_makes_one_order",
            r"assert 5 == 1",
        ),
    ),
    "settle_wait": (
        Needed(
            f"{ENGINE}test_ambiguous.py::test_nothing_is_sent_before_the_settle_time_has_passed_whoever_asks",
            "assert 2 == 1",
        ),
    ),
    "settle_look": (
        Needed(
            f"{ENGINE}test_ambiguous.py::test_a_502_after_the_create_ends_with_one_order", "assert 2 == 1"
        ),
        Needed(
            f"{ENGINE}test_ambiguous.py::test_four_502s_without_effect_and_then_one_with_end_with_one_order",
            "assert 5 == 4",
        ),
    ),
    "fence": (
        Needed(
            f"{ENGINE}test_errors.py::test_a_late_worker_that_has_not_sent_yet_sends_nothing", "assert 1 == 0"
        ),
        Needed(f"{ENGINE}test_errors.py::test_a_late_worker_records_nothing[None]", "SO-1"),
        Needed(f"{ENGINE}test_claim.py::test_a_late_worker_may_neither_hold_nor_hand_back", "DID NOT RAISE"),
    ),
    "operation_once": (
        Needed(f"{CONSTRAINT}[uq_operation_once]", "DID NOT RAISE"),
        Needed(
            f"{ENGINE}test_guards.py::test_a_destination_that_another_order_is_making_is_not_made_twice",
            "assert 2 == 1",
        ),
    ),
    "operation_open": (Needed(f"{CONSTRAINT}[uq_operation_open]", "DID NOT RAISE"),),
    "link": (
        Needed(f"{ENGINE}test_claim.py::test_marking_again_counts_and_never_puts_off", "assert"),
        Needed(f"{ENGINE}test_inbox.py::test_the_same_bytes_are_one_delivery_and_one_effect", "ON CONFLICT"),
    ),
    "flourish_order": (Needed(f"{CONSTRAINT}[uq_link_flourish_order]", "DID NOT RAISE"),),
    "delivery": (
        Needed(
            f"{ENGINE}test_inbox.py::test_the_same_bytes_are_one_delivery_and_one_effect", "too many values"
        ),
    ),
    "listed_version": (
        Needed(
            f"{ENGINE}test_poll.py::test_the_next_poll_reads_an_overlap_again_and_marks_nothing_twice",
            "set()",
        ),
        Needed(
            f"{ENGINE}test_poll.py::test_flourishs_list_marks_the_links_that_it_concerns_and_no_other",
            "set()",
        ),
    ),
    "told_version": (
        Needed(
            f"{ENGINE}test_inbox.py::test_the_echo_of_what_was_seen_already_is_stale_and_marks_nothing",
            "stale",
        ),
    ),
    "base": (
        Needed(
            f"{ENGINE}test_guards.py::test_an_edit_after_intake_reaches_flourish_and_staffs_own_changes_stay",
            "Leave at the door",
        ),
        Needed(f"{ENGINE}test_guards.py::test_a_date_that_staff_change_once_it_was_written_stays", "2026"),
    ),
}


def item(test: str, guard: str) -> str:
    """The id of a test without a guard."""
    return f"{test.removesuffix(']')}-{guard}]" if test.endswith("]") else f"{test}[{guard}]"


@pytest.fixture(scope="module")
def failed(server_url, redis_url):
    """How each test that fails does so, by its id. They run in a process of their own, on our servers."""
    environment = os.environ | {
        "DATABASE_URL": server_url.replace("postgresql+psycopg://", "postgresql://"),
        "REDIS_URL": redis_url,
        "COLUMNS": "400",
    }
    environment.pop("PYTEST_XDIST_WORKER", None)
    items = {
        item(one.test, which)
        for guard, needed in NEEDED.items()
        for one in needed
        for which in (ALL_GUARDS, guard)
    }
    options = ("-p", "tests.guards.plugin", "-p", "no:cacheprovider", "-rfE")
    done = subprocess.run(
        (sys.executable, "-m", "pytest", *options, *sorted(items)),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return dict(re.findall(r"^(?:FAILED|ERROR) (\S+) - (.*)$", done.stdout, re.MULTILINE))


def test_every_guard_that_can_be_taken_away_is_needed():
    assert set(NEEDED) == set(GUARDS)


def test_with_all_guards_the_same_tests_pass(failed):
    assert {test: why for test, why in failed.items() if ALL_GUARDS in test} == {}


@pytest.mark.parametrize("guard", NEEDED)
def test_without_a_guard_something_fails_for_that_reason(failed, guard):
    for one in NEEDED[guard]:
        assert re.search(one.why, failed[item(one.test, guard)])
