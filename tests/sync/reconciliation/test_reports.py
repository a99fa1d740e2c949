"""Reports over real looks: each outcome, drift that the engine corrects, and drift that stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from portal.models import AuditEvent, Problem, Reconciliation
from portal.sync.errors import ConnectionBroken, Retryable
from portal.sync.reconciliation import runner
from tests.sync.engine.catalogues import item, product
from tests.sync.mapping.examples import line
from tests.sync.reconciliation.compared import (
    NUMBER,
    arrive,
    ask,
    compared_shop,
    correct,
    read,
    report,
    rows,
)


@pytest.fixture
def store(shop, monkeypatch):
    return compared_shop(shop, monkeypatch)


def edit_here(store, **changed):
    """Edit the order on LeafLink."""
    order = store.leaflink.orders[NUMBER]
    store.leaflink.put(order, **{"total": order.total, **changed})


def edit_there(store, **changed):
    """Edit it as Flourish's staff."""
    store.flourish.change("SO-1", **changed)


@pytest.mark.promise("MO-6")
def test_an_order_that_both_sides_have_alike_agrees_field_by_field(store):
    arrive(store)
    writes = store.writes()

    made = report(store)

    assert (made.state, made.compared) == ("done", {"order": 1})
    assert rows(store, made) == {}
    assert made.fields["order Lines"] == {"agrees": 1}
    assert made.fields["order Status"] == {"agrees": 1}
    assert store.writes() == writes


@pytest.mark.promise("MO-6")
@pytest.mark.parametrize(
    ("happens", "what", "outcome", "values"),
    [
        (lambda store: edit_here(store, notes="Call"), "Note", "corrected", ("Call", "Ring")),
        (
            lambda store: edit_there(store, status="Allocated"),
            "Status",
            "corrected",
            ("Submitted", "Allocated"),
        ),
        (lambda store: edit_there(store, notes=("Leave it",)), "Note", "expected", ("Ring", "")),
        (
            lambda store: (edit_here(store, notes="Call"), edit_there(store, notes=("Leave it",))),
            "Note",
            "conflict",
            ("Call", ""),
        ),
        (
            lambda store: (edit_there(store, status="Allocated"), edit_here(store, notes="Call")),
            "Note",
            "conflict",
            ("Call", "Ring"),
        ),
        (
            lambda store: edit_here(store, lines=(line(eaches="3"),), total=Decimal("999")),
            f"{line().sku} eaches",
            "conflict",
            None,
        ),
        (lambda store: store.flourish.orders.pop("SO-1"), "Order", "conflict", ("", "")),
    ],
    ids=["edit", "status", "staff's own", "both", "too late", "money is off", "gone"],
)
def test_each_outcome_of_an_order(store, happens, what, outcome, values):
    arrive(store)
    happens(store)
    writes = store.writes()

    found = rows(store, report(store))

    assert found[what][0] == outcome
    assert values is None or found[what][1:] == values
    assert store.writes() == writes


@pytest.mark.promise("MO-6")
def test_drift_is_corrected_by_the_engine_and_gone_in_the_next_report_and_expected_drift_stays(store):
    arrive(store)
    edit_here(store, notes="Call")
    edit_there(store, discounts=())
    edit_there(store, charges=())
    made = report(store)
    assert {what: one[0] for what, one in rows(store, made).items()} == {
        "Note": "corrected",
        "Charges": "expected",
    }

    assert correct(store, made) == 1
    assert store.flourish.count("update_order") == 0
    store.look_until_quiet()
    assert store.flourish.count("update_order") == 1

    assert {what: one[0] for what, one in rows(store, report(store)).items()} == {"Charges": "expected"}
    with store.desk.tenant(store.tenant_id) as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "reconciliation.corrected"))
        assert [one.detail for one in told] == [{"things": 1}]


@pytest.mark.promise("MO-6")
def test_products_are_compared_by_the_mirrors_and_what_rules_leave_alone_is_shown(store):
    store.begin(1, 2, 3, sellable=4)
    store.look_until_quiet()
    store.leaflink.edit("1002", available=Decimal(9), quantity=Decimal(9), name="Another name")
    store.flourish.shelve(item(4), sellable=1)
    store.read_again()
    writes = store.writes()

    made = report(store)

    assert made.compared == {"item": 4}
    assert rows(store, made) == {
        "stock": ("corrected", "9", "4"),
        "name": ("expected", "Another name", "Flower 2"),
        "Product": ("expected", "", ""),
    }
    assert made.fields["item stock"] == {"agrees": 2, "corrected": 1}
    assert store.writes() == writes

    assert correct(store, made) == 1
    store.look_until_quiet()
    store.read_again()
    assert set(rows(store, report(store))) == {"name", "Product"}


def test_a_product_that_somebody_else_keeps_writing_is_a_conflict(store):
    store.flourish.shelve(item(1), item(1, id="item-9"), sellable=4)
    store.leaflink.stock_up(product(1))
    store.read()

    assert rows(store, report(store))["Product"][0] == "conflict"


def test_a_report_opens_no_problem_and_makes_no_link(store):
    arrive(store)
    edit_here(store, notes="Call")
    edit_there(store, notes=("Leave it",))
    report(store)

    with store.desk.tenant(store.tenant_id) as session:
        assert session.scalars(select(Problem)).all() == []


def test_a_worker_that_dies_costs_a_batch_and_no_row_is_there_twice(store, monkeypatch):
    monkeypatch.setattr("portal.sync.reconciliation.turn._SKUS", 2)
    store.begin(1, 2, 3, 4, 5, sellable=4)
    report_id = ask(store)
    monkeypatch.setattr("portal.sync.reconciliation.turn.SLICE_SECONDS", 0.0)
    assert runner.work(store.desk, store.tenant_id, report_id)
    with store.desk.tenant(store.tenant_id) as session:
        session.execute(text("UPDATE reconciliation SET lease_until = now() + interval '1 minute'"))
    assert not runner.work(store.desk, store.tenant_id, report_id)
    with store.desk.sessions.system() as session:
        assert runner.REPORTS.due(session) == []
    with store.desk.tenant(store.tenant_id) as session:
        session.execute(text("UPDATE reconciliation SET lease_until = now() - interval '1 minute'"))

    for _ in range(5):
        runner.work(store.desk, store.tenant_id, report_id)

    made = read(store, report_id)
    assert (made.state, made.compared) == ("done", {"item": 5})
    assert made.fields["item stock"] == {"corrected": 5}


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (Retryable("LeafLink is away"), "orders", "LeafLink is away"),
        (Retryable("Used up", after=30.0, throttled=True), "orders", "Used up"),
        (ConnectionBroken("LeafLink refuses the key"), "failed", "refuses the key"),
        (ValueError("no"), "failed", "Trellis failed on it: ValueError"),
    ],
)
def test_a_report_that_does_not_go_on_says_why(store, error, state, words):
    arrive(store)
    report_id = ask(store)
    store.leaflink.fail("order", error)

    assert not runner.work(store.desk, store.tenant_id, report_id)

    made = read(store, report_id)
    assert made.state == state
    assert words in made.error
    assert made.failures == (0 if getattr(error, "throttled", False) else 1)


def test_there_is_one_report_at_a_time_and_only_of_what_works(store):
    ask(store)
    with pytest.raises(runner.CannotReconcile, match="being made already"):
        ask(store)
    store.set("connection", state="needs_credentials")
    with pytest.raises(runner.CannotReconcile, match="live or paused"):
        ask(store)


@pytest.mark.promise("MO-6")
def test_every_night_each_live_connection_has_its_report_once(store):
    runner.begin_nights(store.desk)
    with store.desk.tenant(store.tenant_id) as session:
        assert session.scalars(select(Reconciliation)).all() == []
    due = store.connection().reconcile_due_at
    assert due is not None
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(days=1)

    store.set("connection", reconcile_due_at=datetime.now(UTC) - timedelta(minutes=1))
    runner.begin_nights(store.desk)
    runner.begin_nights(store.desk)

    with store.desk.tenant(store.tenant_id) as session:
        (made,) = session.scalars(select(Reconciliation))
        assert made.started_by == "Trellis, every night"
    with store.desk.sessions.system() as session:
        assert runner.REPORTS.due(session) == [made.id]
