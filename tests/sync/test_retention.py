"""Retention: what goes, what stays, that it can be broken off, and that nothing is done twice for it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from portal.identity import accounts, tenants
from portal.models import (
    Connection,
    Delivery,
    HeldLine,
    Link,
    LogLine,
    Problem,
    Proof,
    ResetToken,
    Run,
    UserSession,
    utc_now,
)
from portal.sync import retention
from portal.sync.domain import Hint
from portal.sync.engine.deliveries import Deliveries, Source
from tests.sync.checker import world as make
from tests.sync.checker.world import World, build
from tests.sync.engine.shop import Shop, open_shop

OLD, VERY_OLD, YOUNG = timedelta(days=31), timedelta(days=91), timedelta(days=29)


@pytest.fixture
def world(desk, tenant) -> World:
    world = build(desk, tenant)
    with world.session() as session:
        session.execute(update(Delivery).values(received_at=utc_now()))
    return world


def deliver(world: World, name: str | None = "created", ago: timedelta = OLD, **values: Any) -> Any:
    told = {"outcome": "applied", "outcome_text": "Both sides agree.", "outcome_at": utc_now()} | values
    with world.session() as session:
        link = make.link_of(session, world, name) if name else None
        row = make.delivery(session, world, link, **told)
        session.flush()
        row.received_at = utc_now() - ago
        return row.id


def purge(world: World) -> bool:
    return retention.purge(world.desk, world.tenant.id)


def bodies(world: World) -> set[Any]:
    with world.session() as session:
        return set(session.scalars(select(Delivery.id).where(Delivery.body.is_not(None))))


def there(world: World, table: Any) -> int:
    with world.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.fault(82)
def test_an_old_body_goes_and_its_key_stays(world):
    old, young = deliver(world), deliver(world, ago=YOUNG)

    assert purge(world) is False

    assert young in bodies(world)
    assert old not in bodies(world)
    with world.session() as session:
        row = session.get_one(Delivery, old)
        assert row.dedupe_key
        assert row.cleared_at is not None


@pytest.mark.fault(82)
def test_a_key_stays_for_ninety_days_after_its_body_went(world):
    deliver(world, ago=timedelta(days=300))
    before = there(world, Delivery)
    purge(world)
    assert there(world, Delivery) == before

    for ago, left in ((timedelta(days=89), before), (timedelta(days=91), before - 1)):
        with world.session() as session:
            session.execute(
                update(Delivery).where(Delivery.cleared_at.is_not(None)).values(cleared_at=utc_now() - ago)
            )
        purge(world)
        assert there(world, Delivery) == left


def _open_problem_of_the_link(world: World) -> Any:
    return deliver(world, "stuck")


def _open_problem_of_the_delivery(world: World) -> Any:
    delivery_id = deliver(world, None)
    with world.session() as session:
        problem = make.problem(session, world.tenant.id, None, connection_id=world.connection_id)
        problem.code, problem.subject_id = "unreadable_webhook", delivery_id
    return delivery_id


def _open_write(world: World) -> Any:
    with world.session() as session:
        link = make.link_of(session, world, "created")
        make.operation(session, world, link, status="intent", once=False, natural_key="m")
    return deliver(world)


def _no_outcome(world: World) -> Any:
    return deliver(world, outcome=None, outcome_text=None, outcome_at=None)


OPEN = (_open_problem_of_the_link, _open_problem_of_the_delivery, _open_write, _no_outcome)


@pytest.mark.parametrize("plant", OPEN, ids=[plant.__name__.strip("_") for plant in OPEN])
def test_what_is_open_is_not_touched(world, plant):
    kept = plant(world)

    purge(world)

    assert kept in bodies(world)


def test_a_body_goes_once_its_problem_is_closed(world):
    kept = _open_problem_of_the_link(world)
    purge(world)
    with world.session() as session:
        session.execute(
            update(Problem)
            .where(Problem.closed_at.is_(None))
            .values(closed_at=func.now(), closed_because="It is solved.")
        )

    purge(world)

    assert kept not in bodies(world)


def test_batches_go_on_until_nothing_is_left_and_can_be_broken_off(world, monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 3)
    old = {deliver(world) for _ in range(10)}

    assert retention.purge(world.desk, world.tenant.id, seconds=0) is True
    assert len(old & bodies(world)) == 7
    assert purge(world) is False

    assert not old & bodies(world)


def test_a_worker_that_is_told_to_stop_leaves_the_rest(world, monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 1)
    old = {deliver(world) for _ in range(3)}
    desk = replace(world.desk, stopping=type(world.desk.stopping)())
    desk.stopping.set()

    assert retention.purge(desk, world.tenant.id) is True

    assert len(old & bodies(world)) == 2


def _log(world: World, lines: int, old: int) -> None:
    """A log of so many lines, the first of them old."""
    with world.session() as session:
        session.execute(
            text(
                "INSERT INTO log_line (connection_id, number, tenant_id, at, level, entity, text)"
                " SELECT :connection, 3 + n, :tenant, now() - (CASE WHEN n <= :old THEN 91 ELSE 1 END)"
                " * interval '1 day' + n * interval '1 ms', 'info', 'connection', 'x'"
                " FROM generate_series(1, :lines) n"
            ),
            {"connection": world.connection_id, "tenant": world.tenant.id, "lines": lines, "old": old},
        )
        session.execute(update(Connection).values(log_head=3 + lines))


def _age_log(world: World) -> None:
    with world.desk.sessions.engine.begin() as connection:
        connection.execute(text("UPDATE log_line SET at = now() - interval '92 days' WHERE number <= 3"))


def test_old_lines_of_a_log_go_from_its_beginning_and_leave_no_gap(world, monkeypatch):
    monkeypatch.setattr(retention, "LINES", 10)
    monkeypatch.setattr(retention, "_BATCH", 7)
    _log(world, lines=40, old=25)
    _age_log(world)

    purge(world)

    with world.session() as session:
        numbers = list(session.scalars(select(LogLine.number).order_by(LogLine.number)))
    assert numbers == list(range(29, 44))
    assert world.check(offline=True).holds


def test_a_quiet_log_keeps_its_last_lines_however_old(world, monkeypatch):
    monkeypatch.setattr(retention, "LINES", 10)
    _log(world, lines=40, old=40)
    _age_log(world)

    purge(world)

    assert there(world, LogLine) == 10
    assert world.check(offline=True).holds


def _runs(world: World) -> dict[str, Any]:
    ids = {}
    with world.session() as session:
        for name, ago, state in (
            ("old", VERY_OLD, "done"),
            ("young", OLD, "done"),
            ("going on", VERY_OLD, "running"),
        ):
            run = Run(
                tenant_id=world.tenant.id,
                connection_id=world.connection_id,
                kind="poll",
                worker="w",
                state=state,
                started_at=utc_now() - ago,
                heartbeat_at=utc_now(),
                finished_at=utc_now() - ago if state == "done" else None,
            )
            session.add(run)
            session.flush()
            ids[name] = run.id
    return ids


def test_old_runs_go_but_not_those_that_go_on_or_have_lines(world):
    ids = _runs(world)
    with world.session() as session:
        kept_by_lines = session.scalars(select(LogLine.run_id).where(LogLine.run_id.is_not(None))).first()
        session.execute(update(Run).where(Run.id == kept_by_lines).values(started_at=utc_now() - VERY_OLD))

    purge(world)

    with world.session() as session:
        left = set(session.scalars(select(Run.id)))
    assert left == {ids["young"], ids["going on"], kept_by_lines}


def _proof(world: World, ago: timedelta, outcome: str = "held") -> Any:
    proof = Proof(
        tenant_id=world.tenant.id,
        at=utc_now().replace(hour=12, minute=0, second=0) - ago,
        how="schedule",
        duration_ms=1,
        outcome=outcome,
        orders=1,
        lost=0,
        doubled=0,
        ever_doubled=0,
        failed=[],
        report={},
    )
    with world.session() as session:
        session.add(proof)
        session.flush()
        return proof.id


def test_older_proofs_are_one_a_day_and_failures_stay_as_long_as_logs(world):
    minutes = timedelta(minutes=5)
    young = [_proof(world, minutes * turn) for turn in range(3)]
    last_of_day, *beside = [_proof(world, timedelta(days=5) + minutes * turn) for turn in range(4)]
    failed = _proof(world, timedelta(days=5) + 9 * minutes, "failed")
    _proof(world, VERY_OLD, "failed")

    purge(world)

    with world.session() as session:
        assert set(session.scalars(select(Proof.id))) == {*young, last_of_day, failed}
    assert len(beside) == 3


def test_the_last_proof_of_all_stays(world):
    _proof(world, VERY_OLD + timedelta(days=5))
    last = _proof(world, VERY_OLD)

    purge(world)

    with world.session() as session:
        assert list(session.scalars(select(Proof.id))) == [last]


def test_other_companies_rows_are_not_touched(world, desk):
    old = deliver(world)
    other = tenants.create(desk.sessions, slug="other", name="Other", timezone="UTC")

    retention.purge(desk, other.id)

    assert old in bodies(world)


@pytest.mark.promise("AQ-11")
def test_a_hold_goes_a_month_after_it_was_let_go_and_stays_while_it_counts(world):
    with world.session() as session:
        link = make.link_of(session, world, "created")
        for line, released in (("old", utc_now() - OLD), ("young", utc_now() - YOUNG), ("open", None)):
            held = HeldLine(tenant_id=link.tenant_id, connection_id=link.connection_id, link_id=link.id)
            held.line, held.sku_key, held.eaches = line, "SKU-1", Decimal(2)
            held.placed_at, held.released_at = utc_now() - VERY_OLD, released
            session.add(held)

    purge(world)

    with world.session() as session:
        assert set(session.scalars(select(HeldLine.line))) == {"young", "open"}


@pytest.fixture
def shop(desk, tenant_id) -> Shop:
    return open_shop(desk, tenant_id)


@pytest.mark.fault(82)
def test_a_delivery_that_comes_again_after_the_purge_has_no_effect(shop, desk, settings):
    """reliability.md, row 82: with its key alone, and when that is gone too."""
    link_id = shop.arrive()
    shop.look_until_quiet()
    number = shop.link(link_id).foreign_id
    inbox, raw = Deliveries(settings.database_url), secrets.token_bytes(20)
    source = Source(shop.connection_id, shop.tenant_id, shop.hub_id, "leaflink", is_hub=False)

    def deliver_again():
        inbox.keep(source, raw, {}, Hint("order", number, "webhook"))
        shop.look_until_quiet()
        return shop.writes()

    writes = deliver_again()
    for step in ("received_at = now() - interval '31 days'", "cleared_at = now() - interval '91 days'"):
        with desk.tenant(shop.tenant_id) as session:
            session.execute(text(f"UPDATE delivery SET {step}"))
        retention.purge(desk, shop.tenant_id)
        assert deliver_again() == writes

    inbox.close()
    (row,) = shop.deliveries()
    assert row.dedupe_key == hashlib.sha256(raw).digest()
    assert row.repeats == 0
    assert shop.flourish.count("create_order") == 1
    with desk.tenant(shop.tenant_id) as session:
        assert session.scalar(select(func.count()).select_from(Link)) == 1


def test_sessions_and_tokens_that_are_over_for_long_are_dropped(desk):
    ages = (timedelta(days=89), timedelta(days=91))
    with desk.sessions.identity() as session:
        user = accounts.create_user(session, "olive@acme.example", "Olive", "a long enough password")
        for number, age in enumerate(ages):
            at = utc_now() - age
            hashed = bytes([number])
            session.add(UserSession(user_id=user.id, token_hash=hashed, created_at=at))
            session.add(ResetToken(user_id=user.id, token_hash=hashed, created_at=at, expires_at=at))
    retention.drop_old_proofs_of_identity(desk)
    with desk.sessions.identity() as session:
        for table in (UserSession, ResetToken):
            assert session.scalars(select(table.token_hash)).all() == [b"\x00"]
