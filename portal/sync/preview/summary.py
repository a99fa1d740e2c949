"""The summary of a preview in words, and how long its first sync takes at the rate that both sides allow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from portal.models import Connection
from portal.sync.flourish import FLOURISH
from portal.sync.registry import platform as platform_by_key

# Kind of act -> what is done, to one and to several.
_DONE: Mapping[str, tuple[str, str]] = {
    "create_product": ("1 product is created", "{:,} products are created"),
    "update_product": ("1 product is described anew", "{:,} products are described anew"),
    "set_stock": ("the stock of 1 product is set", "the stock of {:,} products is set"),
    "set_lot_stock": ("the stock of 1 lot is set", "the stock of {:,} lots is set"),
    "make_lot_stock": ("1 lot gets its first stock", "{:,} lots get their first stock"),
    "drop_stock": ("1 product loses all its stock", "{:,} products lose all their stock"),
    "create_strain": ("1 strain is created", "{:,} strains are created"),
    "create_destination": ("1 destination is created", "{:,} destinations are created"),
    "create_order": ("1 order is created", "{:,} orders are created"),
    "finish_order": (
        "1 order gets its date and payment term",
        "{:,} orders get their date and payment term",
    ),
    "tell_platform": ("1 order is told its Flourish id", "{:,} orders are told their Flourish id"),
    "set_term": ("1 payment term is set", "{:,} payment terms are set"),
    "move": ("1 order is moved on", "{:,} orders are moved on"),
    "update_order": ("1 order is edited", "{:,} orders are edited"),
    "cancel_order": ("1 order is cancelled", "{:,} orders are cancelled"),
}


def minutes(counts: Mapping[str, Any], connection: Connection) -> float:
    """How long the calls of a first sync take where each side is called as often as it allows.

    Args:
        counts: of a preview that is done.
        connection: the connection, for what was agreed with either side.
    """
    platform = platform_by_key(connection.platform).throttle.agreed(connection.calls_per_second)
    flourish = FLOURISH.throttle.agreed(connection.hub.calls_per_second)
    calls: Mapping[str, int] = counts.get("calls", {})
    seconds = max(
        calls.get("platform", 0) / platform.per_second, calls.get("flourish", 0) / flourish.per_second
    )
    return seconds / 60.0


def acts_in_words(acts: Mapping[str, int]) -> list[str]:
    """What is done, one clause for each kind of act."""
    named = [kind for kind in _DONE if acts.get(kind)]
    others = sorted(kind for kind in acts if kind not in _DONE and acts[kind])
    said = [_DONE[kind][0] if acts[kind] == 1 else _DONE[kind][1].format(acts[kind]) for kind in named]
    return said + [f"{acts[kind]:,} times {kind.replace('_', ' ')}" for kind in others]


def in_words(counts: Mapping[str, Any], connection: Connection) -> str:
    """One sentence: what is done, by how many calls, in how long."""
    acts = acts_in_words(counts.get("acts", {}))
    if not acts:
        return "Nothing is written: both sides agree as far as they are synced, or each row says why not."
    calls = sum(counts.get("calls", {}).values())
    whole = math.ceil(minutes(counts, connection))
    time = "less than a minute" if whole <= 1 else f"about {whole:,} minutes"
    said = f"{', '.join(acts)}: {calls:,} calls, {time} at the rate that both sides allow."
    return said[0].upper() + said[1:]
