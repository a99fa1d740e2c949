"""Verdicts that every platform's checks can come to, and how their evidence counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from portal.sync.checks import Entry, MatchKey, MatchState, Severity, Snapshot, Tally, Verdict

# Values that a line of evidence, and a check's page, name.
_IN_A_LINE = 3
_ON_A_PAGE = 20
_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def number(count: int, one: str, many: str = "") -> str:
    """Write a number of things, such as "1 product" or "1,204 products"."""
    return f"{count:,} {one if count == 1 else many or _plural(one)}"


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("ch", "s", "x")) else f"{word}s"


def are(count: int) -> str:
    """Write the verb of a number of things."""
    return "is" if count == 1 else "are"


def some(values: Iterable[str]) -> str:
    """Name the first of some values, and say that there are more."""
    named = [value for value in values if value]
    return ", ".join(named[:_IN_A_LINE]) + (" and more" if len(named) > _IN_A_LINE else "")


def shown(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Examples of entries for a check's page: their values, else their names."""
    return tuple(one.value.strip() or one.name for one in entries)[:_ON_A_PAGE]


def listed(found: Sequence[Entry], one: str, many: str) -> str:
    """Say of how many things something is so, and name the first: "2 items have none: BD-35, GG-1G."."""
    return f"{number(len(found), one, many)}: {some(shown(found))}." if found else ""


def earlier(then: datetime, now: datetime) -> str:
    """Say how long before a check something was."""
    seconds = max(0, int((now - then).total_seconds()))
    for length, unit in _SPANS:
        if seconds >= length:
            return f"{number(seconds // length, unit)} before this check"
    return "at this moment"


def ready(evidence: str, **more: Any) -> Verdict:
    """It is as it should be."""
    return Verdict("ready", evidence, **more)


def wrong(evidence: str, next_step: str, **more: Any) -> Verdict:
    """It is not as it should be, and somebody can change that."""
    return Verdict("wrong", evidence, next_step, **more)


def entries(snapshot: Snapshot, name: str) -> tuple[Entry, ...]:
    """A list of a snapshot; nothing for one that was not read, which no check reaches that names it."""
    found = snapshot.platform.get(name, snapshot.flourish.get(name, ()))
    return found if isinstance(found, tuple) else ()


def by_key(
    key: MatchKey, tally: Tally, *, missing: Severity | None, step: str, lenient: Severity | None = None
) -> Verdict:
    """Judge a match key by its tally.

    Args:
        key: the key.
        tally: how many are in which state.
        missing: how bad it is when the only thing amiss is that partners are missing; None for as bad as all.
        step: what to do.
        lenient: how bad near and ambiguous ones are; None for what the check declares.
    """
    found = _Found(key, tally)
    if found.total == 0:
        return ready(f"No {key.left_label} has to match.", counts=found.counts())
    if found.total == found.matched:
        return ready(found.evidence(), counts=found.counts())
    severity = lenient if found.near or found.shared else missing
    examples = found.examples()[:_ON_A_PAGE]
    return wrong(found.evidence(), step, counts=found.counts(), examples=examples, severity=severity)


class _Found:
    """What a tally says of a key: how many match, and how many of what are amiss."""

    def __init__(self, key: MatchKey, tally: Tally) -> None:
        self._key, self._tally = key, tally
        self.matched, self.near, self.shared = (
            tally.of("matched"),
            tally.of("near"),
            tally.of("ambiguous"),
        )
        # Only those that are amiss, not those that are simply not used.
        self._lefts = tally.of("missing_right") if key.needs_left else 0
        self._rights = tally.of("missing_left") if key.needs_right else 0
        self.total = self.matched + self.near + self.shared + self._lefts + self._rights

    def evidence(self) -> str:
        key, lefts, rights = self._key, self._lefts, self._rights
        parts = (
            f"{self.matched:,} of {self.total:,} match.",
            f"{number(self.near, 'is', 'are')} near." if self.near else "",
            f"{number(self.shared, 'shares its value', 'share their value')} with others."
            if self.shared
            else "",
            f"{number(lefts, key.left_label)} {are(lefts)} missing in Flourish." if lefts else "",
            f"{number(rights, key.right_label)} {are(rights)} missing in {key.left_where}." if rights else "",
        )
        return any_of(parts)

    def counts(self) -> dict[str, int]:
        words: dict[str, MatchState] = {
            "match": "matched",
            "near": "near",
            "share a value": "ambiguous",
            "not in Flourish": "missing_right",
            f"not in {self._key.left_where}": "missing_left",
            "left out": "excluded",
        }
        given = self._tally.counts
        return {word: given[state] for word, state in words.items() if given.get(state)}

    def examples(self) -> tuple[str, ...]:
        states: list[MatchState] = ["near", "ambiguous"]
        states += ["missing_right"] if self._lefts else []
        states += ["missing_left"] if self._rights else []
        every = (value for state in states for value in self._tally.examples.get(state, ()))
        return tuple(dict.fromkeys(every))


def first_received(
    received: datetime | None, refused: int, snapshot: Snapshot, who: str, *, fault: str = ""
) -> Verdict:
    """Judge whether a correctly signed webhook was received.

    Args:
        received: when the last one was.
        refused: how many were refused so far.
        snapshot: for the time.
        who: sends them.
        fault: what was missing or wrong of the last that was refused, as a clause; empty if nobody noted it.
    """
    counts = {"refused": refused}
    denied = denials(refused, fault)
    if received is not None:
        evidence = f"The last one came {earlier(received, snapshot.at)}, signature right.{denied}"
        return ready(evidence, counts=counts)
    step = (
        f"Compare the signing key in {who} with the one that is stored here."
        if refused
        else (
            f"Enter the webhook's address in {who}, then change an order or a product there and check again."
        )
    )
    return wrong(f"No correctly signed webhook of {who} was received yet.{denied}", step, counts=counts)


def denials(refused: int, fault: str) -> str:
    """Say how many deliveries were refused, and what was amiss with the last; empty when none was."""
    if not refused:
        return ""
    said = number(refused, "delivery was", "deliveries were")
    return f" {said} refused, the last one because {fault or 'the signature is wrong'}."


def any_of(parts: Sequence[str]) -> str:
    """Join sentences that are there."""
    return " ".join(part for part in parts if part)
