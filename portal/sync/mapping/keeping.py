"""Keeping a value on a platform as Flourish has it, and telling when somebody else keeps changing it.

What was last written or found equal is in the link's base. When the platform then shows another value while
ours is the same, somebody else wrote: once it is written again, the second time in a row a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.sync.decisions import Finding
from portal.sync.domain import Json

# How often in a row a value may be undone before Trellis stops writing it.
UNDONE_LIMIT = 2


@dataclass(frozen=True)
class Kept:
    """What is done about one value. `undone` is how often in a row somebody else changed it back."""

    name: str
    target: Any
    writes: bool
    undone: int = 0
    fought: bool = False


def keep(name: str, target: Any, *, agrees: bool, base: Json) -> Kept:
    """Decide about one value.

    Args:
        name: of a field of `domain.Product`, or "stock".
        target: what it should be, as plain JSON.
        agrees: whether the platform has it so.
        base: what the link last agreed on.
    """
    before = base.get("stock") if name == "stock" else base.get("written", {}).get(name)
    undone = base.get("undone", {}).get(name, 0)
    if before != target:
        return Kept(name, target, writes=not agrees)
    if agrees:
        return Kept(name, target, writes=False, undone=undone)
    if undone + 1 < UNDONE_LIMIT:
        return Kept(name, target, writes=True, undone=undone + 1)
    return Kept(name, target, writes=False, undone=undone, fought=True)


def with_kept(base: Json, kept: Iterable[Kept]) -> dict[str, Any]:
    """What is agreed on once these values are on the platform; of those fought over, what was before."""
    result = {**base, "written": dict(base.get("written", {})), "undone": dict(base.get("undone", {}))}
    for each in kept:
        if each.fought:
            continue
        if each.name == "stock":
            result["stock"] = each.target
        else:
            result["written"][each.name] = each.target
        result["undone"].pop(each.name, None)
        if each.undone:
            result["undone"][each.name] = each.undone
    return result


def forgiven(base: Json) -> dict[str, Any]:
    """The base of a link whose values are written again, because a person asked for a new look."""
    return {name: value for name, value in base.items() if name != "undone"}


def fought_over(kept: Iterable[Kept], label: str, shown: Json) -> list[Finding]:
    """Name the values that somebody else keeps changing.

    Args:
        kept: what was decided.
        label: what people call the platform.
        shown: the values on the platform, by name.
    """
    return [
        Finding(
            "two_writers",
            f"Somebody else keeps changing the {each.name.replace('_', ' ')} in {label}",
            f"Switch off what else writes products in {label}, such as another integration, then press Retry."
            " Trellis writes it again by itself once it changes in Flourish.",
            cause=each.name,
            text=f"Trellis wrote {each.target}; {label} shows {shown.get(each.name)}.",
            evidence={"field": each.name, "ours": each.target, "theirs": shown.get(each.name)},
        )
        for each in kept
        if each.fought
    ]
