"""Checks: what a readiness check is, what it is judged by, and what it says. Pure data.

A platform's `readiness` declares its checks and its match keys; the runner reads both sides into a
`Snapshot`, matches each key, and has each check judge. Nothing here reads or writes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# The order of the checklist; each check stands under one of them.
PHASES = ("Connect", "Match your data", "Choose rules", "Go live")

# blocks: nobody goes live without it. warning: somebody should look. later: it can be seen to afterwards.
Severity = Literal["blocks", "warning", "later"]
# What a check found. Waived, Checking and Cannot start yet are what a page makes of it (`standing`).
Outcome = Literal["ready", "wrong", "unknown"]
# What becomes of one thing under a match key.
MatchState = Literal["matched", "near", "missing_left", "missing_right", "ambiguous", "excluded"]
MATCH_STATES: tuple[MatchState, ...] = (
    "matched",
    "near",
    "ambiguous",
    "missing_left",
    "missing_right",
    "excluded",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that one side has, as far as matching and checks need it.

    Args:
        ref: its id there.
        value: what it is matched by, as it is shown there; empty when it has none.
        name: what people call it.
        facts: what checks ask besides, such as {"listing_state": "Archived"}.
    """

    ref: str
    value: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MatchKey:
    """A key by which things of both sides are one: left is the platform, right is Flourish.

    Args:
        name: such as "sku"; also the end of its page's address.
        label: of its page, such as "Products by SKU".
        left: the name of the platform's list in the snapshot, such as "products".
        right: the name of Flourish's list, such as "items".
        left_label, right_label: what their entries are called, such as "product" and "item".
        exact: makes two values equal exactly when they are one (`mapping.keys`).
        many_left, many_right: several entries of one side may have one value without being ambiguous.
        needs_left, needs_right: whether an entry without partner is amiss, or simply not used.
        left_where: what people call the platform.
        table: the setting whose table says which value of Flourish is which there; empty: aliases do.
    """

    name: str
    label: str
    left: str
    right: str
    left_label: str
    right_label: str
    exact: Callable[[str], str]
    many_left: bool = False
    many_right: bool = False
    needs_left: bool = True
    needs_right: bool = True
    left_where: str = "the platform"
    table: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A partner that an entry may be meant for. `change` says in words what would make the two equal, such
    as "upper and lower case" or "0 for O in the third place"; `score` is from 0 to 1."""

    partner: Entry
    change: str
    score: float


@dataclass(frozen=True, slots=True)
class MatchRow:
    """What became of one thing under a match key.

    Of a matched one both sides are there, and `by_alias` says that a person made them one; a near one has one
    side and its suggestions, best first, and the other side, too, where two are nearest to each other; an
    ambiguous one has a side and all that share its value.
    """

    state: MatchState
    left: Entry | None
    right: Entry | None
    suggestions: tuple[Suggestion, ...] = ()
    by_alias: bool = False


@dataclass(frozen=True)
class Tally:
    """How many entries of a key are in which state. `examples` names a few values of each state."""

    counts: Mapping[MatchState, int]
    examples: Mapping[MatchState, tuple[str, ...]] = field(default_factory=dict)

    def of(self, *states: MatchState) -> int:
        """How many are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True)
class Unread:
    """A list that could not be read; `because` says it in words that people know."""

    because: str


@dataclass(frozen=True)
class Snapshot:
    """Both sides and our own records as they were when an assessment read them.

    Args:
        at: when, in UTC.
        platform: the platform's lists by name; `Unread` where one could not be read.
        flourish: Flourish's lists by name.
        facts: what else checks ask, such as company, missing permissions, deliveries received, the facility,
            when a key expires; a key that is missing was not found out.
        settings: the connection's chosen settings, defaults filled in.
        tallies: by name of the match key.
    """

    at: datetime
    platform: Mapping[str, tuple[Entry, ...] | Unread]
    flourish: Mapping[str, tuple[Entry, ...] | Unread]
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]
    tallies: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What a check found: its outcome, one line of evidence with counts, and what to do when it is wrong.

    `counts` are numbers by what they count, for the check's history; `examples` a few values that are amiss.
    A check that is wrong and blocks may say that this case only advises, by `severity`.
    """

    outcome: Outcome
    evidence: str
    next_step: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True)
class Check:
    """One row of the checklist.

    Args:
        name: unique within its platform, such as "sku".
        phase: one of `PHASES`.
        title: a verb phrase, such as "Match every product by SKU".
        why: what goes wrong without it, for its page.
        severity: what it is when it is wrong.
        judge: pure; decides by a snapshot.
        needs: names of checks that must not be wrong before this one can start.
        lists: names of the lists that have to be read for it; while one cannot be, nobody judges.
        key: the match key whose page shows its rows; empty for none.
        where: where it is put right when not on that page: "keys", "flourish_keys", "flourish_webhook",
            "rules", "platform", "flourish".
        source: the article or API fact that it comes from.
    """

    name: str
    phase: str
    title: str
    why: str
    severity: Severity
    judge: Callable[[Snapshot], Verdict]
    needs: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    key: str = ""
    where: str = ""
    source: str = ""


def as_read(snapshot: Snapshot) -> Snapshot:
    """Leave a snapshot as it was read."""
    return snapshot


@dataclass(frozen=True)
class Readiness:
    """What a platform, or Flourish, declares for the checklist.

    Args:
        checks: its rows.
        keys: what is matched.
        lists: names of the lists that its client can read; no other side has one of the same name.
        prepare: pure; adds the lists that no side has as such, of those that were read, such as the brands
            that items name. Match keys may be over these.
    """

    checks: tuple[Check, ...]
    keys: tuple[MatchKey, ...] = ()
    lists: tuple[str, ...] = ()
    prepare: Callable[[Snapshot], Snapshot] = as_read
