"""Combined orders, with our rows and both sides: originals are cancelled, one new order takes their place."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.models import Link, LinkRelation
from portal.sync.domain import Stage
from portal.sync.engine import combining
from portal.sync.engine.crash import END, LOOK, WRITE
from portal.sync.errors import Unsettled
from tests.sync.engine.crashing import CrashNow, CrashPoints
from tests.sync.mapping.examples import customer, line, order

LOST_ANSWER = Unsettled("Flourish answered 502", http_status=502)


def place(shop, number, eaches, **changed):
    """An order of ten or so, brought in."""
    lines = (line(eaches=str(eaches), case=1, price="5.00"),)
    link_id = shop.arrive(order(number=number, label=f"L-{number}", lines=lines, **changed))
    shop.look()
    return link_id


def combine(shop, *numbers, number="new", mark=True):
    """Combine orders as the seller does in the app; every order's webhook is told of."""
    originals = [shop.leaflink.orders[one] for one in numbers]
    for one in originals:
        shop.leaflink.put(one, status="Combined", transitions=())
    lines = tuple(
        line(eaches=f"{sum(one.lines[0].eaches for one in originals):f}", case=1, price="5.00") for _ in "1"
    )
    new = order(
        number=number, label=f"L-{number}", lines=lines, is_combination=True, placed_at=datetime.now(UTC)
    )
    shop.leaflink.put(new)
    if mark:
        for one in numbers:
            shop.mark(one)
    return shop.mark(number, new.label)


def flourish(shop):
    """What is in Flourish, by the number of people, and its status."""
    return {one.original_order_id: one.status for one in shop.flourish.orders.values()}


def relations(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        rows = session.execute(
            select(Link.foreign_id, LinkRelation.inferred)
            .join(LinkRelation, LinkRelation.from_id == Link.id)
            .order_by(Link.foreign_id)
        )
        return [tuple(row) for row in rows]


@pytest.mark.promise("LL-16")
def test_originals_are_cancelled_and_the_new_order_comes_in_and_each_story_leads_to_the_other(shop):
    first, second = place(shop, "a", 4), place(shop, "b", 6)

    new = combine(shop, "a", "b")
    shop.look_until_quiet()

    assert flourish(shop) == {"L-a": "Cancelled", "L-b": "Cancelled", "L-new": "Created"}
    assert relations(shop) == [("a", True), ("b", True)]
    assert [shop.link(one).decision_code for one in (first, second, new)] == ["merged", "merged", "agree"]
    assert "Combines L-a, L-b" in shop.story(new)
    assert "Became part of order L-new" in shop.story(first)
    assert "Became part of order L-new" in shop.story(second)
    assert shop.problems() == {}
    kinds = [one.kind for one in shop.operations()]
    assert kinds == ["create_order", "create_order", "cancel_order", "cancel_order", "create_order"]


def test_looking_again_tells_nothing_twice_and_writes_nothing(shop):
    first = place(shop, "a", 4)
    place(shop, "b", 6)
    new = combine(shop, "a", "b")
    shop.look_until_quiet()
    stories, writes = (shop.story(first), shop.story(new)), shop.writes()

    for number in ("a", "b", "new"):
        shop.mark(number)
    shop.look_until_quiet()

    assert (shop.story(first), shop.story(new)) == stories
    assert shop.writes() == writes


def test_a_new_order_that_is_told_of_before_its_originals_asks_until_they_are_seen(shop):
    place(shop, "a", 4)
    place(shop, "b", 6)
    new = combine(shop, "a", "b", mark=False)
    shop.look()
    assert shop.link(new).decision_code == "originals_unknown"
    assert list(shop.problems()) == ["originals_unknown"]

    shop.mark("a")
    shop.look_until_quiet()
    assert shop.link(new).decision_code == "originals_unknown"
    shop.mark("b")
    shop.look_until_quiet()

    assert flourish(shop) == {"L-a": "Cancelled", "L-b": "Cancelled", "L-new": "Created"}
    assert shop.problems() == {}


def test_orders_of_the_customer_that_are_about_to_be_read_are_read_first(shop):
    """Two of three that sum to it were read as combined; the third, equal one is marked and not read yet."""
    for number in ("a", "b", "c"):
        place(shop, number, 5)
    new = combine(shop, "a", "b", mark=False)
    shop.leaflink.put(shop.leaflink.orders["c"], status="Combined", transitions=())
    for number in ("a", "b"):
        shop.mark(number)
        shop.look()
    shop.mark("c")
    shop.set_due(new)

    shop.look_one(new)
    assert shop.link(new).decision_code == "retry"
    shop.look_until_quiet()

    assert shop.link(new).decision_code == "originals_unknown"


@pytest.mark.promise("LL-16")
@pytest.mark.parametrize("status", ["Partially Allocated", "Allocated", "Shipped"])
@pytest.mark.fault(60)
def test_an_original_with_goods_is_not_cancelled_and_the_new_order_waits(shop, status):
    first = place(shop, "a", 4, status="Accepted")
    place(shop, "b", 6)
    shop.flourish.change("SO-1", status=status)

    new = combine(shop, "a", "b")
    shop.look_until_quiet()

    assert flourish(shop) == {"L-a": status, "L-b": "Cancelled"}
    assert list(shop.problems()) == ["combined_original"]
    assert shop.problems()["combined_original"].link_id == first
    link = shop.link(new)
    assert (link.state, link.decision_code, link.due_at) == ("waiting", "waits_for_originals", None)


def test_once_the_allocation_is_taken_back_the_new_order_comes_in(shop):
    place(shop, "a", 4, status="Accepted")
    place(shop, "b", 6)
    shop.flourish.change("SO-1", status="Allocated")
    combine(shop, "a", "b")
    shop.look_until_quiet()

    shop.flourish.change("SO-1", status="Created")
    shop.mark("a")
    shop.look_until_quiet()

    assert flourish(shop) == {"L-a": "Cancelled", "L-b": "Cancelled", "L-new": "Created"}
    assert shop.problems() == {}


def test_an_original_whose_creation_is_unclear_is_waited_for(shop):
    place(shop, "a", 4)
    shop.flourish.fail("create_order", LOST_ANSWER, effect=True)
    place(shop, "b", 6)
    new = combine(shop, "a", "b")

    for _ in range(3):
        shop.look()
    assert "L-new" not in flourish(shop)
    assert shop.link(new).flourish_id is None
    shop.look_until_quiet()

    assert flourish(shop) == {"L-a": "Cancelled", "L-b": "Cancelled", "L-new": "Created"}


def test_originals_that_never_came_in_are_originals_too(shop):
    first = place(shop, "a", 4, status="Draft", stage=Stage.DRAFT)
    place(shop, "b", 6)
    assert shop.link(first).flourish_id is None

    combine(shop, "a", "b")
    shop.look_until_quiet()

    assert flourish(shop) == {"L-b": "Cancelled", "L-new": "Created"}
    assert relations(shop) == [("a", True), ("b", True)]


@pytest.mark.parametrize(
    "change",
    [
        {"customer": customer(license="C10-0000002-LIC")},
        {"merged": timedelta(minutes=-11)},
        {"merged": timedelta(minutes=1)},
    ],
)
def test_an_order_of_another_customer_or_another_time_is_no_candidate(shop, change):
    merged = change.pop("merged", None)
    if "customer" in change:
        shop.flourish.destinations.append(
            shop.flourish.destinations[0].__class__("d2", "X", "C10-0000002-LIC", True)
        )
    first = place(shop, "a", 4, **change)
    place(shop, "b", 6)
    new = combine(shop, "a", "b")
    if merged is not None:
        combined = shop.leaflink.orders["new"].placed_at + merged
        shop.leaflink.orders["a"] = shop.leaflink.orders["a"].__class__(
            **{**vars(shop.leaflink.orders["a"]), "updated_at": combined}
        )
    shop.look_until_quiet()

    assert shop.link(new).decision_code == "originals_unknown"
    assert shop.link(first).flourish_status == "Cancelled"


def choose(shop, link_id, *ids):
    with shop.desk.tenant(shop.tenant_id) as session:
        link = session.get_one(Link, link_id, with_for_update=True)
        combining.choose(session, link, set(ids), actor="Ann")
    with shop.desk.tenant(shop.tenant_id) as session:
        combining.look_at(session, ids)


@pytest.mark.promise("LL-16")
def test_a_person_says_which_of_several_equal_ones_it_were(shop):
    ids = [place(shop, number, 5) for number in ("a", "b", "c")]
    shop.leaflink.put(shop.leaflink.orders["c"], status="Combined", transitions=())
    shop.mark("c")
    new = combine(shop, "a", "b")
    shop.look_until_quiet()
    assert list(shop.problems()) == ["originals_unknown"]

    choose(shop, new, ids[0], ids[1])
    shop.look_until_quiet()

    assert flourish(shop) == {"L-a": "Cancelled", "L-b": "Cancelled", "L-c": "Cancelled", "L-new": "Created"}
    assert relations(shop) == [("a", False), ("b", False)]
    assert "Became part of order L-new" in shop.story(ids[0])
    assert "Became part of order L-new" not in shop.story(ids[2])
    assert shop.problems() == {}


def test_a_person_says_that_it_is_none_of_them_even_where_it_was_inferred(shop):
    place(shop, "a", 4, status="Accepted")
    place(shop, "b", 6)
    shop.flourish.change("SO-1", status="Shipped")
    new = combine(shop, "a", "b")
    shop.look_until_quiet()
    assert shop.link(new).decision_code == "waits_for_originals"

    choose(shop, new)
    shop.look_until_quiet()

    assert flourish(shop)["L-new"] == "Created"
    assert relations(shop) == []


def test_what_became_part_of_one_order_is_no_candidate_of_another(shop):
    for number in ("a", "b"):
        place(shop, number, 5)
    combine(shop, "a", "b")
    shop.look_until_quiet()
    again = shop.leaflink.put(
        order(
            number="other",
            label="L-other",
            lines=shop.leaflink.orders["new"].lines,
            is_combination=True,
            placed_at=datetime.now(UTC),
        )
    )
    other = shop.mark(again.number, again.label)
    shop.look_until_quiet()

    assert shop.link(other).decision_code == "originals_unknown"
    assert shop.problems()["originals_unknown"].evidence == {"candidates": []}


@pytest.mark.promise("LL-16")
@pytest.mark.fault(1, 2, 3, 4)
@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("point", [*LOOK, *WRITE, *END])
@pytest.mark.fault(4, 60)
def test_a_worker_killed_anywhere_leaves_one_new_order_and_no_original(shop, monkeypatch, point, turn):
    place(shop, "a", 4)
    place(shop, "b", 6)
    combine(shop, "a", "b")
    points = CrashPoints(monkeypatch)
    points.crash_at(point, turn=turn)
    with suppress(CrashNow):
        shop.look_until_quiet(most=12)
    points.clear()
    shop.pass_time(46)

    shop.look_until_quiet(most=12)

    assert flourish(shop) == {"L-a": "Cancelled", "L-b": "Cancelled", "L-new": "Created"}
    assert len(shop.flourish.orders) == 3
    assert relations(shop) == [("a", True), ("b", True)]
    assert shop.problems() == {}
