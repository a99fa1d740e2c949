"""Takes one guard of the engine away from each test, so that the tests can show that they would notice.

    pytest -p tests.guards.plugin -k fence tests/sync/engine

Nothing of this is in the product: running modules are changed, or the tests' own database, for one test.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from portal.models import Connection, Link, new_id
from portal.sync.domain import Hint
from portal.sync.engine import claim, deliveries, marks, operate, plans, reconcile, settle
from portal.sync.mapping.plan import plan_order
from tests.conftest import empty

Patch = pytest.MonkeyPatch
# Takes itself away, and returns the statements that put back what no patch does.
Guard = Callable[[Patch, Engine], Iterable[str] | None]
ALL_GUARDS = "all_guards"


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have each test without each guard, which its id then ends with, and with all of them."""
    metafunc.parametrize("_without", [ALL_GUARDS, *GUARDS], indirect=True)


@pytest.fixture(autouse=True)
def _without(request: pytest.FixtureRequest, engine: Engine, redis_url: str) -> Iterator[None]:
    """Take a guard away for one test."""
    if request.param == ALL_GUARDS:
        yield
        return
    with pytest.MonkeyPatch.context() as patch, ExitStack() as put_back:
        for statement in GUARDS[request.param](patch, engine) or ():
            put_back.callback(_execute, engine, statement)
        # First: what a test left may not be what an index bears.
        put_back.callback(empty, engine, redis_url)
        yield


def _execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def _intent(patch: Patch, _engine: Engine) -> None:
    """Write the intent down together with the outcome, and not before the call."""
    put_off: dict[UUID, tuple[Any, ...]] = {}

    def forget(session: Session, link: Link, *rest: Any) -> UUID:
        later = new_id()
        put_off[later] = rest
        return later

    def recording(outcome: Callable[..., None], place: int) -> Callable[..., None]:
        def record(desk: Any, held: claim.Claim, *rest: Any) -> None:
            later = rest[place - 2]
            if later in put_off:
                with desk.tenant(held.tenant_id) as session:
                    operation_id = operate.intend(session, claim.hold(session, held), *put_off.pop(later))
                rest = tuple(operation_id if one == later else one for one in rest)
            outcome(desk, held, *rest)

        return record

    patch.setattr(reconcile, "intend", forget)
    for name, place in {"record": 4, "_leave_unknown": 4, "_refuse": 4, "_abandon": 2}.items():
        patch.setattr(operate, name, recording(getattr(operate, name), place))


def _settle_wait(patch: Patch, _engine: Engine) -> None:
    """Look at once whether a lost create took effect."""

    def at_once(session: Session, *_: Any) -> datetime:
        now: datetime = session.execute(select(func.now())).scalar_one()
        return now

    patch.setattr(settle, "settle_time", at_once)


def _settle_look(patch: Patch, _engine: Engine) -> None:
    """Repeat a lost create like any other write."""
    patch.setattr(settle, "_REPEATABLE", settle._REPEATABLE | {"create_order", "create_destination"})


def _fence(patch: Patch, _engine: Engine) -> None:
    """Let whoever once claimed a link write to it."""

    def hold(session: Session, held: claim.Claim) -> Link:
        return session.execute(select(Link).where(Link.id == held.link_id).with_for_update()).scalar_one()

    guarded = claim.hold
    for module in [one for name, one in sys.modules.items() if name.startswith(("portal.", "tests."))]:
        if getattr(module, "hold", None) is guarded:
            patch.setattr(module, "hold", hold)


def _without_index(name: str) -> Guard:
    def take_away(_patch: Patch, engine: Engine) -> Iterable[str]:
        with engine.begin() as connection:
            definition = connection.scalar(text(f"SELECT pg_get_indexdef('{name}'::regclass)"))
            connection.execute(text(f"DROP INDEX {name}"))
        return (str(definition),)

    return take_away


def _link(patch: Patch, engine: Engine) -> Iterable[str]:
    """Make a link for each mark."""
    constraint = "link ADD CONSTRAINT uq_link_connection_id_kind_foreign_id"
    _execute(engine, f"ALTER TABLE {constraint.replace('ADD', 'DROP')}")

    def mark(session: Session, connection: Connection, hint: Hint) -> UUID:
        link = Link(
            id=new_id(),
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            hub_id=connection.hub_id,
            kind=hint.kind,
            foreign_id=hint.ref,
        )
        session.add(link)
        session.flush()
        return link.id

    patch.setattr(marks, "mark", mark)
    return (f"ALTER TABLE {constraint} UNIQUE (connection_id, kind, foreign_id)",)


def _delivery(patch: Patch, _engine: Engine) -> None:
    """Keep the same bytes again each time that they come."""
    parameters = deliveries._parameters
    patch.setattr(deliveries, "_parameters", lambda *given: parameters(*given) | {"digest": new_id().bytes})


def _listed_version(patch: Patch, _engine: Engine) -> None:
    """Mark whatever a list shows, read at that version already or not."""
    if_changed, flourish = marks.mark_if_changed, marks.mark_flourish
    patch.setattr(
        marks,
        "mark_if_changed",
        lambda session, connection, hint: if_changed(session, connection, replace(hint, updated_at=None)),
    )
    patch.setattr(
        marks,
        "mark_flourish",
        lambda session, hub_id, hint: flourish(session, hub_id, replace(hint, updated_at=None)),
    )


def _told_version(patch: Patch, _engine: Engine) -> None:
    """Mark whatever a webhook tells, the echo of what was read already too."""
    statement = deliveries._FROM_FLOURISH.replace("flourish_version = %(version)s", "false")
    patch.setattr(deliveries, "_FROM_FLOURISH", statement)


def _base(patch: Patch, _engine: Engine) -> None:
    """Plan without what both sides last agreed on; None would say that a person joined them."""
    patch.setattr(plans, "plan_order", lambda *sides, **facts: plan_order(*sides, **(facts | {"base": {}})))


GUARDS: dict[str, Guard] = {
    "intent": _intent,
    "settle_wait": _settle_wait,
    "settle_look": _settle_look,
    "fence": _fence,
    "operation_once": _without_index("uq_operation_once"),
    "operation_open": _without_index("uq_operation_open"),
    "link": _link,
    "flourish_order": _without_index("uq_link_flourish_order"),
    "delivery": _delivery,
    "listed_version": _listed_version,
    "told_version": _told_version,
    "base": _base,
}
