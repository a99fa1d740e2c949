"""By when an order's next step normally comes."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.live.expecting import expected

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SINCE, REACHED = NOW - timedelta(hours=30), NOW - timedelta(hours=3)

# state, decision, Flourish's status, held -> (hours waited, is it late); None: nothing is owed.
CASES = {
    ("new", None, None, False): (30, True),
    ("waiting", "bring_in", None, False): (30, True),
    ("waiting", "retry", None, False): (30, True),
    ("waiting", "waits_for_rep", None, False): (30, True),
    ("waiting", "status_not_chosen", None, False): None,
    ("skipped", "left_alone", None, False): None,
    ("skipped", "before_go_live", None, False): None,
    ("stuck", "sku_unknown", None, False): (30, True),
    ("settled", "agree", "Created", False): (3, False),
    ("settled", "agree", "Allocated", False): (3, False),
    ("settled", "agree", "Packed", False): (3, False),
    ("settled", "agree", "Completed", False): None,
    ("settled", "cancelled", None, False): None,
    ("waiting", "bring_in", None, True): None,
    ("settled", "agree", "Created", True): None,
}


@pytest.mark.promise("MO-2")
@pytest.mark.parametrize("case", CASES)
def test_what_is_waited_for_how_long_and_whether_that_is_long(case):
    state, decision, status, held = case
    found = expected(state, decision, status, since=SINCE, reached_at=REACHED, is_held=held)
    hours = None if found is None else (NOW - found.since) / timedelta(hours=1)
    assert (found and (hours, found.is_late(NOW))) == CASES[case]


def test_without_a_story_a_status_counts_from_when_the_order_was_settled():
    found = expected("settled", "agree", "Created", since=SINCE, reached_at=None)
    assert found is not None
    assert found.since == SINCE


def test_two_minutes_are_no_late_look_and_three_are():
    found = expected("new", None, None, since=NOW, reached_at=None)
    assert found is not None
    assert not found.is_late(NOW + timedelta(minutes=2))
    assert found.is_late(NOW + timedelta(minutes=3))
