"""A worker dies at every point of every kind of write; the next one ends with one order, settled."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from portal.sync.engine import crash
from portal.sync.engine.reconcile import reconcile
from tests.sync.mapping.examples import customer, order

POINTS = ("before_intent", "after_intent", "before_call", "after_call", "after_record")
# Kind of write -> which write of the look it is, counted from one.
KINDS = {"create_destination": 1, "create_order": 2, "finish_order": 3, "move": 1, "cancel_order": 1}
CREATES = ("create_destination", "create_order")


class CrashNow(BaseException):
    """The process is gone: nothing of it runs any more."""


def crash_at(monkeypatch, name, turn):
    """Die at the crash point of this name, at the given turn, once."""
    seen = []

    def point(reached):
        seen.append(reached)
        if reached == name and seen.count(name) == turn:
            raise CrashNow(name)

    monkeypatch.setattr(crash, "point", point)


def prepare(shop, kind):
    """Bring the order to where a look makes this kind of write."""
    everything = ("accepted", "fulfilled", "shipped", "cancelled", "rejected")
    link_id = shop.arrive(
        customer=customer(license="C10-NEW-9"),
        ship_at=datetime(2026, 4, 1, 15, tzinfo=UTC),
        transitions=everything,
    )
    if kind in ("move", "cancel_order"):
        shop.look()
        if kind == "move":
            shop.flourish.change("SO-1", status="Allocated")
        else:
            shop.leaflink.put(shop.leaflink.orders[order().number], status="Cancelled")
        shop.mark(order().number)
    return link_id


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_worker_leaves_nothing_that_the_next_one_does_not_bring_to_its_end(
    shop, monkeypatch, kind, point
):
    link_id = prepare(shop, kind)
    (claim,) = shop.claims()
    crash_at(monkeypatch, point, KINDS[kind])
    with pytest.raises(CrashNow):
        reconcile(shop.desk, claim, shop.account)

    shop.pass_time(46)  # the lease runs out
    assert shop.look() == 1
    waits = point in ("before_call", "after_call") and kind in CREATES
    assert (shop.link(link_id).decision_code == "unknown") is waits
    shop.look_until_quiet()

    link = shop.link(link_id)
    assert (link.state, link.lease_owner) == ("settled", None)
    assert len(shop.flourish.orders) == 1
    assert len(shop.flourish.destinations) == 2
    assert {one.status for one in shop.operations()} <= {"ok", "abandoned"}
    assert link.flourish_id == "SO-1"
    for create in CREATES:
        assert [one.kind for one in shop.operations() if one.status == "ok"].count(create) == 1
        assert shop.flourish.count(create) == 1
    if kind == "move":
        assert shop.leaflink.orders[order().number].status == "Fulfilled"
    if kind == "cancel_order":
        assert shop.flourish.live() == []
    assert shop.problems() == {}


@pytest.mark.parametrize("point", ["before_intent", "after_intent"])
def test_a_kill_before_anything_was_sent_needs_no_wait(shop, monkeypatch, point):
    link_id = shop.arrive()
    (claim,) = shop.claims()
    crash_at(monkeypatch, point, 1)
    with pytest.raises(CrashNow):
        reconcile(shop.desk, claim, shop.account)

    shop.pass_time(46)
    shop.look()

    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("outbound_orders") == 0


def test_a_worker_that_dies_again_and_again_at_the_same_point_still_makes_one_order(shop, monkeypatch):
    link_id = shop.arrive()
    for _ in range(4):
        claims = shop.claims()
        crash_at(monkeypatch, "after_call", 1)
        for claim in claims:
            with suppress(CrashNow):
                reconcile(shop.desk, claim, shop.account)
        shop.pass_time(1000)
    monkeypatch.setattr(crash, "point", lambda _: None)
    shop.look_until_quiet()

    assert shop.flourish.count("create_order") == 1
    assert shop.link(link_id).state == "settled"


def test_the_story_says_that_a_worker_died(shop, monkeypatch):
    link_id = shop.arrive()
    (claim,) = shop.claims()
    crash_at(monkeypatch, "after_call", 1)
    with pytest.raises(CrashNow):
        reconcile(shop.desk, claim, shop.account)
    shop.pass_time(46)
    shop.look_until_quiet()

    story = shop.story(link_id)
    assert "A worker died in the middle" in story
    assert "Found SO-1" in story


def test_a_crash_point_kills_only_when_the_environment_names_it(monkeypatch, tmp_path):
    killed = []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append(number))
    flag = tmp_path / "flag"

    crash.point("after_call")
    monkeypatch.setenv("TRELLIS_CRASH_AT", "after_call")
    monkeypatch.setenv("TRELLIS_CRASH_FLAG", str(flag))
    crash.point("after_call")
    flag.touch()
    crash.point("before_call")
    assert killed == []
    crash.point("after_call")

    assert len(killed) == 1
    assert not flag.exists()
