"""Orders whose base older code wrote: they go on, and their edits are carried over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sync.decisions import FinishOrder
from tests.sync.mapping.editing import THEN, THERE, A, B, edited, older, plan, there, written
from tests.sync.mapping.examples import agreed, customer, decided, line, outbound


def test_an_order_of_older_code_goes_on_as_if_it_were_of_today():
    decision = decided(plan(THEN, THERE, base=older(THEN)))

    assert (decision.code, decision.drift) == ("agree", ())
    assert decision.base == {**agreed(THEN), "seen": THEN.updated_at.isoformat()}


@pytest.mark.promise("LL-14")
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"lines": (line("A", eaches="40"), B)}, ["A eaches"]),
        ({"lines": (A,)}, ["B"]),
        ({"notes": "Front door"}, ["Note"]),
        ({"shipping": Decimal(25)}, ["Charges"]),
        ({"ship_at": datetime(2026, 4, 3, 15, tzinfo=UTC)}, ["Requested date"]),
    ],
)
def test_an_edit_of_an_order_of_older_code_is_carried_over(changed, told):
    action = written(edited(**changed), base=older(THEN))

    assert [what for what, _before, _after in action.changes] == told


def test_another_customer_of_an_order_of_older_code_is_said():
    decision = decided(plan(edited(customer=customer(license="C9-2")), THERE, base=older(THEN)))

    assert [finding.code for finding in decision.findings] == ["customer_changed"]


def test_what_staff_changed_in_an_order_of_older_code_stays():
    decision = decided(plan(THEN, there(on={0: {"eaches": Decimal(12)}}), base=older(THEN)))

    assert (decision.action, decision.drift) == (None, (("A eaches", "10", "12"),))


def test_an_order_of_older_code_that_was_not_finished_is_finished():
    decision = decided(plan(THEN, replace(THERE, requested_date=None), base=older(THEN, finished=False)))

    assert isinstance(decision.action, FinishOrder)
    assert decision.action.base["sent"]["agreed"]["flourish"]["requested_date"] == "2026-04-01"


def test_an_order_without_any_base_is_finished_and_kept_as_it_is():
    decision = decided(plan(THEN, THERE, base={}))

    seen = {**agreed(THEN), "seen": THEN.updated_at.isoformat()}
    assert (decision.code, decision.base) == ("agree", seen)
    assert outbound().term == ""
