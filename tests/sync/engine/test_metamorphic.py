"""I17: the same events in another order, told twice or never, with other crashes, end in the same state."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from portal.models import Link, Operation, Problem
from portal.sync import queues
from portal.sync.engine.crash import LOOK, SETTLING, WRITE
from portal.sync.errors import Retryable, Unsettled
from portal.sync.mapping.diff import shared_values
from tests.sync.engine.crashing import CrashNow
from tests.sync.engine.doors import Doors, street
from tests.sync.engine.shop import Shop
from tests.sync.engine.verdicts import Watch
from tests.sync.mapping.examples import customer, line, order

SEEDS = int(os.environ.get("METAMORPHIC_SEEDS", "3"))
SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)
NEW = customer(license="C10-NEW-9")
LOST = Unsettled("It answered 502", http_status=502)
WRITES = ("create_order", "create_destination", "finish_order", "update_order", "cancel_order")
TWENTY = {"lines": (line(eaches="20"),), "total": Decimal(100)}

# What happens to each order: how it is placed, and then, once Flourish has it whole, one after the other.
STORIES: dict[str, tuple[dict[str, Any], tuple[tuple[str, dict[str, Any]], ...]]] = {
    "completed": (
        {},
        tuple(
            ("flourish", {"status": status})
            for status in ("Partially Allocated", "Allocated", "Shipped", "Completed")
        ),
    ),
    "finished, then shipped": (
        {"customer": NEW, "ship_at": SHIP_AT, "term": "Net 30"},
        (("flourish", {"status": "Allocated"}), ("flourish", {"status": "Shipped"})),
    ),
    "cancelled by the buyer": ({"customer": NEW}, (("leaflink", {"status": "Cancelled"}),)),
    "cancelled by staff": ({"reps": ("77",)}, (("flourish", {"status": "Cancelled"}),)),
    "of an unknown product": ({"lines": (line("GONE"),)}, ()),
    "accepted, then edited": (
        {},
        (
            ("leaflink", {"status": "Accepted"}),
            ("leaflink", {"notes": "Call first"}),
            ("flourish", {"status": "Allocated"}),
        ),
    ),
    "edited on both sides": (
        {"ship_at": SHIP_AT},
        (
            ("leaflink", TWENTY),
            ("flourish", {"requested_date": date(2026, 4, 9)}),
            ("leaflink", {"notes": "Ring twice"}),
            ("leaflink", {"lines": (line(eaches="20"), line("FL-2")), "total": Decimal(150)}),
        ),
    ),
    "edited in Flourish, then in LeafLink": (
        {"term": "Net 30"},
        (("flourish", {"requested_date": date(2026, 4, 9)}), ("leaflink", {"ship_at": SHIP_AT})),
    ),
    "another term in Flourish": ({"term": "Net 30"}, (("flourish", {"term": "Net 7"}),)),
    "another term in LeafLink": (
        {"term": "Net 30"},
        (("leaflink", {"term": "Net 7", "term_shown": "Net 7"}),),
    ),
    "a draft": ({"status": "Draft"}, ()),
}


@pytest.fixture
def shops(desk, monkeypatch):
    """Shops, each of a company of its own."""
    for ring in ("ring", "ring_alone", "ring_poll"):
        monkeypatch.setattr(queues, ring, lambda *_: True)
    with street(desk, monkeypatch) as opened:
        yield opened


@dataclass
class Telling:
    """One telling of all the stories."""

    doors: Doors

    def __post_init__(self) -> None:
        self.shop = self.doors.shop
        self._told = 0
        self._next = dict.fromkeys(STORIES, -1)

    def events(self) -> list[Callable[[], None]]:
        """What may happen next: the first event of each order that is not over, if Flourish is ready."""
        ready = self._whole_in_flourish()
        return [
            partial(self._happen, number, step)
            for number, step in self._next.items()
            if step < len(STORIES[number][1]) and (step < 0 or number in ready)
        ]

    def is_over(self) -> bool:
        """Whether everything has happened."""
        return all(step == len(STORIES[number][1]) for number, step in self._next.items())

    def _happen(self, number: str, step: int) -> None:
        placed, steps = STORIES[number]
        self._next[number] = step + 1
        if step < 0:
            new = order(number=number, label=number.title(), **placed)
            self.shop.leaflink.put(new, status=new.status)
            return
        side, changed = steps[step]
        if side == "leaflink":
            self.shop.leaflink.put(self.shop.leaflink.orders[number], **changed)
        else:
            self.shop.flourish.change(self._whole_in_flourish()[number], **changed)

    def _whole_in_flourish(self) -> dict[str, str]:
        return {
            link.foreign_id: link.flourish_id
            for link in Watch(self.shop).links()
            if link.flourish_id and link.base and link.base["finished"] and self._has_arrived(link)
        }

    def _has_arrived(self, link: Link) -> bool:
        """Nobody allocates what is still being edited: then it would be a problem, and rightly so."""
        assert link.base is not None
        here = shared_values(self.shop.leaflink.orders[link.foreign_id])
        return bool(link.base["platform"] == here)

    def news(self) -> list[Any]:
        """What changed since the last time that somebody asked."""
        told = self.doors.news()[self._told :]
        self._told += len(told)
        return told

    def come_to_rest(self) -> None:
        """Nothing goes wrong any more, lists are polled, and everything due is looked at."""
        for world in (self.shop.leaflink, self.shop.flourish):
            world.faults.clear()
            world.land()
        for of_hub in (False, True):
            self.doors.poll(of_hub=of_hub)
        self.shop.pass_time(1000)
        self.shop.look_until_quiet(most=20)


def tell_calmly(doors: Doors) -> Telling:
    """One event after the other, each told once, each worked off."""
    telling = Telling(doors)
    while not telling.is_over():
        telling.events()[0]()
        for told in telling.news():
            doors.deliver(told)
        telling.shop.look_until_quiet()
    return telling


def tell_wildly(doors: Doors, chance: random.Random) -> Telling:
    """In any order, told late, twice or never, while answers are lost and workers die or sleep too long."""
    telling = Telling(doors)
    untold: list[Any] = []
    while not telling.is_over():
        events = telling.events()
        if events and chance.random() < 0.7:
            chance.choice(events)()
        untold += telling.news()
        chance.shuffle(untold)
        for told in untold[: chance.randint(0, 3)]:
            doors.deliver(told, times=chance.choice((1, 1, 2)))
        del untold[: chance.randint(0, 2)]
        if chance.random() < 0.2:
            doors.poll(of_hub=chance.random() < 0.5)
        if chance.random() < 0.3:
            _go_wrong(doors, chance)
        _work(doors, chance)
        doors.shop.pass_time(chance.choice((1, 10, 50, 200)))
    return telling


def _go_wrong(doors: Doors, chance: random.Random) -> None:
    error, effect = chance.choice(((LOST, True), (LOST, False), (Retryable("It is busy"), False)))
    if chance.random() < 0.5:
        doors.shop.flourish.fail(chance.choice(WRITES), error, effect=effect)
    else:
        doors.shop.leaflink.fail("move", error, effect=effect)


def _work(doors: Doors, chance: random.Random) -> None:
    shop, points = doors.shop, doors.points
    point, turn = chance.choice((*LOOK, *WRITE, *SETTLING)), chance.randint(1, 4)
    way = chance.random()
    if way < 0.3:
        points.crash_at(point, turn=turn)
    elif way < 0.5:
        points.plan(point, partial(_let_others_go_on, shop), turn=turn)
    with suppress(CrashNow):
        shop.look()
    points.clear()


def _let_others_go_on(shop: Shop) -> None:
    """The worker sleeps until its lease is over."""
    shop.pass_time(60)
    shop.look()


def outcome(telling: Telling) -> dict[str, Any]:
    """The state of both sides and of our rows, without ids and times."""
    shop = telling.shop
    licenses = {one.id: one.license for one in shop.flourish.destinations}
    return {
        "LeafLink": {one.number: (one.status, one.notes) for one in shop.leaflink.orders.values()},
        "destinations": sorted(licenses.values()),
        "Flourish": sorted(
            (
                (one.notes or ("",))[0].rpartition(f"{shop.connection_id} ")[2],
                (one.status, licenses[one.destination_id], str(one.requested_date), one.term),
                [(each.sku, str(each.eaches), str(each.unit_price)) for each in one.lines],
            )
            for one in shop.flourish.orders.values()
        ),
        "links": {link.foreign_id: _row(shop, link) for link in Watch(shop).links()},
    }


def _row(shop: Shop, link: Link) -> dict[str, Any]:
    problems = select(Problem.code, Problem.cause, Problem.title).where(
        Problem.link_id == link.id, Problem.closed_at.is_(None)
    )
    made = select(Operation.kind).where(
        Operation.link_id == link.id, Operation.status == "ok", Operation.kind == "create_order"
    )
    with shop.desk.sessions.tenant(shop.tenant_id) as session:
        opened = sorted(tuple(row) for row in session.execute(problems))
        creates = list(session.scalars(made))
    return {
        "decision": (link.state, link.decision_code, link.next_step),
        "statuses": (link.foreign_status, link.flourish_status),
        "base": {name: value for name, value in (link.base or {}).items() if name != "seen"},
        "work": (link.lease_owner, link.due_at, link.dirty_seq - link.done_seq, link.attempts, link.crashes),
        "problems": opened,
        "creates": creates,
        "shown": {name: link.snapshot.get(name) for name in ("shared", "lines", "total", "term", "customer")},
    }


@pytest.mark.fault(1, 2, 3, 8, 16, 38, 39, 41)
def test_the_same_events_told_wildly_end_as_if_told_calmly(shops):
    calm = tell_calmly(shops.open())
    calm.come_to_rest()
    expected = outcome(calm)
    for seed in range(SEEDS):
        wild = tell_wildly(shops.open(), random.Random(seed))
        wild.come_to_rest()

        assert outcome(wild) == expected, f"seed {seed}"
        Watch(wild.shop).at_rest()
