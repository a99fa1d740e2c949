"""Lists that never stand still, and what a person says of a list that lost its rows."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from portal.models import Link
from portal.sync import audit, journal
from portal.sync.decisions import Finding
from portal.sync.engine import guard, sources
from portal.sync.errors import ConnectionBroken
from tests.sync.engine.catalogues import furnish, item, product

ANN = audit.Actor("Ann")


@pytest.fixture
def stocked(shop, monkeypatch):
    return furnish(shop, monkeypatch)


@pytest.mark.fault(67)
def test_stock_that_moved_in_every_pass_is_read_from_its_beginning_the_next_time(stocked):
    stocked.flourish.shelve(*(item(number) for number in range(1, 8)), sellable=5)
    stocked.read(sources.ITEMS)
    whole = list(stocked.flourish.shelves)

    def sell() -> None:
        # One row more or less each time that a page is read.
        moved = len(stocked.flourish.shelves) == len(whole)
        stocked.flourish.shelves = whole[:-1] if moved else list(whole)
        stocked.flourish.meanwhile["stock"] = sell

    stocked.flourish.meanwhile["stock"] = sell
    stocked.read(sources.STOCK)
    assert stocked.streams()[sources.STOCK].position is None
    stocked.flourish.meanwhile.clear()
    stocked.flourish.shelves = whole

    stocked.read_again(sources.STOCK)

    assert {row.stock["7"] for row in stocked.mirrored_items().values()} == {"5"}


def lose_all_products(stocked) -> None:
    stocked.leaflink.stock_up(*(product(number) for number in range(100, 140)))
    stocked.read(sources.PRODUCTS)
    stocked.leaflink.products_by_ref.clear()
    stocked.set_stream(sources.PRODUCTS, full_at=None)
    stocked.read_again(sources.PRODUCTS)
    assert set(stocked.problems()) == {"mass_gone"}


@pytest.mark.fault(69)
def test_a_list_that_lost_its_rows_is_read_whole_as_soon_as_that_is_approved(stocked):
    lose_all_products(stocked)

    with stocked.desk.tenant(stocked.tenant_id) as session:
        guard.approve(session, stocked.desk.settings.master_keys, stocked.connection_id, actor=ANN)
    stocked.read(sources.PRODUCTS)

    assert None not in {row.gone_at for row in stocked.mirrored_products().values()}
    assert stocked.problems() == {}


@pytest.mark.fault(69)
def test_what_is_asked_about_a_list_stays_asked_while_its_polls_fail_and_work_again(stocked):
    lose_all_products(stocked)

    stocked.leaflink.fail("products", ConnectionBroken("no", http_status=500), times=1)
    stocked.read_again(sources.PRODUCTS)
    assert set(stocked.problems()) >= {"mass_gone"}
    stocked.read_again(sources.PRODUCTS)

    assert set(stocked.problems()) == {"mass_gone"}


def test_a_comparison_leaves_the_problem_of_an_item_on_which_workers_died(stocked):
    stocked.begin(1, 2)
    link = stocked.item_links()["SKU-1"]
    with stocked.desk.tenant(stocked.tenant_id) as session:
        died = Finding("worker_died", "The worker died 3 times", "An operator looks.", who="operator")
        journal.report(session, session.get_one(Link, link.id), (died,), code=died.code)
        values = {"state": "stuck", "alone": True, "decision_code": died.code}
        session.execute(update(Link).where(Link.id == link.id).values(values))

    stocked.flourish.count_anew("item-2", 3)
    stocked.read_again(sources.STOCK)

    assert "worker_died" in stocked.problems()


def test_a_connection_whose_key_is_refused_is_not_asked_for_its_brands_and_lines(stocked):
    stocked.begin(1)
    stocked.set("connection", state="needs_credentials")
    asked = len(stocked.leaflink.calls)
    stocked.flourish.edit("item-1", brand="Another")

    stocked.read_again(sources.ITEMS)

    assert len(stocked.leaflink.calls) == asked
