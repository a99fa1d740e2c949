"""Orders of a platform that sends no webhook, locks them and takes lines: what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from portal.sync.errors import Rejected, Unsettled
from portal.sync.platforms.ordo.status import CONFIRMED
from tests.sync.engine.crashing import CrashNow, CrashPoints, look_of, matrix
from tests.sync.engine.ordo_world import open_ordo_shop, ordo_line, ordo_order, told_id
from tests.sync.engine.shop import Shop
from tests.sync.mapping.examples import customer

NUMBER = ordo_order().number
LOST = Unsettled("It answered 502", http_status=502)


@pytest.fixture
def shop(desk, tenant_id):
    """A live connection to Ordo with both worlds plugged in."""
    return open_ordo_shop(desk, tenant_id)


@pytest.fixture
def points(monkeypatch):
    """Crash points that a test plans with."""
    return CrashPoints(monkeypatch)


def place(shop, **changed):
    return shop.arrive(ordo_order(**changed))


def here(shop):
    return shop.leaflink.orders[NUMBER]


def edit_lines(shop, *, eaches="25"):
    """Have staff change the order's lines in Flourish: another quantity, and a line more."""
    first = shop.flourish.orders["SO-1"].lines[0]
    other = replace(first, item_id="item-FL-2", sku="FL-2", eaches=Decimal(3), unit_price=Decimal("7.125"))
    lines = (replace(first, eaches=Decimal(eaches)), other)
    shop.flourish.change("SO-1", lines=lines)
    shop.mark(NUMBER)


@pytest.mark.promise("OR-5")
def test_a_confirmed_order_is_made_finished_locked_and_told(shop):
    link_id = place(shop)
    shop.look_until_quiet()

    assert [one.kind for one in shop.operations()] == [
        "create_order",
        "finish_order",
        "move",
        "tell_platform",
    ]
    assert (here(shop).status, told_id(here(shop))) == ("Awaiting Delivery", "SO-1")
    there = shop.flourish.orders["SO-1"]
    assert (there.original_order_id, there.term) == ("ORD-1001", "Net 30")
    assert shop.link(link_id).state == "settled"
    assert shop.problems() == {}


def test_each_write_onto_ordo_has_its_operations_key(shop):
    place(shop)
    shop.look_until_quiet()
    edit_lines(shop)
    shop.look_until_quiet()

    kinds = {"move": "move", "tell": "tell_platform", "replace_lines": "replace_lines"}
    sent = [(kinds[name], key) for name, key in shop.leaflink.keys]
    made = [(one.kind, str(one.id)) for one in shop.operations() if one.system == "ordo"]
    assert sent == made
    assert len(set(made)) == 3


@pytest.mark.promise("OR-5")
def test_a_pending_order_waits(shop):
    link_id = place(shop, status="Pending")
    shop.look_until_quiet()

    link = shop.link(link_id)
    assert (link.state, link.decision_code, shop.writes()) == ("waiting", "draft", 0)


@pytest.mark.promise("OR-6")
def test_lines_that_staff_changed_are_written_once_and_told_as_ours(shop):
    link_id = place(shop)
    shop.look_until_quiet()
    edit_lines(shop)
    shop.look_until_quiet()

    assert [(one.sku, one.eaches, one.case_price) for one in here(shop).lines] == [
        ("FL-1", Decimal(25), Decimal(5)),
        ("FL-2", Decimal(3), Decimal("7.125")),
    ]
    (written,) = [one for one in shop.operations() if one.kind == "replace_lines"]
    assert written.changes == [["FL-1 eaches", "10", "25"], ["FL-2", "", "3 ea at 7.125"]]
    story = shop.story(link_id)
    assert "Lines as in Flourish" in story
    assert not [title for title in story if title.startswith("Edited in")]
    assert "drift" not in shop.link(link_id).snapshot or not shop.link(link_id).snapshot["drift"]
    writes = shop.writes()
    shop.mark(NUMBER)
    shop.look_until_quiet()
    assert shop.writes() == writes


@pytest.mark.promise("OR-6")
def test_an_edit_on_both_sides_is_a_persons(shop):
    """Only the moment before the lock allows it."""
    place(shop)
    shop.look_until_quiet()
    shop.leaflink.put(here(shop), lines=(ordo_line(eaches="40"),), total=Decimal(200))
    edit_lines(shop)
    shop.look_until_quiet()

    assert list(shop.problems()) == ["edited_on_both_sides"]
    assert shop.leaflink.count("replace_lines") == 0


def test_lines_that_ordo_refuses_hold_no_status_up(shop):
    place(shop)
    shop.look_until_quiet()
    shop.leaflink.fail("replace_lines", Rejected("unknown_item", http_status=422), times=9)
    edit_lines(shop)
    shop.look_until_quiet()
    assert list(shop.problems()) == ["refused"]
    shop.flourish.change("SO-1", status="Shipped")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert here(shop).status == "Delivered"


@pytest.mark.promise("OR-10")
def test_a_problem_of_what_was_taken_back_closes_by_itself(shop):
    place(shop, term="Cash on Delivery", term_shown="Cash")
    shop.flourish.terms = ("Cash on Delivery",)
    shop.look_until_quiet()
    for status in ("Shipped", "Allocated"):
        shop.flourish.change("SO-1", status=status)
        shop.mark(NUMBER)
        shop.look_until_quiet()
    assert (here(shop).status, list(shop.problems())) == ("Paid", ["unshipped_after_delivery"])
    shop.flourish.change("SO-1", status="Shipped")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert shop.problems() == {}
    assert [after for _number, _before, after in shop.leaflink.moves] == ["Awaiting Delivery", "Paid"]


def ship(shop):
    place(shop)
    shop.look()
    shop.flourish.change("SO-1", status="Shipped")
    shop.mark(NUMBER)


def cancel_there(shop):
    place(shop)
    shop.look()
    shop.flourish.change("SO-1", status="Cancelled")
    shop.mark(NUMBER)


def edit_there(shop):
    place(shop)
    shop.look()
    edit_lines(shop)


def edit_and_ship(shop):
    edit_there(shop)
    shop.flourish.change("SO-1", status="Shipped", payment_status="Paid")
    shop.mark(NUMBER)


def lose_the_create(shop):
    place(shop)
    shop.flourish.fail("create_order", LOST, effect=True)
    shop.look()
    shop.pass_time(shop.settle_seconds + 1)


def lose_the_lines(shop):
    edit_there(shop)
    shop.leaflink.fail("replace_lines", LOST, effect=True)
    shop.look()
    shop.pass_time(shop.settle_seconds + 1)
    shop.mark(NUMBER)


@dataclass(frozen=True)
class Flow:
    """A look at one order: how it comes about, the points that it passes, and what stands at the end."""

    prepare: Callable[[Shop], object]
    trail: tuple[str, ...]
    status: str = "Awaiting Delivery"
    live: int = 1
    eaches: tuple[int, ...] = (10,)
    license: str = field(default="C10-0000001-LIC")


FLOWS = {
    "made, finished, locked and told": Flow(place, look_of(writes=4)),
    "with its destination": Flow(
        lambda shop: place(shop, customer=customer(license="C10-NEW-9")), look_of(writes=5)
    ),
    "shipped": Flow(ship, look_of(writes=1), status="Delivered"),
    "cancelled in Flourish": Flow(cancel_there, look_of(writes=1), status="Cancelled", live=0),
    "lines changed in Flourish": Flow(edit_there, look_of(writes=1), eaches=(25, 3)),
    "changed, shipped and paid": Flow(edit_and_ship, look_of(writes=2), status="Paid", eaches=(25, 3)),
    "lost order found": Flow(lose_the_create, look_of(writes=3, settling=True)),
}
CASES = matrix(FLOWS)


@pytest.mark.parametrize("name", FLOWS)
def test_a_look_passes_the_points_that_the_matrix_says(shop, points, name):
    FLOWS[name].prepare(shop)
    points.passed.clear()

    shop.look()

    assert tuple(points.passed) == FLOWS[name].trail


@pytest.mark.fault(1, 2, 3, 4)
@pytest.mark.parametrize(("name", "point", "turn"), CASES, ids=[f"{n}-{p}-{t}" for n, p, t in CASES])
def test_a_killed_worker_leaves_nothing_that_the_next_one_does_not_bring_to_its_end(
    shop, points, name, point, turn
):
    flow = FLOWS[name]
    flow.prepare(shop)
    points.crash_at(point, turn=turn)
    with pytest.raises(CrashNow):
        shop.look()
    shop.pass_time(46)

    shop.look_until_quiet(most=12)

    assert_at_rest(shop, flow)


def test_lines_whose_answer_was_lost_are_found_to_be_there(shop):
    lose_the_lines(shop)
    shop.look_until_quiet()

    assert shop.leaflink.count("replace_lines") == 1
    assert_at_rest(shop, FLOWS["lines changed in Flourish"])


def assert_at_rest(shop, flow):
    (link,) = {shop.link(one.link_id).id: shop.link(one.link_id) for one in shop.operations()}.values()
    assert (link.state, link.lease_owner, link.due_at) == ("settled", None, None)
    assert (link.flourish_id, link.done_seq, link.crashes) == ("SO-1", link.dirty_seq, 0)
    assert (len(shop.flourish.orders), len(shop.flourish.live())) == (1, flow.live)
    assert shop.flourish.count("create_order") == 1
    assert here(shop).status == flow.status == link.foreign_status
    assert tuple(one.eaches for one in here(shop).lines) == flow.eaches
    assert told_id(here(shop)) == "SO-1"
    assert here(shop).status != CONFIRMED
    assert {one.status for one in shop.operations()} <= {"ok", "abandoned"}
    assert shop.problems() == {}
