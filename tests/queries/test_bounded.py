"""Counts that end."""

import pytest
from sqlalchemy import func, select

from portal.blueprints.presentation import badge, tally
from portal.extensions import Sessions
from portal.queries import bounded


@pytest.mark.parametrize(("rows", "counted"), [(0, 0), (4, 4), (5, 5), (6, 6), (700, 6)])
def test_a_count_is_exact_up_to_its_bound_and_one_more_beyond_it(engine, rows, counted):
    with Sessions(engine).app() as session:
        query = select(func.generate_series(1, rows).label("row"))
        assert bounded.count(session, query, 5) == counted


def test_several_counts_are_one_question(engine):
    with Sessions(engine).app() as session:
        queries = [select(func.generate_series(1, rows).label("row")) for rows in (3, 9, 0)]
        assert tuple(bounded.counts(session, queries, 5)) == (3, 6, 0)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0"), (999, "999"), (1_234, "1,234"), (10_000, "10,000"), (10_001, "more than 10,000")],
)
def test_a_count_beyond_its_bound_is_written_as_more_than_that(number, written):
    assert tally(number) == written


@pytest.mark.parametrize(("number", "written"), [(7, "7"), (1_000, "1,000"), (1_001, "1,000+")])
def test_the_frame_writes_it_shorter(number, written):
    assert badge(number) == written
