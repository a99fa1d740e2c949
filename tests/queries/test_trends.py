"""What happened in stretches of time: each figure as it is defined, from an index alone."""

import json
import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from portal.extensions import Sessions
from portal.models import utc_now
from portal.queries import dashboard, flows, trends
from portal.queries.scope import Scope
from tests.web import factory

NOW = utc_now()
STARTS = [NOW - timedelta(hours=hours) for hours in (3, 2, 1)]


@pytest.fixture
def sessions(engine):
    return Sessions(engine)


@pytest.fixture
def company(sessions):
    return factory.company(sessions)


@pytest.fixture
def session(sessions, company):
    with sessions.tenant(company.id) as opened:
        yield opened


@pytest.fixture
def other(session, company):
    """A second connection of the company, as orders name it."""
    made = factory.connection(session, company.id, company.hub_id, name="Sunrise on LeafLink")
    return factory.Company(company.id, company.slug, company.hub_id, company.facility_id, made)


def at(hours):
    return NOW - timedelta(hours=hours)


@pytest.mark.promise("MO-9")
def test_orders_are_counted_in_the_stretch_in_which_they_were_first_seen(session, company, other):
    for hours, state, flourish_id, whose in (
        (2.5, "settled", "", company),
        (2.5, "stuck", None, company),
        (1.0, "settled", "", company),
        (0.1, "new", None, other),
        (30, "settled", "", company),
    ):
        factory.order(session, whose, state=state, flourish_id=flourish_id, created_at=at(hours))
    factory.order(session, company, kind="item", created_at=at(0.1))

    seen = trends.orders_seen(session, Scope(company.id), STARTS)
    assert seen == {
        "in_flourish": [1, 0, 1],
        "waiting": [0, 0, 1],
        "skipped": [0, 0, 0],
        "stuck": [1, 0, 0],
    }
    mine = trends.orders_seen(session, Scope(company.id, company.connection_id), STARTS)
    assert mine["waiting"] == [0, 0, 0]


def into_flourish(session, scope):
    return trends.lags(session, scope, [trends.ORDER_IN], STARTS)[trends.ORDER_IN]


def create(session, company, *, hours, seconds, **more):
    link = factory.order(session, company, created_at=at(hours))
    done = at(hours)
    times = {"prompted_at": done - timedelta(seconds=seconds), "finished_at": done, **more}
    return factory.operation(session, link, **times)


@pytest.mark.promise("MO-9")
def test_lag_is_from_the_change_to_the_write_that_worked(session, company, other):
    for seconds in (1, 2, 3, 4, 100):
        create(session, company, hours=2.5, seconds=seconds)
    create(session, other, hours=0.5, seconds=7)

    first, second, third = into_flourish(session, Scope(company.id))
    assert first is not None
    assert (first.number, first.median) == (5, 3.0)
    assert first.p95 == pytest.approx(80.8)
    assert second is None
    assert third == trends.Lag(1, 7.0, 7.0)
    mine = Scope(company.id, company.connection_id)
    assert into_flourish(session, mine)[2] is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"prompted_at": None}, "it was written before the change's time was kept"),
        ({"prompted_at": NOW - timedelta(days=21)}, "it was changed before going live"),
        ({"status": "refused"}, "it did not work"),
        ({"kind": "move", "system": "leaflink", "once": False}, "it is a status, not an order"),
    ],
)
def test_what_is_no_lag_into_flourish_is_not_measured(session, company, more, why):
    create(session, company, hours=0.5, seconds=5, **more)
    assert into_flourish(session, Scope(company.id)) == [None] * 3, why


def test_a_clock_that_is_ahead_of_ours_makes_no_lag_of_less_than_nothing(session, company):
    create(session, company, hours=0.5, seconds=-3)
    assert into_flourish(session, Scope(company.id))[2] == trends.Lag(1, 0.0, 0.0)


@pytest.mark.promise("MO-9")
def test_problems_are_counted_when_they_were_opened_and_when_they_were_closed(session, company):
    link = factory.order(session, company, state="stuck")
    closed = {"closed_at": at(0.5), "closed_because": "The SKU is known now."}
    factory.problem(session, link, cause="A", opened_at=at(2.5), **closed)
    factory.problem(session, link, cause="B", opened_at=at(1.5))
    factory.problem(session, link, cause="C", opened_at=at(50), **closed)
    assert trends.problems(session, Scope(company.id), STARTS) == ([1, 1, 0], [0, 0, 2])


# A company's year, as far as the planner cares: so much that it does not read everything.
_YEAR = """
WITH orders AS (
    INSERT INTO link (id, tenant_id, connection_id, hub_id, kind, foreign_id, created_at)
    SELECT gen_random_uuid(), :tenant, :connection, :hub, 'order', n::text, now() - n * interval '1 hour'
    FROM generate_series(1, 5000) AS n RETURNING id, created_at
), writes AS (
    INSERT INTO operation (id, tenant_id, connection_id, hub_id, link_id, kind, system, natural_key, once,
                           request, fence, status, prompted_at, finished_at)
    SELECT gen_random_uuid(), :tenant, :connection, :hub, id, 'create_order', 'flourish', id::text, true,
           '{}', 1, 'ok', created_at, created_at FROM orders
)
INSERT INTO problem (id, tenant_id, connection_id, subject_id, code, title, next_step, who, opened_at,
                     closed_at, closed_because)
SELECT gen_random_uuid(), :tenant, :connection, id, 'sku_unknown', 'It is unknown', 'Correct it', 'tenant',
       created_at, created_at, 'It is known now.' FROM orders
"""


@pytest.fixture(scope="module")
def grown(engine):
    """A company with a year behind it, and statistics of it."""
    sessions = Sessions(engine)
    company = factory.company(sessions)
    ids = {"tenant": company.id, "connection": company.connection_id, "hub": company.hub_id}
    with sessions.tenant(company.id) as session:
        session.execute(text(_YEAR), ids)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE link, operation, problem"))
    return company


@contextmanager
def plans(session):
    """Collect how the database runs each statement."""
    found = []

    def explain(connection, cursor, statement, parameters, context, many):
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        found.append(json.dumps(cursor.fetchone()[0]))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


# What is read -> the index that holds all of it.
READS = {
    "ix_link_orders_seen": lambda session, scope: trends.orders_seen(session, scope, STARTS),
    "ix_link_orders_seen, today": lambda session, scope: dashboard.seen_since(session, scope, STARTS[0]),
    "ix_operation_worked": into_flourish,
    "ix_operation_worked, last": lambda session, scope: flows.last_worked(
        session, scope.tenant_id, ["create_order", "move"]
    ),
    "ix_problem_opened": lambda session, scope: trends.problems(session, scope, STARTS),
}


@pytest.mark.promise("MO-9")
@pytest.mark.parametrize("narrowed", [False, True], ids=["company", "connection"])
@pytest.mark.parametrize("name", READS)
def test_a_figure_is_one_range_of_an_index_that_holds_all_it_needs(sessions, grown, name, narrowed):
    scope = Scope(grown.id, grown.connection_id if narrowed else None)
    with sessions.tenant(grown.id) as session, plans(session) as found:
        READS[name](session, scope)
    nodes = [node for plan in found for node in re.findall(r'{"Node Type": [^{}]+', plan)]
    index = name.partition(",")[0]
    assert any('"Index Only Scan"' in node and f'"{index}"' in node for node in nodes), nodes
