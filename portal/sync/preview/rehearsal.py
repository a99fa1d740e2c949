"""Rehearsal: one look at one link, as the engine makes it, with its writes captured.

It goes the way of `engine.reconcile`: see, plan, answer what the planner asks, write, and see again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.sync.batches import SetLotStock
from portal.sync.decisions import Action, Decision, SetStock
from portal.sync.domain import Json
from portal.sync.drafts import PutProduct
from portal.sync.engine.matter import Matter
from portal.sync.engine.outlook import ForAPerson, refused, stuck, unreadable
from portal.sync.engine.writes import Write
from portal.sync.errors import Rejected, Unreadable
from portal.sync.mapping import effects
from portal.sync.mapping.effects import Change
from portal.sync.mapping.facts import plain_value
from portal.sync.preview.naming import NEW
from portal.sync.preview.recording import Captured
from portal.sync.questions import Question

# As many as a look makes (engine/reconcile.py).
_MOST_STEPS = 8
_MOST_INQUIRIES = 6


@dataclass(frozen=True)
class Act:
    """One captured write, as its operation will name it."""

    kind: str
    side: str
    key: str
    purpose: str
    # What it is about where another thing may need it, too: a strain's name, a destination's.
    name: str = ""

    def shown(self) -> dict[str, str]:
        """As a row keeps it."""
        return {
            "kind": self.kind,
            "side": self.side,
            "key": self.key,
            "purpose": self.purpose,
            "name": self.name,
        }


@dataclass(frozen=True)
class Rehearsed:
    """What a look at a link would do: its writes, the fields that they change, and how it would end."""

    decision: Decision
    # What was decided first: why anything is written.
    first: Decision
    acts: tuple[Act, ...] = ()
    changes: tuple[Change, ...] = ()
    drops: bool = False

    @property
    def kind(self) -> str:
        """What becomes of the thing, in one of `PREVIEW_KINDS`."""
        if any(act.kind in ("create_product", "create_order") for act in self.acts):
            return "create"
        if self.acts:
            return "change"
        if self.decision.code == "before_go_live":
            return "earlier"
        return {"stuck": "stuck", "settled": "nothing"}.get(self.decision.state, "skip")


@dataclass
class _Notes:
    """What is noted down on the way."""

    decisions: list[Decision] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    drops: bool = False

    def close(self, decision: Decision) -> Rehearsed:
        """End with this decision."""
        first = self.decisions[0] if self.decisions else decision
        return Rehearsed(decision, first, tuple(self.acts), tuple(self.changes), self.drops)


def rehearse(matter: Matter, base: Json | None, fields: Mapping[str, Any] | None = None) -> Rehearsed:
    """Go through a look at one link.

    Args:
        matter: its two sides, with clients that capture writes.
        base: what both sides last agreed on; None at first.
        fields: what of the product is there now, by name, for what changes.

    Raises:
        Retryable, ConnectionBroken: a side could not be read.
    """
    notes = _Notes()
    try:
        return notes.close(_steps(matter, base, notes, dict(fields or {})))
    except ForAPerson as ending:
        return notes.close(stuck(ending.finding).decision)
    except Rejected as error:
        return notes.close(stuck(refused(error)).decision)
    except Unreadable as error:
        return notes.close(stuck(unreadable(error)).decision)
    except Captured:
        return notes.close(notes.decisions[-1])


def _steps(matter: Matter, base: Json | None, notes: _Notes, now: dict[str, Any]) -> Decision:
    flourish_id: str | None = None
    wrote, steps = "", 0
    while steps < _MOST_STEPS:
        matter.see(flourish_id, wrote=wrote)
        decision = decide(matter, base)
        if decision.action is None:
            return decision
        notes.decisions.append(decision)
        write = matter.write(decision.action)
        notes.acts.append(_act(write))
        notes.changes += _changes(decision.action, now)
        stock = decision.action if isinstance(decision.action, SetStock | SetLotStock | PutProduct) else None
        notes.drops = notes.drops or (stock is not None and stock.drops)
        outcome = write.call()
        flourish_id = outcome.link.get("flourish_id", flourish_id)
        base = write.base if write.base is not None else base
        wrote = write.side
        steps += not write.is_one_of_many
    return notes.decisions[-1]


def decide(matter: Matter, base: Json | None) -> Decision:
    """Plan what was seen last, answering the planner's questions until it can decide."""
    facts: dict[Question, Any] = {}
    for _ in range(_MOST_INQUIRIES):
        answer = matter.plan(base, facts)
        if isinstance(answer, Decision):
            return answer
        facts |= {question: matter.answer(question) for question in answer.questions}
    raise RuntimeError("the planner keeps asking")


def _act(write: Write) -> Act:
    name = write.request.get("name", "") if write.once else ""
    return Act(write.kind, write.side, write.natural_key, write.purpose, str(name))


def _changes(action: Action, now: dict[str, Any]) -> list[Change]:
    """Field by field what a write changes, and from then on is there."""
    told = [(name, before, _without_new(after)) for name, before, after in effects.changes(action, now)]
    now.update({name: after for name, _before, after in told})
    return told


def _without_new(value: Any) -> Any:
    """A value as rows keep it; of what has parts, such as a lab result, each part in words."""
    if isinstance(value, Mapping):
        return [f"{name} {_without_new(one)}" for name, one in value.items() if one is not None]
    if isinstance(value, Decimal):
        return plain_value(value)
    if isinstance(value, list | tuple):
        return [_without_new(one) for one in value]
    return value.removeprefix(NEW) if isinstance(value, str) else value
