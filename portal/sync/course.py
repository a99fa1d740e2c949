"""Course: how an order goes on at its platform once Flourish has it, as the platform declares it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.sync.decisions import Finding, Rules
from portal.sync.domain import SourceOrder
from portal.sync.retail import HubOrder


@dataclass(frozen=True)
class Move:
    """The next step on the platform towards a status."""

    action: str
    to: str


@dataclass(frozen=True)
class Blocked:
    """The platform offers no step towards the status."""

    reason: str


# The next single step of an order towards a status; None when it is there or beyond.
NextMove = Callable[[SourceOrder, str], Move | Blocked | None]


@dataclass(frozen=True)
class Wanted:
    """Where an order is to be on its platform, as both sides are now.

    Args:
        status: the one that it is to have; empty for the one that it has.
        note: what its page says where the statuses differ by design.
        finding: what a person must see to.
    """

    status: str = ""
    note: str = ""
    finding: Finding | None = None


Target = Callable[[SourceOrder, HubOrder, Rules], Wanted]


def by_table(_order: SourceOrder, made: HubOrder, rules: Rules) -> Wanted:
    """Flourish's status alone says it, by the connection's table (LL-17)."""
    return Wanted(rules.status_table.get(made.status, ""))


@dataclass(frozen=True)
class Course:
    """How a platform's order follows the one in Flourish.

    Args:
        next_move: its steps.
        target: where it is to be.
        takes_lines: whether lines that staff changed in Flourish are written to it, all of them at once: for
            a platform whose people cannot edit an order that was handed over. Elsewhere they stay a
            difference that is expected.
    """

    next_move: NextMove
    target: Target = by_table
    takes_lines: bool = False
