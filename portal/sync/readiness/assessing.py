"""Assessing: reads what a connection's checks ask for, matches, has each judge, and keeps what they found.

Only reads, and after everybody else's calls. Each check is kept as soon as it is judged, so that a page that
watches sees one row after the other.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from portal.models import Connection, Hub, Run, new_id, utc_now
from portal.sync import journal
from portal.sync.checks import Check, Entry, MatchKey, Snapshot, Unread, Verdict
from portal.sync.contract import Platform
from portal.sync.engine.accounts import Tape, hub_turnstile, open_hub, open_platform, platform_turnstile
from portal.sync.engine.desk import Desk
from portal.sync.engine.pull import is_pulled
from portal.sync.flourish import FLOURISH
from portal.sync.mapping.matching import match
from portal.sync.readiness import facts, results, rows
from portal.sync.readiness.declared import check_named, checks_of
from portal.sync.readiness.reading import Sides, Stopping
from portal.sync.registry import platform as platform_by_key
from portal.sync.sameness import Sameness

_BEAT_SECONDS = 2.0
# A hundred thousand rows of a match key are kept at once.
_PATIENT = text("SET LOCAL statement_timeout = '120s'")
# Places where a check is put right that is about a key.
_OF_KEYS = frozenset({"keys", "flourish_keys"})
_GONE = frozenset({"disconnected"})


def begin(session: Session, connection: Connection, *, about: str = "") -> UUID | None:
    """Begin an assessment, which a worker then carries out.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        about: the name of the only check that it is of; empty for all.

    Returns:
        The run; None when one goes on already, or the connection is gone.
    """
    if connection.state in _GONE:
        return None
    begun = (
        insert(Run)
        .values(
            id=new_id(),
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            kind="assessment",
            about=about,
            worker="",
        )
        .on_conflict_do_nothing()
        .returning(Run.id)
    )
    return session.scalar(begun)


def give_up(session: Session, run_id: UUID) -> None:
    """End a run that no worker takes up."""
    _close(session, run_id, "lost", {})


def assess(desk: Desk, tenant_id: UUID, run_id: UUID) -> bool:
    """Carry an assessment out.

    Args:
        desk: what to work with.
        tenant_id: whose it is.
        run_id: the run, from `begin`.

    Returns:
        False when it was broken off, because the worker is told to stop.
    """
    with desk.tenant(tenant_id) as session:
        work = _take_up(desk, session, run_id)
    if work is None:
        return True
    state = "failed"
    try:
        state = "done" if work.run() else "lost"
    finally:
        with desk.tenant(tenant_id) as session:
            _close(session, run_id, state, work.counts)
    return state == "done"


def assess_now(desk: Desk, tenant_id: UUID, connection_id: UUID) -> bool:
    """Run every check of a connection here and now; False when that cannot be, or is going on already."""
    with desk.tenant(tenant_id) as session:
        run_id = begin(session, session.get_one(Connection, connection_id))
    return run_id is not None and assess(desk, tenant_id, run_id)


def _take_up(desk: Desk, session: Session, run_id: UUID) -> _Assessment | None:
    """Take the run, unless another worker has it."""
    taken = session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == "running", Run.worker == "")
        .values(worker=desk.worker, heartbeat_at=func.now())
        .returning(Run.connection_id, Run.about)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        return None
    connection = session.scalars(
        select(Connection)
        .where(Connection.id == taken.connection_id)
        .options(joinedload(Connection.hub).selectinload(Hub.facilities), joinedload(Connection.facility))
    ).one()
    platform = platform_by_key(connection.platform)
    chosen = (check_named(platform, taken.about),) if taken.about else checks_of(platform)
    work = _Assessment(desk, connection, platform, chosen, run_id)
    work.open(session)
    return work


def _close(session: Session, run_id: UUID, state: str, counts: dict[str, Any]) -> None:
    session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == "running")
        .values(state=state, finished_at=func.now(), counts=counts)
        .execution_options(synchronize_session=False)
    )


@dataclass
class _Assessment:
    """One assessment as it goes."""

    desk: Desk
    connection: Connection
    platform: Platform
    checks: tuple[Check, ...]
    run_id: UUID
    counts: dict[str, Any] = field(default_factory=dict)
    _beaten: float = 0.0

    def open(self, session: Session) -> None:
        """Open both sides as far as there are keys, and read our own rows."""
        connection, hub, tape = self.connection, self.connection.hub, Tape()
        client = flourish = None
        if facts.has_key(session, connection):
            turn = platform_turnstile(self.desk, connection, yields=True)
            client = open_platform(self.desk, session, connection, tape, turn)
        if facts.has_key(session, hub):
            turn = hub_turnstile(self.desk, hub, yields=True)
            flourish = open_hub(self.desk, session, hub, tape, turn)
        self.sides = Sides(
            self.desk,
            connection.tenant_id,
            connection.id,
            self.platform.label,
            client,
            flourish,
            is_pulled(session, connection),
            self._beat,
        )
        self.snapshot = Snapshot(
            at=utc_now(),
            platform={},
            flourish={},
            facts=facts.of_rows(session, connection, self.platform),
            settings=self.platform.chosen(connection.settings),
        )
        how_many = "a check" if len(self.checks) == 1 else f"{len(self.checks)} checks"
        journal.log(session, connection, "info", f"Trellis runs {how_many}", run_id=self.run_id)

    def run(self) -> bool:
        """Judge each check; False when the worker is told to stop."""
        self._ask_keys()
        found: Counter[str] = Counter()
        self.counts = {"checks": len(self.checks), "judged": 0}
        try:
            for check in self.checks:
                self._read(check)
                verdict = self._judge(check)
                found[verdict.outcome] += 1
                self.counts["judged"] += 1
                self._keep(check, verdict)
        except Stopping:
            return False
        self.counts = {"checks": len(self.checks), **found}
        with self.desk.tenant(self.connection.tenant_id) as session:
            said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(found.items()))
            journal.log(session, self.connection, "done", f"Checked: {said}", run_id=self.run_id)
        return True

    def _ask_keys(self) -> None:
        """Ask whose account each key opens, unless no check is of keys: reading shows soon enough."""
        if not any(check.where in _OF_KEYS for check in self.checks):
            return
        client, flourish = self.sides.platform, self.sides.flourish
        label = self.platform.label
        asked = {
            **facts.of_key(facts.OURS, client.company if client else None, f"{label} refuses the key"),
            **facts.of_key(facts.HUB, flourish.company if flourish else None, "Flourish refuses the key"),
        }
        for side, name in ((label, "key_error"), (FLOURISH.label, "hub_error")):
            if name in asked:
                self.sides.broken[side] = asked[name]
        self.snapshot = replace(self.snapshot, facts={**self.snapshot.facts, **asked})

    def _read(self, check: Check) -> None:
        """Read the lists of a check that were not read yet, and match its key."""
        if self.desk.stopping.is_set():
            raise Stopping
        platform, flourish = dict(self.snapshot.platform), dict(self.snapshot.flourish)
        for name in check.lists:
            is_theirs = name in self.platform.readiness.lists
            known = platform if is_theirs else flourish
            if name not in known:
                self._beat(name.replace("_", " "), 0)
                known[name] = self.sides.read(name, of_platform=is_theirs)
        prepare = self.platform.readiness.prepare
        self.snapshot = prepare(replace(self.snapshot, platform=platform, flourish=flourish))
        key = next((one for one in self.platform.readiness.keys if one.name == check.key), None)
        if key is not None and key.name not in self.snapshot.tallies:
            self._match(key)

    def _match(self, key: MatchKey) -> None:
        left, right = self._list(key.left), self._list(key.right)
        if left is None or right is None:
            return
        said: Sameness = self.snapshot.facts["said"]
        aliases, excluded = said.aliases.get(key.name, {}), said.excluded.get(key.name, ())
        # Before the transaction, which is no place to think in.
        found = list(match(key, left, right, aliases=aliases, excluded=excluded))
        with self.desk.tenant(self.connection.tenant_id) as session:
            session.execute(_PATIENT)
            tally = rows.store(session, self.connection, key, found)
        self.snapshot = replace(self.snapshot, tallies={**self.snapshot.tallies, key.name: tally})

    def _list(self, name: str) -> tuple[Entry, ...] | None:
        found = self.snapshot.platform.get(name, self.snapshot.flourish.get(name))
        return found if isinstance(found, tuple) else None

    def _judge(self, check: Check) -> Verdict:
        for name in check.lists:
            found = self.snapshot.platform.get(name, self.snapshot.flourish.get(name))
            if isinstance(found, Unread):
                return Verdict("unknown", found.because, "Check again once that is mended.")
        if check.key and check.key not in self.snapshot.tallies:
            return Verdict(
                "unknown", "There is no facility yet by whose rules to match.", "Choose a facility."
            )
        return check.judge(self.snapshot)

    def _keep(self, check: Check, verdict: Verdict) -> None:
        level = "info" if verdict.outcome == "ready" else "wait"
        with self.desk.tenant(self.connection.tenant_id) as session:
            connection = session.get_one(Connection, self.connection.id)
            if results.keep(session, connection, check, verdict, self.run_id):
                said = f"{check.title}: {verdict.evidence}"
                journal.log(session, connection, level, said, run_id=self.run_id)
            self._write(session)

    def _beat(self, what: str, number: int) -> None:
        """Say that the run still goes on, and what it reads."""
        self.counts = {**self.counts, "reading": f"{what}, {number:,}" if number else what}
        if time.monotonic() - self._beaten < _BEAT_SECONDS:
            return
        self._beaten = time.monotonic()
        with self.desk.tenant(self.connection.tenant_id) as session:
            self._write(session)

    def _write(self, session: Session) -> None:
        session.execute(
            update(Run)
            .where(Run.id == self.run_id, Run.state == "running")
            .values(heartbeat_at=func.now(), counts=self.counts)
            .execution_options(synchronize_session=False)
        )
