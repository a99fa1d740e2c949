"""Weighing: who changed a value since both sides agreed on it, and what follows from that (LL-14, LL-18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import eq
from typing import TypeVar

# Four texts: what it is, what was agreed on, what the platform has, what Flourish has.
Row = tuple[str, str, str, str]

_Value = TypeVar("_Value")


@dataclass
class Weighing:
    """What was found: changed on the platform only (to be written), in Flourish only (it stays), on both."""

    edits: list[Row] = field(default_factory=list)
    drift: list[Row] = field(default_factory=list)
    conflicts: list[Row] = field(default_factory=list)

    def weigh(
        self,
        what: str,
        agreed: _Value,
        here: _Value,
        there: _Value,
        *,
        alike: Callable[[_Value, _Value], bool] = eq,
        shown: Callable[[_Value], str] = str,
    ) -> bool:
        """Weigh one value; returns whether it is to be written to Flourish.

        Args:
            what: the field, in words.
            agreed: what both sides agreed on.
            here: what the platform says that it should be.
            there: what Flourish has.
            alike: whether two values are one, but for what Flourish makes of them.
            shown: a value in words.
        """
        row = (what, shown(agreed), shown(here), shown(there))
        if here == agreed:
            if not alike(there, agreed):
                self.drift.append(row)
        elif there != here and alike(there, agreed):
            self.edits.append(row)
            return True
        elif not alike(there, here):
            self.conflicts.append(row)
        return False
