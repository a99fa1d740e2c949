"""A worker dies at every point that it passes over an order of a shop; the next one ends with one order, and
with one customer (as test_crash for orders of companies)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from portal.sync.errors import Unsettled
from tests.sync.engine.aiq_world import aiq_order, open_aiq_shop, told_id
from tests.sync.engine.crashing import CrashNow, CrashPoints, look_of, matrix
from tests.sync.engine.shop import Shop
from tests.sync.platforms.aiq.examples import NUMBER

LOST = Unsettled("It answered 502", http_status=502)


@pytest.fixture
def shop(desk, tenant_id):
    """A live connection to AIQ with both worlds plugged in."""
    return open_aiq_shop(desk, tenant_id)


@pytest.fixture
def points(monkeypatch):
    """Crash points that a test plans with."""
    return CrashPoints(monkeypatch)


def place(shop):
    return shop.arrive(aiq_order())


def here(shop):
    return shop.leaflink.orders[NUMBER]


@dataclass(frozen=True)
class Flow:
    """A look at one order: how it comes about, the points that it passes, and how it ends."""

    prepare: Callable[[Shop], object]
    trail: tuple[str, ...]
    status: str = "CONFIRMED"
    flourish: str = "Submitted"


def pack(shop):
    place(shop)
    shop.look_until_quiet()
    shop.flourish.change("RO-1", status="Packed")
    shop.mark(NUMBER)


def cancel_there(shop):
    place(shop)
    shop.look_until_quiet()
    shop.flourish.change("RO-1", status="Cancelled")
    shop.mark(NUMBER)


def lose(create):
    """A create whose answer was lost, its settle time over."""

    def prepare(shop):
        place(shop)
        shop.flourish.fail(create, LOST, effect=True)
        shop.look()
        shop.pass_time(shop.settle_seconds + 1)

    return prepare


FLOWS = {
    "made, sent and told": Flow(place, look_of(writes=3)),
    "packed": Flow(pack, look_of(writes=1), "READY_FOR_PICKUP", "Packed"),
    "cancelled in Flourish": Flow(cancel_there, look_of(writes=1), "CANCELLED", "Cancelled"),
    "lost customer found": Flow(lose("create_customer"), look_of(writes=2, settling=True)),
    "lost order found": Flow(lose("create_order"), look_of(writes=1, settling=True)),
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

    (link,) = {shop.link(one.link_id).id: shop.link(one.link_id) for one in shop.operations()}.values()
    assert (link.state, link.lease_owner, link.due_at) == ("settled", None, None)
    assert (link.flourish_id, link.done_seq, link.crashes) == ("RO-1", link.dirty_seq, 0)
    assert (len(shop.flourish.orders), len(shop.flourish.people)) == (1, 1)
    assert shop.flourish.orders["RO-1"].status == flow.flourish
    assert here(shop).status == flow.status == link.foreign_status
    assert told_id(here(shop)) == "RO-1"
    assert {one.status for one in shop.operations()} <= {"ok", "abandoned"}
    assert shop.problems() == {}
