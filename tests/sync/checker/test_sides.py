"""Each promise that both sides prove, broken in each way; and what is no break, though it looks like one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from portal.models import utc_now
from portal.sync.domain import OutboundOrder, SourceOrder, Stage
from portal.sync.errors import Retryable, Unreadable
from portal.sync.mapping.agreement import after_creation, after_finishing
from tests.sync.checker import world as make
from tests.sync.checker.sides import FakeFlourish, FakePlatform, outbound, source
from tests.sync.checker.world import World
from tests.sync.mapping.examples import rules

Plant = Callable[[World], None]


def _there(world: World, flourish_id: str = "F-created", **values: Any) -> None:
    world.flourish.orders[flourish_id] = replace(world.flourish.orders[flourish_id], **values)


def _here(world: World, name: str = "created", **values: Any) -> None:
    world.platform.orders[name] = replace(world.platform.orders[name], **values)


def _line(world: World, **values: Any) -> None:
    line = world.flourish.orders["F-created"].lines[0]
    _there(world, lines=(replace(line, **values),))


def _written(world: World, eaches: str = "10") -> None:
    """What was written is kept, as it is of every order today."""
    order = world.platform.orders["created"]
    base = after_finishing(after_creation(order, rules()), order, requested_date="", term="")
    base["flourish"]["lines"] = [["BD-35", eaches, "4.5", ""]]
    world.change("created", base=base)


def _changed_by_staff(world: World) -> None:
    _written(world)
    _line(world, eaches=Decimal(9))
    _there(world, total=Decimal("40.50"))


def _wrong_and_changed_by_staff(world: World) -> None:
    _written(world, "9")
    _line(world, eaches=Decimal(8))


def _gone(world: World) -> None:
    del world.flourish.orders["F-created"]


def _twin(world: World, **values: Any) -> None:
    marker = world.marker(values.pop("number", "created"))
    twin = outbound("F-twin", "created", marker, **values)
    world.flourish.orders[twin.id] = twin


def _disowned(world: World) -> None:
    """It is in Flourish, and the link does not know."""
    world.change("created", flourish_id=None, state="skipped")


def _waiting(world: World) -> None:
    world.change("created", state="waiting")


def _ahead(world: World) -> None:
    _waiting(world)
    _there(world, status="Partially Allocated")


def _ahead_and_due(world: World) -> None:
    _ahead(world)
    world.change("created", due_at=utc_now())


def _not_offered(world: World) -> None:
    _waiting(world)
    _there(world, status="Allocated")
    _here(world, transitions=())


def _cancelled_here(world: World) -> None:
    _waiting(world)
    _here(world, status="Cancelled", stage=Stage.CANCELLED)


def _unfinished(world: World) -> None:
    _here(world, ship_at=utc_now() + timedelta(days=3))
    world.change("created", base={"finished": False})


def _unlisted(world: World) -> None:
    world.platform.orders["new"] = source("new")


def _broken_side(world: World) -> None:
    world.platform.errors = [Retryable("it is away")] * 100


BREAKS: list[tuple[str, str, str, Plant]] = [
    ("I1", "a twin", "order L-created", _twin),
    ("I1", "a twin in another facility", "order L-created", lambda w: _twin(w, facility_id="13")),
    ("I1", "an order that its link does not name", "order L-created", _disowned),
    (
        "I1",
        "the note of somebody else's order",
        "order L-created",
        lambda w: _there(w, notes=(f"Trellis {uuid4()} 7",)),
    ),
    (
        "I1",
        "a note of an order that nobody knows",
        "Flourish order F-twin",
        lambda w: _twin(w, number="nobody"),
    ),
    ("I2", "gone from Flourish", "order L-created", _gone),
    ("I2", "settled and nowhere", "order L-skipped", lambda w: w.change("skipped", state="settled")),
    ("I2", "new and nobody looks", "order L-skipped", lambda w: w.change("skipped", state="new")),
    ("I2", "skipped without a reason", "order L-skipped", lambda w: w.change("skipped", decision_text=" ")),
    ("I2", "skipped without a code", "order L-skipped", lambda w: w.change("skipped", decision_code="")),
    ("I2", "waiting without a next step", "order L-draft", lambda w: w.change("draft", next_step=None)),
    ("I2", "listed there, unknown here", "order L-new", _unlisted),
    (
        "I4",
        "another facility",
        "order L-created",
        lambda w: _there(w, facility_id="13", facility_name="Napa"),
    ),
    ("I5", "Flourish is ahead", "order L-created", _ahead),
    ("I5", "a move that is not offered", "order L-created", _not_offered),
    ("I5", "cancelled there, alive in Flourish", "order L-created", _cancelled_here),
    ("I6", "another quantity", "order L-created", lambda w: _line(w, eaches=Decimal(9))),
    ("I6", "another price", "order L-created", lambda w: _line(w, unit_price=Decimal("4.4999"))),
    ("I6", "another SKU", "order L-created", lambda w: _line(w, sku="bd-35")),
    ("I6", "a line less", "order L-created", lambda w: _there(w, lines=())),
    ("I6", "a cent less", "order L-created", lambda w: _there(w, total=Decimal("44.99"))),
    (
        "I6",
        "written wrong, and changed by staff since",
        "order L-created",
        _wrong_and_changed_by_staff,
    ),
    ("I14", "a write that would follow", "order L-created", _unfinished),
    ("live", "a side that does not answer", "order", _broken_side),
    (
        "live",
        "a breaker that is open",
        "LeafLink",
        lambda w: w.change_connection(open_until=utc_now() + timedelta(minutes=1)),
    ),
    ("live", "no facility", "LeafLink", lambda w: w.change_connection(facility_id=None)),
]


@pytest.mark.parametrize(("code", "what", "thing", "plant"), BREAKS, ids=[f"{b[0]} {b[1]}" for b in BREAKS])
def test_a_broken_promise_fails_alone_and_names_the_thing(
    world: World, code: str, what: str, thing: str, plant: Plant
):
    plant(world)

    report = world.check()

    assert report.failed() == [code], report.shown()
    example = report.verdicts[code].counter_examples[0]
    assert thing in example.thing
    assert example.wrong
    assert example.where.startswith("/t/acme/")


def test_a_settled_order_that_disagrees_breaks_both_promises(world: World):
    _there(world, status="Shipped")

    assert world.check().failed() == ["I5", "I14"]


def test_an_order_that_was_written_otherwise_than_ordered_breaks_both_promises(world: World):
    _written(world, "9")
    _line(world, eaches=Decimal(9))

    assert world.check().failed() == ["I6", "I14"]


def _with_problem(world: World, plant: Plant) -> None:
    plant(world)
    world.change("created", state="stuck")
    with world.session() as session:
        link = make.link_of(session, world, "created")
        make.problem(session, world.tenant.id, link, connection_id=world.connection_id)


def _just_changed(world: World) -> None:
    _ahead(world)
    _there(world, updated_at=utc_now())


def _just_listed(world: World) -> None:
    world.platform.orders["new"] = source("new", updated_at=utc_now())


def _held_back(world: World) -> None:
    _ahead(world)
    world.change_connection(state="paused", paused_at=utc_now())


def _on_hold(world: World) -> None:
    _ahead(world)
    why = {"on_hold_by": "Ann", "on_hold_because": "The buyer rang"}
    world.change("created", on_hold_since=utc_now(), **why)


def _being_created(world: World) -> None:
    _disowned(world)
    world.change("created", due_at=utc_now())


def _cancelled_twin(world: World) -> None:
    _twin(world, status="Cancelled")


def _moved_on(world: World) -> None:
    _here(world, status="Fulfilled")


def _stranger(world: World) -> None:
    world.flourish.orders["F-other"] = outbound("F-other", "created", "by hand")


EXCUSED: list[tuple[str, Plant]] = [
    ("lines that staff changed", _changed_by_staff),
    ("a lost order with a problem", lambda w: _with_problem(w, _gone)),
    ("an edit that is shown as a problem", lambda w: _with_problem(w, lambda v: _line(v, eaches=Decimal(9)))),
    ("a status with a problem", lambda w: _with_problem(w, _not_offered)),
    ("a move that is due", _ahead_and_due),
    ("a change that no poll had to see yet", _just_changed),
    ("an order that no poll had to see yet", _just_listed),
    ("a move that a pause holds back", _held_back),
    ("a move that a person holds back", _on_hold),
    ("an order that is being created", _being_created),
    ("a twin that was cancelled", _cancelled_twin),
    ("a platform ahead of Flourish", _moved_on),
    ("an order of before, without note or link", _stranger),
]  # fmt: skip


@pytest.mark.parametrize(("what", "plant"), EXCUSED, ids=[one[0] for one in EXCUSED])
def test_what_is_known_or_on_its_way_breaks_nothing(world: World, what: str, plant: Plant):
    plant(world)

    report = world.check()

    assert report.failed() == [], report.shown()


def test_twins_that_were_cancelled_are_told_of(world: World):
    _cancelled_twin(world)

    information = world.check().verdicts["I1"].information

    assert information == [
        "order L-created was created 2 times in all: F-created (Created), F-twin (Cancelled)"
    ]


class _Hurried(FakePlatform):
    """The first read of an order comes too early: a worker moves it at this moment."""

    def order(self, number: str) -> SourceOrder | None:
        found = super().order(number)
        if found is not None and number == "created" and self.reads[number] == 1:
            return replace(found, status="Submitted")
        return found


def test_what_looks_wrong_is_looked_at_again_before_it_is_said(world: World):
    world.platform.orders["created"] = source("created", status="Accepted")
    _there(world, status="Partially Allocated")
    hurried = _Hurried()
    hurried.orders = world.platform.orders
    world.platform = hurried

    report = world.check()

    assert report.failed() == [], report.shown()
    assert hurried.reads["created"] == 2


def test_the_rate_budget_is_waited_for(world: World):
    world.platform.errors = [Retryable("used up", after=2.0, throttled=True)] * 9

    assert world.check().failed() == []


def test_a_short_failure_is_tried_again(world: World):
    world.platform.errors = [Retryable("a blip")] * 2

    assert world.check().failed() == []


class _Unreadable(FakeFlourish):
    def outbound_order(self, order_id: str) -> OutboundOrder | None:
        if order_id == "F-created":
            raise Unreadable("order_status", "is unknown")
        return super().outbound_order(order_id)


@pytest.mark.parametrize("told", [True, False])
def test_an_answer_that_cannot_be_read_is_a_break_unless_a_problem_says_so(world: World, told: bool):
    unreadable = _Unreadable()
    unreadable.orders = world.flourish.orders
    world.flourish = unreadable
    if told:
        _with_problem(world, lambda _: None)

    assert world.check().failed() == ([] if told else ["live"])


def test_a_side_that_does_not_answer_is_soon_left_alone(world: World):
    with world.session() as session:
        for number in range(60):
            make.taken(world, session, f"more-{number}")
    world.platform.errors = [Retryable("it is away")] * 10_000

    report = world.check()

    assert report.failed() == ["live"]
    assert sum(world.platform.reads.values()) < 60


def test_a_connection_that_may_not_be_read_is_named(world: World):
    world.change_connection(state="needs_credentials")

    report = world.check()

    assert report.failed() == []
    assert "needs credentials" in report.verdicts["live"].information[0]
    assert not world.platform.reads
