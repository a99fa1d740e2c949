"""Looks at items: what was told of is read, what differs is written once, and nothing else is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import update

from portal.models import Connection, Link, MirroredItem
from portal.sync import audit, registry, rules, switches
from portal.sync.catalogues import Catalogue
from portal.sync.engine import catalogue, guard, marks, sources
from portal.sync.errors import Rejected, Retryable, Unsettled
from tests.sync.engine.catalogues import furnish, item, product
from tests.sync.engine.catalogues import rules as store_rules
from tests.sync.mapping.examples import line, order

ANN = audit.Actor("Ann")


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop whose catalogue is synced."""
    return furnish(shop, monkeypatch)


def offered(stocked, number):
    return stocked.leaflink.products_by_ref[str(1000 + number)].available


def written_by_another(stocked, number, units):
    ref, changed = str(1000 + number), datetime.now(UTC)
    units = Decimal(units)
    now = product(number, available=units, quantity=units, updated_at=changed)
    stocked.leaflink.products_by_ref[ref] = now
    stocked.announce_product(ref)
    stocked.look()


def forget_calls(stocked):
    stocked.leaflink.calls.clear()
    stocked.flourish.calls.clear()


@pytest.mark.promise("LL-11")
def test_a_quantity_that_changed_costs_one_read_in_flourish_and_one_write_to_leaflink(stocked):
    stocked.begin(1, 2)
    forget_calls(stocked)
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)

    assert stocked.look() == 1

    assert (stocked.leaflink.calls, stocked.flourish.calls) == (["set_stock"], ["stock_of"])
    assert offered(stocked, 1) == 7
    link = stocked.item_links()["SKU-1"]
    assert (link.state, link.decision_code, link.due_at) == ("settled", "agree", None)
    assert (link.base["stock"], link.base["product"]) == ("7", "1001")
    assert [delivery.outcome for delivery in stocked.deliveries()] == ["applied"]


@pytest.mark.promise("LL-11")
def test_the_webhook_of_our_own_write_is_an_echo_and_costs_nothing(stocked):
    stocked.begin(1)
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)
    stocked.look()
    forget_calls(stocked)

    stocked.announce_product("1001")

    assert stocked.look() == 0
    assert (stocked.leaflink.calls, stocked.deliveries()[-1].outcome) == ([], "stale")


def test_the_webhook_of_our_own_write_may_come_before_its_answer_is_recorded(stocked):
    stocked.begin(1)
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)
    written = stocked.leaflink._stocked

    def write_and_tell(ref, field, value):
        changed = written(ref, field, value)
        stocked.announce_product(ref)
        return changed

    stocked.leaflink._stocked = write_and_tell
    forget_calls(stocked)

    stocked.look_until_quiet()

    assert stocked.leaflink.calls == ["set_stock"]
    assert stocked.mirrored_products()["1001"].told is None


@pytest.mark.promise("LL-24")
def test_a_product_that_changed_in_leaflink_is_read_and_its_stock_put_right(stocked):
    stocked.begin(1)
    forget_calls(stocked)
    stocked.leaflink.edit("1001", quantity=Decimal(3), available=Decimal(3))
    stocked.announce_product("1001")

    stocked.look()

    assert stocked.leaflink.calls == ["product", "set_stock"]
    assert offered(stocked, 1) == 10


def test_what_leaflink_reserves_is_read_though_the_time_of_change_stays(stocked):
    stocked.begin(1)
    forget_calls(stocked)
    before = stocked.leaflink.products_by_ref["1001"].updated_at
    stocked.leaflink.edit("1001", reserved=Decimal(4), available=Decimal(6), updated_at=before)
    stocked.announce_product("1001")

    assert stocked.look() == 1

    assert "product" in stocked.leaflink.calls


@pytest.mark.promise("LL-11")
def test_a_new_item_is_found_by_its_webhook_through_its_list(stocked):
    stocked.begin(1)
    stocked.flourish.shelve(item(2), sellable=4)
    stocked.leaflink.stock_up(product(2))
    stocked.set_stream(sources.ITEMS, due_at=stocked.connection().created_at.replace(year=2100))
    stocked.announce_item("item-2")

    stocked.read(sources.ITEMS)
    stocked.pass_time(4000)
    stocked.read(sources.PRODUCTS)
    stocked.look_until_quiet()

    assert offered(stocked, 2) == 4


@pytest.mark.promise("LL-10")
@pytest.mark.fault(68)
def test_a_second_full_sync_writes_nothing_and_one_percent_changed_writes_exactly_that(stocked):
    numbers = range(1, 101)
    stocked.begin(*numbers)
    stocked.look_until_quiet()
    forget_calls(stocked)
    stocked.set_stream(sources.ITEMS, full_at=None)
    stocked.set_stream(sources.PRODUCTS, full_at=None)
    assert stocked.read_again() == set()
    assert stocked.writes() == 0
    stocked.flourish.count_anew("item-50", 3)

    assert stocked.read_again() == {stocked.connection_id}
    stocked.look_until_quiet()

    assert stocked.leaflink.count("set_stock") == stocked.writes() == 1
    assert offered(stocked, 50) == 3


def test_a_paused_connection_reads_and_compares_and_writes_nothing_until_it_goes_on(stocked):
    stocked.begin(1)
    stocked.set("connection", state="paused")
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)
    stocked.look_until_quiet()
    held = stocked.item_links()["SKU-1"]

    assert (stocked.writes(), held.state) == (0, "waiting")
    assert "the connection is paused" in held.decision_text
    stocked.set("connection", state="live")
    with stocked.desk.tenant(stocked.tenant_id) as session:
        switches.release(session, Link.connection_id == stocked.connection_id)
    stocked.look_until_quiet()
    assert offered(stocked, 1) == 7


@pytest.mark.promise("LL-11")
def test_units_of_an_order_that_flourish_does_not_know_are_promised_until_it_does(stocked):
    stocked.begin(1)
    stocked.flourish.known_items = [item(1)]
    stocked.leaflink.stock_up(product(1))
    stocked.set("connection", live_since="2100-01-01")
    ordered = order(lines=(line(sku="SKU-1", eaches="4"),))

    stocked.arrive(ordered)
    stocked.look_until_quiet()

    assert offered(stocked, 1) == 6
    stocked.leaflink.put(ordered, status="Rejected")
    stocked.mark(ordered.number)
    stocked.look_until_quiet()
    assert offered(stocked, 1) == 10


@pytest.mark.parametrize(
    ("error", "effect"),
    [
        (Unsettled("LeafLink answered 502"), True),
        (Unsettled("LeafLink answered 502"), False),
        (Retryable("LeafLink did not answer"), False),
    ],
)
def test_a_write_without_an_answer_is_repeated_and_ends_with_the_stock_that_is_right(stocked, error, effect):
    stocked.begin(1)
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)
    stocked.leaflink.fail("set_stock", error, effect=effect)

    stocked.look_until_quiet()

    assert (offered(stocked, 1), stocked.item_links()["SKU-1"].state) == (7, "settled")
    assert {one.status for one in stocked.operations()} <= {"ok", "abandoned"}


def test_a_refused_write_is_a_problem_of_its_item_and_closes_once_it_works(stocked):
    stocked.begin(1)
    stocked.flourish.count_anew("item-1", 7)
    stocked.announce_item("item-1", stock=True)
    stocked.leaflink.fail("set_stock", Rejected("not now", field="available_inventory", http_status=400))
    stocked.look()

    problem = stocked.problems()["refused"]

    assert problem.link_id == stocked.item_links()["SKU-1"].id
    stocked.announce_item("item-1", stock=True)
    stocked.look_until_quiet()
    assert (stocked.problems(), offered(stocked, 1)) == ({}, 7)


@pytest.mark.promise("LL-11")
def test_an_empty_list_of_stock_takes_nothing_off_sale_until_a_person_approves_it(stocked):
    stocked.begin(*range(100, 140))
    stocked.flourish.shelves = []
    stocked.read_again(sources.STOCK)
    stocked.look_until_quiet()
    assert (stocked.writes(), set(stocked.problems())) == (0, {"mass_drop"})
    with stocked.desk.tenant(stocked.tenant_id) as session:
        guard.approve(session, stocked.desk.settings.master_keys, stocked.connection_id, actor=ANN)

    for _ in range(8):
        stocked.look()

    assert {offered(stocked, number) for number in range(100, 140)} == {0}
    assert {one.kind for one in stocked.operations()} == {"drop_stock"}
    assert stocked.problems() == {}


@pytest.mark.promise("LL-11")
def test_drops_that_come_one_by_one_are_held_from_the_25th_on_and_other_writes_go_on(stocked):
    stocked.begin(*range(100, 150))
    for number in range(100, 140):
        stocked.flourish.count_anew(f"item-{number}", 0)
        stocked.announce_item(f"item-{number}", stock=True)
        stocked.look()
    stocked.flourish.count_anew("item-145", 3)
    stocked.announce_item("item-145", stock=True)
    stocked.look()

    assert sum(offered(stocked, number) == 0 for number in range(100, 140)) == 24
    assert offered(stocked, 145) == 3
    assert set(stocked.problems()) == {"mass_drop"}
    with stocked.desk.tenant(stocked.tenant_id) as session:
        guard.keep_holding(session, stocked.desk.settings.master_keys, stocked.connection_id, actor=ANN)
        assert session.get_one(Connection, stocked.connection_id).drops_approved_until is None
    for number in range(100, 140):
        stocked.flourish.count_anew(f"item-{number}", 10)
    stocked.read_again(sources.STOCK)
    for _ in range(6):
        stocked.look()
    assert {offered(stocked, number) for number in range(100, 140)} == {10}
    assert stocked.problems() == {}


@pytest.mark.promise("LL-26")
def test_one_sku_can_be_synced_alone_before_the_catalogue_is(stocked):
    stocked.set("connection", catalogue_since=None)
    stocked.flourish.shelve(item(1), item(2), sellable=4)
    stocked.leaflink.stock_up(product(1), product(2))
    with stocked.desk.tenant(stocked.tenant_id) as session:
        catalogue.try_one(
            session, stocked.desk.settings.master_keys, stocked.connection_id, " SKU-1 ", actor=ANN
        )

    stocked.look_until_quiet()

    assert (offered(stocked, 1), offered(stocked, 2)) == (4, 10)
    assert set(stocked.item_links()) == {"SKU-1"}
    assert "products" not in stocked.leaflink.calls


@pytest.mark.promise("LL-10")
@pytest.mark.fault(67)
def test_who_else_writes_is_asked_about_and_a_person_can_have_it_written_again(stocked):
    stocked.begin(1)
    before = offered(stocked, 1)
    written_by_another(stocked, 1, 77)
    assert offered(stocked, 1) == before
    forget_calls(stocked)

    written_by_another(stocked, 1, 77)

    link = stocked.item_links()["SKU-1"]
    assert (link.state, link.decision_code, offered(stocked, 1)) == ("stuck", "two_writers", Decimal(77))
    assert stocked.leaflink.count("set_stock") == 0
    with stocked.desk.tenant(stocked.tenant_id) as session:
        assert marks.look_again(session, link.id, actor=ANN)
    stocked.look()
    assert offered(stocked, 1) == before
    assert stocked.item_links()["SKU-1"].state == "settled"


@pytest.mark.promise("LL-10")
def test_a_changed_rule_is_followed_by_every_product_soon(stocked, monkeypatch):
    stocked.begin(1, 2)
    buffered = replace(
        registry.platform("leaflink"),
        catalogue=Catalogue((), lambda *given: replace(store_rules(*given), stock_buffer=Decimal(3))),
    )
    with stocked.desk.tenant(stocked.tenant_id) as session:
        row = session.get_one(Connection, stocked.connection_id)
        keys = stocked.desk.settings.master_keys
        assert rules.change(session, keys, row, {"price_places": "2"}, actor=ANN)
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", buffered)

    assert stocked.read(sources.STOCK) == {stocked.connection_id}
    stocked.look_until_quiet()

    assert [offered(stocked, number) for number in (1, 2)] == [7, 7]


@pytest.mark.promise("LL-11")
def test_an_order_that_leaflink_does_not_know_any_more_holds_no_stock(stocked):
    stocked.begin(1)
    stocked.flourish.known_items = [item(1)]
    stocked.set("connection", live_since="2100-01-01")
    ordered = order(lines=(line(sku="SKU-1", eaches="4"),))
    stocked.arrive(ordered)
    stocked.look_until_quiet()
    assert offered(stocked, 1) == 6

    del stocked.leaflink.orders[ordered.number]
    stocked.mark(ordered.number)
    stocked.look()
    stocked.look()

    assert offered(stocked, 1) == 10


@pytest.mark.promise("LL-11")
def test_a_webhook_without_a_time_is_never_taken_for_known(stocked):
    stocked.begin(1)
    stocked.flourish.edit("item-1", updated_at=None)
    with stocked.desk.tenant(stocked.tenant_id) as session:
        session.execute(update(MirroredItem).values(version=""))

    stocked.announce_item("item-1")

    assert stocked.item_links()["SKU-1"].due_at is not None
