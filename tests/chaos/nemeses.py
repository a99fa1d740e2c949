"""The nemesis: strikes processes, servers, connections and clocks, and in the end heals everything."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.chaos.cluster import Cluster, skewed
from tests.chaos.history import History
from tests.chaos.plan import Step

_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() * 100 < %s
"""


@dataclass
class Nemesis:
    """Carries out the strikes of a plan."""

    cluster: Cluster
    history: History
    _stopped: set[str] = field(default_factory=set)

    def do(self, step: Step) -> None:
        """Take one step of the plan."""
        acts: dict[str, Callable[..., None]] = {
            "kill": self.cluster.kill,
            "start": self.cluster.start,
            "stop": self._stop,
            "continue": self._continue,
            "terminate": self.cluster.terminate,
            "kill job": self._kill_job,
            "cut database connections": self._cut,
            "skew": self._skew,
            "fault": self._fault,
        }
        shown = " ".join(str(each) for each in step.details)
        with self.history.act("nemesis", f"{step.what}: {shown}"):
            acts[step.what](*step.details)

    def heal(self) -> None:
        """Switch all faults off, and have everything run with a right clock."""
        with self.history.act("nemesis", "heal: everything"):
            for name in sorted(self._stopped):
                self._continue(name)
            self.cluster.control("DELETE", "faults")
            for name in ("postgres", "valkey", "web", "schedule"):
                self.cluster.start(name)
            for name in ("worker-1", "worker-2"):
                self._skew(name, 0)

    def _stop(self, name: str) -> None:
        if self.cluster.runs(name):
            self._stopped.add(name)
            self.cluster.signal_family(name, signal.SIGSTOP)

    def _continue(self, name: str) -> None:
        self._stopped.discard(name)
        if self.cluster.runs(name):
            self.cluster.signal_family(name, signal.SIGCONT)

    def _kill_job(self, name: str) -> None:
        jobs = self.cluster.jobs(name) if self.cluster.runs(name) else []
        for job in jobs:
            with contextlib.suppress(psutil.NoSuchProcess):
                job.kill()
        self.history.tell("nemesis", "info", f"{name} had {len(jobs)} jobs")

    def _cut(self, percent: int) -> None:
        if self.cluster.runs("postgres"):
            with self.cluster.database() as database:
                row = database.execute(_CUT, (percent,)).fetchone()
            self.history.tell("nemesis", "info", f"cut {row[0] if row else 0} database connections")

    def _skew(self, name: str, seconds: int) -> None:
        """Clocks of processes are given at their start: the worker is killed and started anew."""
        self.cluster.kill(name)
        self.cluster.start(name, **skewed(seconds))

    def _fault(self, platform: str, fault: str, rate: float, seconds: float, argument: Any) -> None:
        body = {"platform": platform, "fault": fault, "rate": rate, "seconds": seconds}
        self.cluster.control("POST", "faults", body if argument is None else {**body, "argument": argument})
