"""Crashes inside one process: a worker is gone at a named point, and what it had not committed with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import pytest

from portal.sync.engine import crash
from portal.sync.engine.crash import END, LOOK, SETTLING, WRITE

# What a look passes on its way: reading both sides and deciding, then at most one write, and again.
READING = LOOK[1:]
WRITING = (*READING, *WRITE)


def look_of(*, writes: int, settling: bool = False) -> tuple[str, ...]:
    """The points that a look with so many writes passes, in order."""
    return ("claimed", *(SETTLING if settling else ()), *WRITING * writes, *READING, *END)


class HasTrail(Protocol):
    """A look that a matrix of crashes goes through."""

    @property
    def trail(self) -> tuple[str, ...]:
        """The points that it passes, in order."""
        ...


def matrix(flows: Mapping[str, HasTrail]) -> list[tuple[str, str, int]]:
    """Each look with each point that it passes, and for which time it passes it there."""
    return [
        (name, point, flow.trail[: position + 1].count(point))
        for name, flow in flows.items()
        for position, point in enumerate(flow.trail)
    ]


class CrashNow(BaseException):
    """The process is gone: nothing of it runs any more."""


class CrashPoints:
    """Stands in for `crash.point`: keeps which points were passed, and runs what a test plans for one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed: list[str] = []
        self._plan: Callable[[], None] | None = None
        self._name = ""
        self._passes_left = 0
        monkeypatch.setattr(crash, "point", self._reach)

    def plan(self, name: str, act: Callable[[], None], *, turn: int = 1) -> None:
        """Do something once, when the point is passed for this time from now on."""
        self._name, self._plan, self._passes_left = name, act, turn

    def crash_at(self, name: str, *, turn: int = 1) -> None:
        """Die once, when the point is passed for this time from now on."""
        self.plan(name, _die, turn=turn)

    def clear(self) -> bool:
        """Forget the plan; returns whether it was still waiting."""
        waiting, self._plan = self._plan is not None, None
        return waiting

    def _reach(self, name: str) -> None:
        self.passed.append(name)
        if self._plan is None or name != self._name:
            return
        self._passes_left -= 1
        if self._passes_left == 0:
            act, self._plan = self._plan, None
            act()


def _die() -> None:
    raise CrashNow
