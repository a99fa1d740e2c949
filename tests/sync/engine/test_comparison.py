"""Comparisons: every SKU of either side gets a link with its decision, and only a change is planned again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.models import Link
from portal.sync import audit
from portal.sync.decisions import Decision, Finding, SetStock
from portal.sync.engine import comparison, guard, mismatches, pull, sources
from portal.sync.engine.shelves import known
from tests.sync.engine.catalogues import T0, furnish, item, product
from tests.sync.engine.crashing import CrashNow, CrashPoints

ANN = audit.Actor("Ann")


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop whose catalogue is synced."""
    return furnish(shop, monkeypatch)


@pytest.fixture
def planned(stocked, monkeypatch):
    """Keeps which SKUs were planned; a test may say what is decided about one."""
    calls = Planned()
    monkeypatch.setattr(comparison, "planner_of", lambda _platform: calls)
    return calls


class Planned:
    """A planner that does as it is told."""

    def __init__(self):
        self.skus = []
        self.told = {}

    def __call__(self, shelf, *, base, rules, facts):
        self.skus.append(shelf.sku)
        told = self.told.get(shelf.sku)
        return told(shelf, base) if told else settled(shelf, base)


def settled(shelf, base):
    agreed = {**(base or {}), "item": shelf.items[0].id} if shelf.items else base
    if shelf.products:
        agreed = {**(agreed or {}), "product": shelf.products[0].ref}
    return Decision("agree", "Both sides agree.", "Nothing.", "settled", base=agreed)


def stuck(code="strain_missing", cause=""):
    finding = Finding(code, "The item needs a strain", "Give the item a strain in Flourish.", cause=cause)
    return lambda *_: Decision(code, "It waits.", "Give it a strain.", "stuck", findings=(finding,))


def stock(value, *, drops=False):
    return lambda shelf, base: Decision(
        "stock",
        "The stock differs.",
        "Trellis writes it.",
        "settled",
        action=SetStock(shelf.products[0].ref, "available", Decimal(value), drops, base or {}),
    )


def stock_up(stocked, numbers):
    stocked.flourish.shelve(*(item(number) for number in numbers))
    stocked.leaflink.stock_up(*(product(number) for number in numbers))


@pytest.mark.promise("LL-1")
def test_every_sku_of_either_side_has_a_link_with_its_decision(stocked):
    stocked.flourish.shelve(item(1), item(2, sku=" SKU-2 "), item(3, sku="sku 9"))
    stocked.leaflink.stock_up(product(1), product(2), product(9))

    stocked.read()

    links = stocked.item_links()
    assert {sku: link.decision_code for sku, link in links.items()} | {"sku 9": ""} == {
        "SKU-1": "agree",
        "SKU-2": "agree",
        "SKU-9": "near_item",
        "sku 9": "",
    }
    one = links["SKU-1"]
    assert (one.state, one.flourish_id, one.base["product"]) == ("settled", "item-1", "1001")
    assert (one.label, one.due_at, one.done_seq) == ("SKU-1", None, one.dirty_seq)
    assert one.snapshot["item"]["brand"] == "Acme"


def test_nothing_is_compared_before_both_sides_were_read_whole(stocked):
    stock_up(stocked, [1])

    stocked.read(sources.ITEMS, sources.STOCK)

    assert stocked.item_links() == {}


@pytest.mark.promise("LL-10")
def test_what_did_not_change_is_not_planned_again_and_no_link_is_written(stocked, planned):
    stock_up(stocked, range(1, 8))
    stocked.read()
    first, before = list(planned.skus), stocked.item_links()
    planned.skus.clear()
    stocked.flourish.edit("item-3", name="Renamed")

    stocked.read_again()

    assert sorted(first) == sorted(before)
    assert planned.skus == ["SKU-3"]


def test_only_links_with_something_to_do_are_marked_stock_before_the_rest(stocked, planned):
    stock_up(stocked, range(1, 6))
    planned.told["SKU-2"] = stock(7)

    concerned = stocked.read()

    due = {sku: link for sku, link in stocked.item_links().items() if link.due_at is not None}
    assert concerned == {stocked.connection_id}
    assert {sku: (link.state, link.priority, link.done_seq) for sku, link in due.items()} == {
        "SKU-2": ("new", 20, 0)
    }


def test_a_link_that_is_worked_on_is_only_marked(stocked, planned):
    stock_up(stocked, [1, 2])
    stocked.read()
    for one in stocked.item_links().values():
        with stocked.desk.tenant(stocked.tenant_id) as session:
            link = session.get_one(Link, one.id)
            link.due_at, link.dirty_seq = one.created_at, one.dirty_seq + 1
    claims = {stocked.link(claim.link_id).foreign_id: claim for claim in stocked.claims(1)}
    (sku,) = claims
    planned.told[sku] = stock(7)
    stocked.flourish.edit(f"item-{sku[-1]}", name="Renamed")

    stocked.read_again(sources.ITEMS)

    link = stocked.item_links()[sku]
    assert link.fence == claims[sku].fence
    assert link.dirty_seq == claims[sku].dirty_seq + 1
    assert link.decision_code == "agree"


def test_problems_of_few_items_are_each_their_own_and_close_with_their_cause(stocked, planned):
    stock_up(stocked, range(1, 4))
    planned.told["SKU-2"] = stuck()
    stocked.read()

    problem = stocked.problems()["strain_missing"]
    assert problem.link_id == stocked.item_links()["SKU-2"].id
    del planned.told["SKU-2"]
    stocked.flourish.edit("item-2", strain="Gelato")
    stocked.read_again()
    assert stocked.problems() == {}
    assert stocked.story(problem.link_id) == ["SKU-2"]


def test_problems_of_many_items_are_one_with_their_number(stocked, planned):
    numbers = range(100, 130)
    stock_up(stocked, numbers)
    planned.told |= {f"SKU-{number}": stuck() for number in numbers}

    stocked.read()

    (problem,) = stocked.problems().values()
    assert (problem.code, problem.cause) == (mismatches.CODE, "strain_missing")
    assert problem.title == "30 items wait for one thing: The item needs a strain"
    assert "SKU-100" in problem.text
    for number in range(100, 110):
        del planned.told[f"SKU-{number}"]
        stocked.flourish.edit(f"item-{number}", strain="Gelato")
    stocked.read_again()
    assert set(stocked.problems()) == {"strain_missing"}


def test_a_comparison_that_is_killed_begins_again_and_makes_each_link_once(stocked, monkeypatch):
    monkeypatch.setattr(comparison, "_BATCH", 2)
    stock_up(stocked, range(1, 8))
    stocked.read(sources.ITEMS, sources.STOCK)
    points = CrashPoints(monkeypatch)
    points.crash_at("compared", turn=2)
    with pytest.raises(CrashNow):
        stocked.read(sources.PRODUCTS)
    half = stocked.item_links()

    stocked.read_again(sources.PRODUCTS)

    assert len(half) == 4
    assert {link.decision_code for link in stocked.item_links().values()} == {"agree"}
    assert len(stocked.item_links()) == 7
    assert stocked.streams()[sources.PRODUCTS].position is None


@pytest.mark.promise("LL-27")
def test_a_comparison_that_runs_out_of_time_goes_on_where_it_was(stocked, monkeypatch):
    monkeypatch.setattr(comparison, "_BATCH", 2)
    stock_up(stocked, range(1, 8))
    stocked.read(sources.ITEMS, sources.STOCK)
    monkeypatch.setattr(pull.Pull, "_is_over", lambda _: True)
    stocked.read(sources.PRODUCTS)
    place = stocked.streams()[sources.PRODUCTS].position

    for _ in range(5):
        stocked.read_again(sources.PRODUCTS)

    assert place["compared"][1] == "SKU-2"
    assert len(stocked.item_links()) == 7


def test_many_that_would_lose_all_stock_are_held_and_marked_once_a_person_approves(stocked, planned):
    numbers = range(100, 140)
    stock_up(stocked, numbers)
    stocked.read()
    for number in numbers:
        planned.told[f"SKU-{number}"] = stock(0, drops=True)
        stocked.flourish.edit(f"item-{number}", name="Renamed")
    planned.told["SKU-120"] = stock(3)

    stocked.read_again()

    links = stocked.item_links()
    assert [sku for sku, link in links.items() if link.due_at is not None] == ["SKU-120"]
    problem = stocked.problems()["mass_drop"]
    assert (problem.evidence["number"], problem.evidence["linked"]) == (39, 40)
    assert links["SKU-101"].decision_code == "mass_drop"
    with stocked.desk.tenant(stocked.tenant_id) as session:
        approve = guard.approve(session, stocked.desk.settings.master_keys, stocked.connection_id, actor=ANN)
    assert approve == 39
    assert stocked.problems() == {}
    assert all(link.due_at is not None for link in stocked.item_links().values())


def test_a_few_that_lose_all_stock_are_marked_at_once(stocked, planned):
    numbers = range(100, 140)
    stock_up(stocked, numbers)
    stocked.read()
    for number in range(100, 124):
        planned.told[f"SKU-{number}"] = stock(0, drops=True)
        stocked.flourish.edit(f"item-{number}", name="Renamed")

    stocked.read_again()

    assert sum(link.due_at is not None for link in stocked.item_links().values()) == 24
    assert stocked.problems() == {}


@pytest.mark.promise("LL-27")
def test_a_pull_of_changes_compares_what_it_saw_and_nothing_else(stocked, monkeypatch):
    stock_up(stocked, range(1, 30))
    stocked.read()
    for ref in range(1001, 1030):
        stocked.leaflink.edit(str(ref), updated_at=T0 - timedelta(days=1))
    compared: list[str] = []

    def noted(session, connection, rules, skus, **more):
        compared.extend(skus)
        return known(session, connection, rules, skus, **more)

    monkeypatch.setattr(comparison, "known", noted)
    stocked.leaflink.edit("1005", name="Renamed")

    stocked.read_again(sources.PRODUCTS)

    assert set(compared) == {"SKU-5"}
