"""How a check stands, as a table: what it found, what it needs, who waived it, what runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.sync.checks import Check, Snapshot, Verdict
from portal.sync.readiness.standing import Going, checklist

NOW = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)


def never(_snapshot: Snapshot) -> Verdict:
    raise AssertionError("how a check stands is said by what it found")


CHECKS = (
    Check("key", "Connect", "Connect it", "Why.", "blocks", never),
    Check("sku", "Match your data", "Match it", "Why.", "blocks", never, needs=("key",)),
    Check("line", "Match your data", "Line it up", "Why.", "warning", never),
)


@dataclass
class Found:
    """A result as it is kept."""

    name: str
    outcome: str = "ready"
    severity: str = "blocks"
    evidence: str = "It was looked at."
    next_step: str = ""
    counts: dict[str, Any] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)
    checked_at: datetime = NOW
    since: datetime = NOW
    run_id: Any = "before"


@dataclass
class Waived:
    """A waiver as it is kept."""

    name: str
    expires_at: datetime = NOW + timedelta(days=1)
    waived_by: str = "Ann"
    reason: str = "Seasonal"


def of(name, results=(), waivers=(), going=None):
    listed = checklist(CHECKS, results, waivers, now=NOW, going=going)
    return next(row for row in listed.rows if row.check.name == name)


@pytest.mark.promise("ON-2")
@pytest.mark.parametrize(
    ("name", "results", "waivers", "going", "state", "blocks"),
    [
        ("sku", (), (), None, "not_checked", True),
        ("line", (), (), None, "not_checked", False),
        ("sku", (Found("sku"),), (), None, "ready", False),
        ("sku", (Found("sku", "wrong"),), (), None, "action_needed", True),
        ("sku", (Found("sku", "unknown"),), (), None, "action_needed", True),
        # This case only advises, although the check blocks in others.
        ("sku", (Found("sku", "wrong", "warning"),), (), None, "check_advised", False),
        ("sku", (Found("sku", "wrong", "later"),), (), None, "later", False),
        ("sku", (Found("key", "wrong"), Found("sku", "unknown")), (), None, "cannot_start", True),
        ("sku", (Found("key", "wrong"),), (), None, "cannot_start", True),
        # What it needs was waived, or is ready: it may start.
        ("sku", (Found("key", "wrong"),), (Waived("key"),), None, "not_checked", True),
        ("sku", (Found("key", "wrong"), Found("sku")), (), None, "ready", False),
        ("sku", (Found("sku", "wrong"),), (Waived("sku"),), None, "waived", False),
        ("sku", (Found("sku"),), (Waived("sku"),), None, "ready", False),
        ("sku", (Found("sku", "wrong"),), (Waived("sku", NOW),), None, "action_needed", True),
        ("sku", (Found("sku", "wrong"),), (Waived("line"),), None, "action_needed", True),
        ("sku", (Found("sku", "wrong"),), (), Going("now"), "checking", True),
        ("sku", (Found("sku", "wrong"),), (), Going("now", "sku"), "checking", True),
        ("sku", (Found("sku", "wrong"),), (), Going("now", "line"), "action_needed", True),
        ("sku", (Found("sku", run_id="now"),), (), Going("now"), "ready", False),
        ("sku", (Found("sku"),), (), Going("now"), "checking", False),
    ],
)
def test_a_check_stands_by_what_it_found_needs_and_who_waived_it(
    name, results, waivers, going, state, blocks
):
    standing = of(name, results, waivers, going)

    assert (standing.state, standing.blocks) == (state, blocks)


def test_the_old_result_stays_while_a_check_runs():
    old = Found("sku", "wrong", evidence="7 are missing.")

    assert of("sku", (old,), going=Going("now")).result is old


def test_a_check_that_cannot_start_names_the_one_that_keeps_it():
    assert of("sku", (Found("key", "wrong"),)).held_by == ("Connect it",)


def test_the_list_counts_groups_and_says_since_when_all_is_checked():
    old = NOW - timedelta(hours=3)
    results = (Found("key"), Found("sku", "wrong"), Found("line", "wrong", "warning", checked_at=old))

    whole = checklist(CHECKS, (*results, Found("of an older version")), (Waived("line"),), now=NOW)

    assert whole.done == 2
    assert [one.check.name for one in whole.blocking] == ["sku"]
    assert whole.numbers == {"ready": 1, "action_needed": 1, "waived": 1}
    assert sum(whole.numbers.values()) == len(whole.rows) == 3
    assert [(phase, len(rows)) for phase, rows in whole.phases()] == [("Connect", 1), ("Match your data", 2)]
    assert whole.checked_at == old
    assert [one.check.name for one in whole.sorted()][-1] == "sku"
    assert checklist(CHECKS, results[:2], (), now=NOW).checked_at is None
