"""Going live with a preview: what it lets through, what changed since, and one thing tried before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Link
from portal.sync import trial
from portal.sync.contract import Page
from portal.sync.credentials import CannotConnect
from portal.sync.domain import Hint
from portal.sync.engine import catalogue, turns
from tests.sync.engine.catalogues import item, product
from tests.sync.mapping.examples import order
from tests.sync.preview.shops import ANN, begin, go_live, read, rows, settings_of, try_alone, unlive, work

MANY = 30


@pytest.fixture
def store(shop, monkeypatch):
    return unlive(shop, monkeypatch)


def sell_out(store):
    """Many products, of whose items there is nothing."""
    store.flourish.shelve(*(item(number) for number in range(MANY)), sellable=0)
    store.leaflink.stock_up(*(product(number) for number in range(MANY)))


def first_sync(store):
    store.read_again()
    store.look_until_quiet(most=20)


@pytest.mark.promise("ON-4")
def test_an_approved_preview_lets_the_drops_through_that_it_showed(store):
    sell_out(store)
    preview = work(store, begin(store))
    assert preview.counts["drops"] == MANY

    go_live(store, preview.id)
    first_sync(store)

    assert store.leaflink.count("set_stock") == MANY
    assert "mass_drop" not in store.problems()


def test_gone_live_despite_changes_many_drops_are_held_as_ever(store):
    sell_out(store)
    preview = work(store, begin(store))
    store.flourish.count_anew("item-1", 3)
    store.read_again()
    with pytest.raises(CannotConnect, match="1 product changed since"):
        go_live(store, preview.id)
    assert store.connection().state == "ready"

    go_live(store, preview.id, despite=True)
    first_sync(store)

    assert "mass_drop" in store.problems()
    assert store.leaflink.count("set_stock") == 1
    with store.desk.tenant(store.tenant_id) as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "connection.went_live")).one()
    assert "SKU-1" in told.detail["changed_since"]


@pytest.mark.promise("ON-4")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda store: store.choose(stock_buffer=2), "The rules or the facility were changed since"),
        (lambda store: store.flourish.shelve(item(9)), r"1 product changed since \(SKU-9\)"),
        (lambda store: store.leaflink.products_by_ref.pop("1002"), r"1 product changed since \(SKU-2\)"),
        (
            lambda store: store.leaflink.pages.append(Page((Hint("order", "n-1", "order"),))),
            "1 order changed since",
        ),
    ],
)
def test_what_changed_since_a_preview_is_counted_and_named(store, change, words):
    store.flourish.shelve(item(1))
    store.leaflink.stock_up(product(1), product(2))
    preview = work(store, begin(store))
    change(store)
    store.pass_time(4000)
    store.set_stream("products", full_at=None)
    store.read()

    with pytest.raises(CannotConnect, match=words):
        go_live(store, preview.id)


def test_a_preview_that_is_not_done_is_not_approved(store):
    with pytest.raises(CannotConnect, match="not done"):
        go_live(store, begin(store))


def test_without_a_preview_only_orders_go_live(store):
    sell_out(store)
    work(store, begin(store))

    go_live(store, None)

    assert store.connection().catalogue_since is None


@pytest.mark.promise("LL-26")
def test_one_sku_is_synced_for_real_before_its_connection_is_live_and_nothing_else(store):
    store.flourish.shelve(item(1), item(2), sellable=4)
    store.leaflink.stock_up(product(1), product(2))
    preview = work(store, begin(store))
    with store.desk.tenant(store.tenant_id) as session:
        link_id = catalogue.try_one(session, settings_of(store), store.connection_id, "SKU-1", actor=ANN)
    with store.desk.sessions.system() as session:
        assert turns.ready(session) == []
        assert turns.lonely(session) == [link_id]

    link = try_alone(store, link_id)

    assert link.decision_code == "agree"
    assert "Stock set to 4" in store.story(link_id)
    assert {ref: one.available for ref, one in store.leaflink.products_by_ref.items()} == {
        "1001": 4,
        "1002": 10,
    }
    assert store.connection().state == "ready"
    # What was tried is no change that makes the preview void.
    go_live(store, preview.id)
    first_sync(store)
    assert store.leaflink.count("set_stock") == 2
    assert not store.link(link_id).alone


@pytest.mark.promise("LL-26")
def test_one_order_is_brought_in_for_real_before_its_connection_is_live(store):
    placed = store.leaflink.put(order())
    with store.desk.tenant(store.tenant_id) as session:
        link_id = trial.try_order(
            session, settings_of(store), store.connection_id, placed.number, label="ONE", actor=ANN
        )

    link = try_alone(store, link_id)

    assert link.flourish_id is not None
    assert link.state == "settled"
    assert store.flourish.count("create_order") == 1
    assert "Asked for this one alone" in store.story(link_id)


def test_a_trial_ends_by_itself_and_a_stop_switch_holds_it(store):
    store.flourish.shelve(item(1), sellable=4)
    store.leaflink.stock_up(product(1))
    with store.desk.tenant(store.tenant_id) as session:
        link_id = catalogue.try_one(session, settings_of(store), store.connection_id, "SKU-1", actor=ANN)
        session.get_one(Link, link_id).tried_until = datetime.now(UTC) - timedelta(seconds=1)
    with store.desk.sessions.system() as session:
        assert turns.lonely(session) == []

    try_alone(store, link_id)

    assert store.writes() == 0
    assert "the connection is ready" in store.link(link_id).decision_text


def test_an_order_is_tried_only_before_its_connection_is_live(store):
    store.set("connection", state="paused", live_since="2026-01-01T00:00:00Z")
    with (
        store.desk.tenant(store.tenant_id) as session,
        pytest.raises(trial.CannotTry, match="one is tried before it is live"),
    ):
        trial.try_order(session, settings_of(store), store.connection_id, "n", label="", actor=ANN)


@pytest.mark.promise("LL-29")
def test_orders_from_before_go_live_are_listed_in_the_preview_and_not_sent(store):
    early, late = datetime.now(UTC) - timedelta(days=3), datetime.now(UTC) - timedelta(hours=1)
    for number, at in (("early", early), ("late", late)):
        store.leaflink.put(order(number=number, label=number, placed_at=at))
    hints = tuple(Hint("order", number, "order", label=number) for number in ("early", "late"))
    store.leaflink.pages = [Page(hints)]

    preview = work(store, begin(store, since=datetime.now(UTC) - timedelta(days=1)))

    found = rows(store, preview.id)
    assert {subject: row.kind for subject, row in found.items()} == {"early": "earlier", "late": "create"}
    assert found["late"].acts[0]["kind"] == "create_order"
    assert read(store, preview.id).total == {"orders": 2}
    go_live(store, preview.id, despite=True)
    assert store.connection().live_since == preview.orders_since
