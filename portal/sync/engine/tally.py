"""Tallies: the run that tells what a shift did on one connection. A shift that finds nothing leaves none."""

from __future__ import annotations

import threading
from collections import Counter
from uuid import UUID

from sqlalchemy import func, update

from portal.models import Run
from portal.sync.engine.claim import Claim
from portal.sync.engine.desk import Desk


class Tally:
    """One run, begun with the first link and closed with its counts. Links are counted from many threads."""

    def __init__(self, desk: Desk, claim: Claim) -> None:
        self._desk = desk
        self._tenant_id = claim.tenant_id
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        with desk.tenant(claim.tenant_id) as session:
            run = Run(
                tenant_id=claim.tenant_id,
                connection_id=claim.connection_id,
                kind="drain",
                worker=desk.worker,
            )
            session.add(run)
            session.flush()
            self.run_id: UUID = run.id

    def count(self, state: str) -> None:
        """Count one link by the state in which it was left."""
        with self._lock:
            self._counts["looked"] += 1
            self._counts[state] += 1

    def beat(self) -> None:
        """Say that the run still goes on."""
        self._write(heartbeat_at=func.now())

    def close(self) -> None:
        """End the run with its counts."""
        with self._lock:
            counts = dict(self._counts)
        self._write(state="done", finished_at=func.now(), counts=counts)

    def _write(self, **values: object) -> None:
        with self._desk.tenant(self._tenant_id) as session:
            session.execute(
                update(Run)
                .where(Run.id == self.run_id)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
