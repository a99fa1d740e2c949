"""How a check stands: of what it found, what it needs, whether it is waived or running. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from portal.sync.checks import PHASES, Check

State = Literal[
    "ready", "action_needed", "check_advised", "later", "checking", "cannot_start", "waived", "not_checked"
]


class Result(Protocol):
    """What a check last found, as it is kept."""

    name: str
    outcome: str
    severity: str
    evidence: str
    next_step: str
    counts: dict[str, Any]
    examples: list[Any]
    checked_at: datetime
    since: datetime
    run_id: Any


class Waived(Protocol):
    """A waiver, as it is kept."""

    name: str
    waived_by: str
    reason: str
    expires_at: datetime


@dataclass(frozen=True)
class Going:
    """An assessment that goes on: which run, and of which check; of all when `about` is empty."""

    run_id: Any
    about: str = ""


@dataclass(frozen=True)
class Standing:
    """One row of the checklist.

    Args:
        check: the check.
        state: its state.
        result: what it last found; None before it ran.
        waiver: the waiver that holds, also of a check that is ready meanwhile.
        held_by: titles of the checks that it needs and that are wrong.
        blocks: whether nobody may go live because of it.
    """

    check: Check
    state: State
    result: Result | None
    waiver: Waived | None
    held_by: tuple[str, ...]
    blocks: bool

    @property
    def done(self) -> bool:
        """Whether it is ready or waived."""
        return self.waiver is not None or (self.result is not None and self.result.outcome == "ready")


@dataclass(frozen=True)
class Checklist:
    """All rows, and their sums."""

    rows: tuple[Standing, ...]
    numbers: Mapping[State, int] = field(default_factory=dict)

    @property
    def blocking(self) -> tuple[Standing, ...]:
        """Those because of which nobody may go live."""
        return tuple(one for one in self.rows if one.blocks)

    @property
    def done(self) -> int:
        """How many are ready or waived."""
        return sum(one.done for one in self.rows)

    @property
    def checked_at(self) -> datetime | None:
        """When all of them were checked, at the least; None while one never was."""
        times = [one.result.checked_at for one in self.rows if one.result is not None]
        return min(times) if times and len(times) == len(self.rows) else None

    def sorted(self) -> tuple[Standing, ...]:
        """The rows as the meter shows them: what is done first, what blocks last."""
        return tuple(sorted(self.rows, key=lambda one: (not one.done, one.blocks, one.state)))

    def phases(self) -> tuple[tuple[str, tuple[Standing, ...]], ...]:
        """The rows by phase, in the order of the phases; one without rows is left out."""
        grouped = ((phase, tuple(one for one in self.rows if one.check.phase == phase)) for phase in PHASES)
        return tuple((phase, rows) for phase, rows in grouped if rows)


def checklist(
    checks: Sequence[Check],
    results: Collection[Result],
    waivers: Collection[Waived],
    *,
    now: datetime,
    going: Going | None = None,
) -> Checklist:
    """Say how each check stands.

    Args:
        checks: those that are declared.
        results: what they last found; of checks that are declared no more, too.
        waivers: those that were not taken back; expired ones among them count no more.
        now: the time.
        going: the assessment that goes on; None for none.
    """
    found = {one.name: one for one in results}
    waived = {one.name: one for one in waivers if one.expires_at > now}
    titles = {one.name: one.title for one in checks}
    wrong = {name for name, one in found.items() if one.outcome == "wrong" and name not in waived}
    rows = tuple(
        _standing(
            one,
            found.get(one.name),
            waived.get(one.name),
            held_by=tuple(titles[name] for name in one.needs if name in wrong and name in titles),
            going=going,
        )
        for one in checks
    )
    numbers: dict[State, int] = {}
    for row in rows:
        numbers[row.state] = numbers.get(row.state, 0) + 1
    return Checklist(rows, numbers)


def _standing(
    check: Check,
    result: Result | None,
    waiver: Waived | None,
    *,
    held_by: tuple[str, ...],
    going: Going | None,
) -> Standing:
    is_ready = result is not None and result.outcome == "ready"
    severity = check.severity if result is None else result.severity
    blocks = severity == "blocks" and not is_ready and waiver is None
    if _is_going(check, result, going):
        state: State = "checking"
    elif is_ready:
        state = "ready"
    elif waiver is not None:
        state = "waived"
    elif held_by:
        state = "cannot_start"
    else:
        state = _not_ready(result, severity)
    return Standing(check, state, result, waiver, held_by, blocks)


def _not_ready(result: Result | None, severity: str) -> State:
    if result is None:
        return "not_checked"
    if severity == "blocks":
        return "action_needed"
    return "check_advised" if severity == "warning" else "later"


def _is_going(check: Check, result: Result | None, going: Going | None) -> bool:
    """Whether the assessment that goes on is of this check and has not come to it yet."""
    if going is None or (going.about and going.about != check.name):
        return False
    return result is None or result.run_id != going.run_id
