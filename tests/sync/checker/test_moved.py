"""Orders that moved to another facility: what they left is no double, and what is lost on the way is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from portal.models import Facility, Operation, new_id, utc_now
from portal.sync.checker.calls import wanted
from portal.sync.domain import Stage
from portal.sync.engine.writes import order_key
from portal.sync.entered import BY_REP
from tests.sync.checker import world as make
from tests.sync.checker.sides import outbound
from tests.sync.checker.test_books import Sandbox
from tests.sync.checker.world import World
from tests.sync.mapping.examples import order


def _moved(world: World, **there: Any) -> None:
    """It was F-former in Oakland, and is F-created in Napa."""
    with world.session() as session:
        session.add(
            Facility(
                id=new_id(),
                tenant_id=world.tenant.id,
                hub_id=world.hub_id,
                flourish_id="13",
                name="Napa",
                timezone="America/Los_Angeles",
                sales_rep_required=False,
                active=True,
            )
        )
        link = make.link_of(session, world, "created")
        link.former_ids = ["F-former"]
        link.base = {**(link.base or {}), "route": {"reps": ["1"], "facility": "13"}}
        values = {"kind": "cancel_to_move", "natural_key": "cancel:F-former", "once": False, "status": "ok"}
        make.operation(session, world, link, **values, finished_at=utc_now())
    world.change_connection(settings={"routing": BY_REP})
    world.platform.orders["created"] = replace(world.platform.orders["created"], reps=("1",))
    here = replace(world.flourish.orders["F-created"], facility_id="13", facility_name="Napa")
    world.flourish.orders["F-created"] = replace(here, **there)
    former = outbound("F-former", "created", world.marker("created"), status="Cancelled")
    world.flourish.orders["F-former"] = former


def _left_behind(world: World, **values: Any) -> None:
    """It is cancelled in Oakland, and nobody made it in Napa."""
    _moved(world)
    del world.flourish.orders["F-created"]
    world.change("created", flourish_id="F-former", flourish_status="Cancelled", **values)
    made = update(Operation).where(Operation.response_ref == "F-created")
    with world.session() as session:
        session.execute(made.values(response_ref="F-former"))


@pytest.mark.promise("LL-21")
def test_a_moved_order_is_one_order_and_was_never_doubled(world: World):
    _moved(world)

    report = world.check()

    assert report.failed() == [], report.shown()
    assert report.ever_doubled == {}
    assert report.verdicts["I1"].information == []


def test_a_twin_of_a_moved_order_is_still_told_of(world: World):
    _moved(world)
    world.flourish.orders["F-twin"] = outbound(
        "F-twin", "created", world.marker("created"), status="Cancelled"
    )

    assert len(world.check().ever_doubled) == 1


def test_a_former_order_that_lives_again_breaks_the_promise(world: World):
    _moved(world)
    former = world.flourish.orders["F-former"]
    world.flourish.orders["F-former"] = replace(former, status="Created")

    assert world.check().failed() == ["I1"]


def test_by_sales_rep_an_order_is_in_the_facility_that_it_was_routed_to(world: World):
    _moved(world, facility_id="12", facility_name="Oakland DC")

    report = world.check()

    assert report.failed() == ["I4"]
    assert "not in Napa" in report.verdicts["I4"].counter_examples[0].wrong


def test_an_order_that_was_cancelled_to_move_and_not_made_again_is_lost(world: World):
    _left_behind(world)

    assert world.check().failed() == ["I2"]


@pytest.mark.parametrize("busy", [True, False])
def test_an_order_on_its_way_between_facilities_is_not_lost(world: World, busy: bool):
    _left_behind(world, **{"due_at": utc_now()} if busy else {"state": "waiting"})

    assert world.check().failed() == []


def test_an_order_that_was_cancelled_there_while_it_moved_is_over(world: World):
    _left_behind(world)
    world.platform.orders["created"] = replace(
        world.platform.orders["created"], status="Cancelled", stage=Stage.CANCELLED
    )

    assert world.check().failed() == []


@pytest.mark.parametrize(("status", "doubled"), [("Cancelled", 0), ("Created", 0)])
def test_the_books_of_a_moved_order_hold_no_double(world: World, status: str, doubled: int):
    _moved(world)
    sandbox = Sandbox(world)
    sandbox.made[world.marker("created")] = {"F-former": "Cancelled", "F-created": status}

    report = sandbox.check()

    assert report.verdicts["I1"].holds
    assert len(report.ever_doubled) == doubled


def test_each_making_of_an_order_has_a_key_of_its_own_and_one_name_in_the_ledger():
    keys = [order_key("connection", order().number, moves) for moves in range(3)]

    assert len(set(keys)) == 3
    assert {wanted("create_order", key, None) for key in keys} == {f"order:connection:{order().number}"}


def test_an_order_that_a_person_joined_needs_no_write_of_ours_and_no_equal_lines(world: World):
    with world.session() as session:
        link = make.link_of(session, world, "created")
        link.choices = {"intake": "joined with F-created"}
        link.base = {**(link.base or {}), "joined": True}
        ours = update(Operation).where(Operation.link_id == link.id)
        session.execute(ours.values(status="abandoned"))
    there = world.flourish.orders["F-created"]
    world.flourish.orders["F-created"] = replace(there, lines=(), notes=())

    report = world.check()

    assert report.failed() == [], report.shown()
