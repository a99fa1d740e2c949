"""The summary of a preview in words, and how long its first sync takes at the rate that both sides allow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from portal.models import Connection
from portal.sync.flourish import FLOURISH
from portal.sync.kinds import KINDS
from portal.sync.registry import platform as platform_by_key


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
    named = [(words, acts[kind]) for kind, words in KINDS.items() if acts.get(kind)]
    others = sorted(kind for kind in acts if kind not in KINDS and acts[kind])
    said = [words.one if count == 1 else words.several.format(count) for words, count in named]
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
