"""Matching: what both sides have, joined by a key. Pure; nothing is linked here, and near is never equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from types import MappingProxyType

from portal.sync.checks import Entry, MatchKey, MatchRow, MatchState, Suggestion
from portal.sync.mapping.nearness import near

# Of entries that share a value, the most that one row names.
_MOST_SHOWN = 5
_NONE: Mapping[str, str] = MappingProxyType({})


def match(
    key: MatchKey,
    left: Sequence[Entry],
    right: Sequence[Entry],
    *,
    aliases: Mapping[str, str] = _NONE,
    excluded: Collection[str] = (),
) -> Iterator[MatchRow]:
    """Tell what becomes of each entry under a key. Each stands on its side of exactly one row.

    Args:
        key: by what they are joined.
        left: the platform's entries.
        right: Flourish's entries.
        aliases: the platform's value -> Flourish's, where people said that they are one.
        excluded: values that people left out, on whichever side.
    """
    said = {key.exact(one): key.exact(other) for one, other in aliases.items()}
    out = {key.exact(value) for value in excluded}
    lefts: dict[str, list[Entry]] = defaultdict(list)
    rights: dict[str, list[Entry]] = defaultdict(list)
    for entry in left:
        own = key.exact(entry.value)
        lefts[own if own in out else said.get(own, own)].append(entry)
    for entry in right:
        rights[key.exact(entry.value)].append(entry)
    nameless_left, nameless_right = lefts.pop("", []), rights.pop("", [])
    alone_left: list[Entry] = []
    alone_right: list[Entry] = []
    # Partners that may be shared: what has one already may be meant by others, too.
    taken_left: list[Entry] = []
    taken_right: list[Entry] = []
    for value in dict.fromkeys((*lefts, *rights)):
        here, there = lefts.get(value, []), rights.get(value, [])
        if value in out:
            for one, other in zip_longest(here, there):
                yield MatchRow("excluded", one, other)
        elif _is_ambiguous(key, here, there):
            yield from _ambiguous(here, there)
        elif here and there:
            yield from _matched(key, here, there)
            taken_left += here if key.many_right else ()
            taken_right += there if key.many_left else ()
        else:
            alone_left += here
            alone_right += there
    yield from _apart("missing_right", nameless_left, ())
    yield from _apart("missing_left", (), nameless_right)
    yield from _near(alone_left, alone_right, taken_left, taken_right)


def _is_ambiguous(key: MatchKey, here: Sequence[Entry], there: Sequence[Entry]) -> bool:
    return (len(here) > 1 and not key.many_left) or (len(there) > 1 and not key.many_right)


def _apart(state: MatchState, here: Sequence[Entry], there: Sequence[Entry]) -> Iterator[MatchRow]:
    """A row for each entry."""
    for entry in here:
        yield MatchRow(state, entry, None)
    for entry in there:
        yield MatchRow(state, None, entry)


def _ambiguous(here: Sequence[Entry], there: Sequence[Entry]) -> Iterator[MatchRow]:
    """A row for each entry, with all others that share its value."""
    group = (*here, *there)
    for place, entry in enumerate(group):
        others = tuple(
            Suggestion(other, "the same value", 1.0)
            for other_place, other in enumerate(group)
            if other_place != place
        )
        is_left = place < len(here)
        yield MatchRow(
            "ambiguous", entry if is_left else None, None if is_left else entry, others[:_MOST_SHOWN]
        )


def _matched(key: MatchKey, here: Sequence[Entry], there: Sequence[Entry]) -> Iterator[MatchRow]:
    """A row for each entry of the side that has more of them; the other side's single one is on each."""
    for place in range(max(len(here), len(there))):
        one, other = here[min(place, len(here) - 1)], there[min(place, len(there) - 1)]
        yield MatchRow("matched", one, other, by_alias=key.exact(one.value) != key.exact(other.value))


def _near(
    left: Sequence[Entry], right: Sequence[Entry], taken_left: Sequence[Entry], taken_right: Sequence[Entry]
) -> Iterator[MatchRow]:
    """What has no partner: near to one, or missing on the other side. Two that are nearest to each
    other share a row."""
    found = near([*left, *taken_left], [*right, *taken_right])
    paired: set[int] = set()
    for place, entry in enumerate(left):
        suggestions = found.left.get(place, ())
        partner = found.pairs.get(place, len(right))
        if partner < len(right):
            paired.add(partner)
            yield MatchRow("near", entry, right[partner], suggestions)
        else:
            yield MatchRow("near" if suggestions else "missing_right", entry, None, suggestions)
    for place, entry in enumerate(right):
        if place not in paired:
            suggestions = found.right.get(place, ())
            yield MatchRow("near" if suggestions else "missing_left", None, entry, suggestions)
