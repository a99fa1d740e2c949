"""What people said is the same holds from the next look on, and is taken back without a trace."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Connection, Exclusion
from portal.sync import aliases, audit
from portal.sync.checks import MatchKey
from portal.sync.domain import Destination
from portal.sync.platforms.leaflink.readiness import LICENSE, LOT, REP, SKU
from tests.sync.engine.catalogues import furnish, item, product
from tests.sync.mapping.examples import customer, line, order

ANN = audit.Actor("Ann")


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop whose catalogue is synced."""
    return furnish(shop, monkeypatch)


def say(shop, act, key: MatchKey, *values, **named):
    """Do one of the acts of `aliases`."""
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        keys = shop.desk.settings.master_keys
        return act(session, keys, connection, key, *values, actor=ANN, **named)


def make(shop, key: MatchKey, *pairs):
    return say(shop, aliases.make, key, pairs)


def acts(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return [row.action for row in session.scalars(select(AuditEvent).order_by(AuditEvent.seq))]


@pytest.mark.promise("ON-3")
def test_an_aliased_sku_brings_in_the_order_that_waited_for_it(shop):
    stuck = shop.arrive(lines=(line("fl 1"),))
    other = shop.arrive(order(number="other", lines=(line("NO-1"),)))
    shop.look_until_quiet()
    assert shop.link(stuck).state == "stuck"

    said = make(shop, SKU, ("fl 1", "FL-1"))

    assert (said.count, said.orders) == (1, 1)
    assert shop.link(stuck).due_at is not None
    assert shop.link(other).due_at is None
    shop.look_until_quiet()
    (made,) = shop.flourish.live()
    assert [one.sku for one in made.lines] == ["FL-1"]
    assert shop.link(stuck).state != "stuck"
    assert "sku_unknown" in shop.closed_problems()
    # Its page shows what the platform has; nobody edited it.
    (shown,) = shop.link(stuck).snapshot["lines"]
    assert (shown["sku"], shown["item"]) == ("fl 1", "FL-1")
    assert not any("Edited" in title for title in shop.story(stuck))


def test_an_account_that_was_open_before_knows_what_was_said_since(shop):
    account = shop.account
    shop.arrive(lines=(line("fl 1"),))
    shop.look(account)
    make(shop, SKU, ("fl 1", "FL-1"))

    for _ in range(3):
        shop.look(account)

    assert len(shop.flourish.live()) == 1


@pytest.mark.promise("LL-2")
def test_an_aliased_license_finds_its_destination_and_makes_none(shop):
    shop.flourish.destinations = [Destination("d9", "Corner", "C10-0000001", True)]
    make(shop, LICENSE, ("C10-0000001-LIC", "C10-0000001"))

    shop.arrive()
    shop.look_until_quiet()

    assert shop.flourish.count("create_destination") == 0
    assert [one.destination_id for one in shop.flourish.live()] == ["d9"]


@pytest.mark.promise("LL-3")
def test_an_aliased_e_mail_finds_its_sales_rep(shop):
    shop.leaflink.emails["r1"] = "Rae@old.example"
    make(shop, REP, ("rae@old.example", "rae@acme.example"))

    link = shop.arrive(reps=("r1",))
    shop.look_until_quiet()

    assert shop.link(link).state != "stuck"
    assert len(shop.flourish.live()) == 1
    created = next(one for one in shop.operations(link) if one.kind == "create_order")
    assert created.request["sales_rep_id"] == "31"


@pytest.mark.promise("LL-7")
def test_an_aliased_batch_finds_its_lot(shop):
    shop.flourish.lots["item-FL-1"] = ("LOT-7",)
    link = shop.arrive(lines=(line("FL-1", lot="B7"),))
    shop.look_until_quiet()
    assert set(shop.problems()) == {"lot_missing"}

    assert make(shop, LOT, ("B7", "LOT-7")).orders == 1

    shop.look_until_quiet()
    assert shop.link(link).state != "stuck"
    assert [one.lot for order in shop.flourish.live() for one in order.lines] == ["LOT-7"]


@pytest.mark.promise("ON-9")
def test_a_left_out_customer_is_not_synced_until_it_is_included_again(shop):
    say(shop, aliases.exclude, LICENSE, ["C10-0000001-LIC"])
    link = shop.arrive()
    shop.look_until_quiet()
    assert (shop.link(link).state, shop.link(link).decision_code) == ("skipped", "customer_left_out")

    assert say(shop, aliases.include, LICENSE, ["C10-0000001-LIC"]).orders == 1

    shop.look_until_quiet()
    assert len(shop.flourish.live()) == 1
    assert [one for one in acts(shop) if one.startswith("match.")] == ["match.excluded", "match.included"]


@pytest.mark.promise("ON-3")
def test_an_aliased_product_and_its_item_are_one_link_and_no_second_product_is_made(stocked):
    stocked.flourish.shelve(item(1, sku="NEW-1"), sellable=7)
    stocked.leaflink.stock_up(product(1, sku="OLD-1"))
    stocked.read()
    stocked.look_until_quiet()
    assert stocked.item_links()["NEW-1"].decision_code != "agree"

    make(stocked, SKU, ("OLD-1", "NEW-1"))
    stocked.look_until_quiet()

    link = stocked.item_links()["NEW-1"]
    assert (link.state, link.base["product"]) == ("settled", "1001")
    assert stocked.leaflink.products_by_ref["1001"].available == 7
    assert stocked.leaflink.count("create_product") == 0
    assert stocked.leaflink.products_by_ref["1001"].sku == "OLD-1"
    assert stocked.item_links()["OLD-1"].decision_code == "aliased"


def test_a_pull_and_a_webhook_keep_an_aliased_product_with_its_item(stocked):
    stocked.flourish.shelve(item(1, sku="NEW-1"), sellable=7)
    stocked.leaflink.stock_up(product(1, sku="OLD-1"))
    stocked.read()
    make(stocked, SKU, ("OLD-1", "NEW-1"))
    stocked.look_until_quiet()
    stocked.leaflink.edit("1001", available=Decimal(3), quantity=Decimal(3))

    stocked.announce_product("1001")
    stocked.look_until_quiet()
    stocked.read_again()

    assert stocked.mirrored_products()["1001"].sku_key == "NEW-1"
    assert stocked.leaflink.products_by_ref["1001"].available == 7


@pytest.mark.promise("ON-9")
def test_undo_separates_them_again_with_nothing_zeroed_or_made(stocked):
    stocked.flourish.shelve(item(1, sku="NEW-1"), sellable=7)
    stocked.leaflink.stock_up(product(1, sku="OLD-1"))
    stocked.read()
    batch = make(stocked, SKU, ("OLD-1", "NEW-1")).batch_id
    stocked.look_until_quiet()
    before = stocked.writes()

    assert say(stocked, aliases.undo, SKU, batch_id=batch).count == 1
    stocked.look_until_quiet()
    stocked.read_again()
    stocked.look_until_quiet()

    links = stocked.item_links()
    assert "product" not in (links["NEW-1"].base or {})
    assert links["OLD-1"].decision_code == "no_item"
    assert stocked.writes() == before
    assert stocked.leaflink.products_by_ref["1001"].available == 7
    assert [one for one in acts(stocked) if one.startswith("alias.")] == ["alias.made", "alias.undone"]


@pytest.mark.promise("ON-9")
def test_a_left_out_product_is_not_written_and_keeps_its_stock(stocked):
    stocked.begin(1, sellable=7)
    stocked.look_until_quiet()
    say(stocked, aliases.exclude, SKU, ["SKU-1"])
    stocked.look_until_quiet()
    assert stocked.item_links()["SKU-1"].decision_code == "left_out"
    stocked.flourish.count_anew("item-1", 2)
    stocked.announce_item("item-1", stock=True)
    stocked.look_until_quiet()
    assert stocked.leaflink.products_by_ref["1001"].available == 7

    say(stocked, aliases.include, SKU, ["SKU-1"])
    stocked.look_until_quiet()

    assert stocked.leaflink.products_by_ref["1001"].available == 2


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("", "FL-1")], "FL-1 has no value"),
        ([("A", "FL-1"), ("A", "FL-2")], "A is to be FL-1 and FL-2 at once"),
        ([("OUT", "FL-1")], "OUT is left out"),
        ([("KNOWN", "FL-2")], "KNOWN is said to be FL-1 already"),
    ],
)
def test_what_cannot_be_said_is_refused_in_words_and_changes_nothing(shop, pairs, says):
    make(shop, SKU, ("KNOWN", "FL-1"))
    say(shop, aliases.exclude, SKU, ["OUT"])
    told = acts(shop)

    with pytest.raises(aliases.CannotAlias, match=says):
        make(shop, SKU, *pairs)

    assert acts(shop) == told


def test_what_is_said_twice_is_said_once(shop):
    make(shop, SKU, ("A", "FL-1"))

    assert make(shop, SKU, ("A ", "FL-1"), ("FL-1", "FL-1 ")).count == 0
    assert say(shop, aliases.exclude, SKU, ["X", "X ", ""]).count == 1
    assert say(shop, aliases.exclude, SKU, ["X"]).count == 0
    with shop.desk.tenant(shop.tenant_id) as session:
        assert len(session.scalars(select(Exclusion)).all()) == 1


def test_a_moved_order_keeps_the_alias(shop):
    """The license of an order is Flourish's wherever it is planned."""
    make(shop, LICENSE, ("X-1", "C10-0000001-LIC"))
    source = order(customer=replace(customer(), license="X-1", license_shown="X-1"))

    link = shop.arrive(source)
    shop.look_until_quiet()

    assert shop.link(link).snapshot["customer"]["license"] == "C10-0000001-LIC"
    assert [one.destination_id for one in shop.flourish.live()] == ["d1"]
