"""Differences as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sync.mapping.diff import changes, shared_values
from tests.sync.mapping.examples import customer, line, order

BEFORE = order(lines=(line("A"), line("B", eaches="20")), notes="Back door", discount=Decimal("5.00"))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"status": "Accepted", "updated_at": datetime(2030, 1, 1, tzinfo=UTC)}, []),
        ({"notes": "Front door"}, [["Notes", "Back door", "Front door"]]),
        ({"discount": Decimal("100")}, [["Discount", "5", "100"]]),
        ({"shipping": Decimal("20.00")}, [["Shipping", "0", "20"]]),
        ({"term_shown": "Net 30"}, [["Payment term", "", "Net 30"]]),
        (
            {"ship_at": datetime(2026, 4, 1, 8, tzinfo=UTC)},
            [["Ship date", "", "2026-04-01T08:00:00+00:00"]],
        ),
        ({"customer": customer(license="C9-2")}, [["Customer", "C10-0000001-LIC", "C9-2"]]),
        ({"lines": (line("A"),)}, [["B", "20 ea, case 50", "removed"]]),
        (
            {"lines": (line("A"), line("B", eaches="20"), line("C", eaches="100"))},
            [["C", "", "100 ea, case 50"]],
        ),
        ({"lines": (line("A", eaches="40"), line("B", eaches="20"))}, [["A eaches", "10", "40"]]),
        ({"lines": (line("A", price="51.50"), line("B", eaches="20"))}, [["A case price", "50", "51.5"]]),
        (
            {"lines": (line("X", ref="line-A"), line("B", eaches="20"))},
            [["A", "10 ea, case 50", "removed"], ["X", "", "10 ea, case 50"]],
        ),
    ],
)
def test_a_change_is_told_by_what_it_is_before_and_after(changed, told):
    assert changes(shared_values(BEFORE), shared_values(replace(BEFORE, **changed))) == told


@pytest.mark.parametrize("made_anew", [False, True])
def test_a_line_is_known_by_what_it_is_and_not_by_its_id(made_anew):
    before = replace(BEFORE, lines=(line("A", ref="1"), line("A", ref="2", eaches="30")))
    refs = ("8", "9") if made_anew else ("1", "2")
    after = replace(BEFORE, lines=(line("A", ref=refs[0], eaches="20"), line("A", ref=refs[1], eaches="30")))

    assert changes(shared_values(before), shared_values(after)) == [["A eaches", "10", "20"]]


def test_nothing_is_told_of_values_that_older_code_kept():
    older = {"lines": {"line-A": ["A", "10", "50"]}, "notes": "Back door", "term": ""}

    assert changes(older, shared_values(BEFORE)) == []


def test_writing_a_number_with_more_zeros_is_no_change():
    after = replace(BEFORE, lines=(line("A", eaches="10.000", price="50.0000"), line("B", eaches="20.0")))

    assert changes(shared_values(BEFORE), shared_values(after)) == []
