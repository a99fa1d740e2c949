"""Nearness: which values may be meant for one another, and which change would make them equal. Pure.

Values are near when they fold to one (`difference`). Else they are near when one slip of the hand, or a word
before or behind, makes them equal, and what people call the things does not speak against it. Only values
that share a block are compared, so that it takes as long as there are values, not as there are pairs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from portal.sync.checks import Entry, Suggestion
from portal.sync.mapping.difference import folds_between, loose, plain, shown_form, slip_between

# The most that are suggested for one entry.
MOST = 5
# A block that more values than this share tells nothing of any of them.
_FULL = 40
# Shorter values are a slip away from too many others.
_SHORTEST = 5
_LIKELY = 0.65
# A partner that is nearer to another one by more than this is not suggested.
_FAR = 0.1
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Thing:
    """An entry, with what it is compared by."""

    entry: Entry
    plain: str
    loose: str
    # In lower case, each number with its zeros; `bare` is the same without what parts them.
    words: tuple[str, ...]
    bare: str

    @classmethod
    def of(cls, entry: Entry) -> Thing:
        """Fold the value of an entry once."""
        words = tuple(_WORD.findall(shown_form(entry.value).casefold()))
        return cls(entry, plain(entry.value), loose(entry.value), words, "".join(words))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two things that may be meant for one another, by their places, and how near they are."""

    left: int
    right: int
    score: float


@dataclass
class Near:
    """What is near: suggestions by place on each side, best first, and those that chose each other."""

    left: dict[int, tuple[Suggestion, ...]] = field(default_factory=dict)
    right: dict[int, tuple[Suggestion, ...]] = field(default_factory=dict)
    pairs: dict[int, int] = field(default_factory=dict)


def near(left: Sequence[Entry], right: Sequence[Entry]) -> Near:
    """Find what may be meant for one another.

    Args:
        left: entries of one side.
        right: entries of the other side.
    """
    found = [*_candidates([Thing.of(entry) for entry in left], [Thing.of(entry) for entry in right])]
    best_left, best_right = _best((one.left, one) for one in found), _best((one.right, one) for one in found)
    by_left: dict[int, list[Candidate]] = defaultdict(list)
    by_right: dict[int, list[Candidate]] = defaultdict(list)
    for one in found:
        if one.score >= max(best_left[one.left], best_right[one.right]) - _FAR:
            by_left[one.left].append(one)
            by_right[one.right].append(one)
    for some in by_left.values():
        some.sort(key=lambda one: _order(one, right[one.right]))
    for some in by_right.values():
        some.sort(key=lambda one: _order(one, left[one.left]))
    return Near(
        {
            place: tuple(_suggest(left[place], right[one.right], one) for one in some[:MOST])
            for place, some in by_left.items()
        },
        {
            place: tuple(_suggest(right[place], left[one.left], one) for one in some[:MOST])
            for place, some in by_right.items()
        },
        {place: some[0].right for place, some in by_left.items() if by_right[some[0].right][0].left == place},
    )


def _best(found: Iterable[tuple[int, Candidate]]) -> dict[int, float]:
    best: dict[int, float] = {}
    for place, one in found:
        best[place] = max(one.score, best.get(place, 0.0))
    return best


def _order(one: Candidate, partner: Entry) -> tuple[float, str, str]:
    """Best first; between equals the partner's value decides, then its id."""
    return -one.score, partner.value, partner.ref


def _suggest(entry: Entry, partner: Entry, one: Candidate) -> Suggestion:
    folds = folds_between(entry.value, partner.value)
    change = ", ".join(folds) or slip_between(entry.value, partner.value)
    return Suggestion(partner, change, one.score)


def _candidates(here: Sequence[Thing], there: Sequence[Thing]) -> Iterator[Candidate]:
    """Each pair that shares a block and is near enough, once."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for place, thing in enumerate(there):
        for block in _blocks(thing):
            blocks[block].append(place)
    for place, thing in enumerate(here):
        seen: set[int] = set()
        for block in _blocks(thing):
            others = blocks.get(block, ())
            if len(others) <= _FULL:
                seen.update(others)
        for other in seen:
            score = _score(thing, there[other])
            if score >= _LIKELY:
                yield Candidate(place, other, score)


def _blocks(thing: Thing) -> set[str]:
    """The blocks that a thing is in: two that fold to one, or are one slip or one word apart, share one."""
    bare, words = thing.bare, thing.words
    if not bare:
        return set()
    found = {f"= {thing.plain}", f"= {thing.loose}", bare}
    if len(bare) >= _SHORTEST:
        # One slip: what is left when a character is taken away is the same.
        found.update([bare[:place] + bare[place + 1 :] for place in range(len(bare))])
    if len(words) > 1:
        found.update((" ".join(sorted(words)), "".join(words[1:]), "".join(words[:-1])))
    return found


def _score(one: Thing, other: Thing) -> float:
    """How near two things are, from 0 to 1: by what makes their values equal, and by what they are called."""
    if one.plain == other.plain or one.loose == other.loose:
        base = 0.98 if one.plain == other.plain else 0.95
        likeness = _likeness(one.entry, other.entry)
        return base if likeness is None else base * (0.9 + 0.1 * likeness)
    base = _slip(one, other)
    if base < _LIKELY:
        return 0.0
    likeness = _likeness(one.entry, other.entry)
    return base * (0.85 if likeness is None else 0.5 + 0.5 * likeness)


def _slip(one: Thing, other: Thing) -> float:
    """How near values are that differ by more than what folds away; 0 for those that are not."""
    if len(one.words) > 1 and sorted(one.words) == sorted(other.words):
        return 0.9
    here, there = one.bare, other.bare
    if min(len(here), len(there)) >= _SHORTEST and OSA.distance(here, there, score_cutoff=1) <= 1:
        return 0.7 if _is_other_number(here, there) else 0.85
    return 0.77 if _has_word_more(one, other) or _has_word_more(other, one) else 0.0


def _is_other_number(one: str, other: str) -> bool:
    """Whether they differ by a digit for a digit, as two products of one series do, too."""
    differing = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    return len(one) == len(other) and len(differing) == 1 and all(each.isdigit() for each in differing[0])


def _has_word_more(longer: Thing, shorter: Thing) -> bool:
    """Whether one has a word before or behind what the other one has."""
    words = longer.words
    if len(words) < 2 or len(shorter.bare) < _SHORTEST:
        return False
    return shorter.bare in ("".join(words[1:]), "".join(words[:-1]))


def _likeness(one: Entry, other: Entry) -> float | None:
    """How alike the names are, from 0 to 1; None when there are none beside the values. Another size, such as
    7 g for 3.5 g, is another thing."""
    here, there = _name(one), _name(other)
    if not here or not there:
        return None
    # One may say less than the other: what both say counts as much as what either says.
    alike = (fuzz.token_sort_ratio(here, there) + fuzz.token_set_ratio(here, there)) / 200
    sizes, others = sorted(_NUMBER.findall(here)), sorted(_NUMBER.findall(there))
    return alike * 0.5 if sizes and others and sizes != others else alike


def _name(entry: Entry) -> str:
    name = " ".join(re.findall(r"[^\W_]+(?:\.\d+)?", entry.name.casefold()))
    return "" if plain(name) == plain(entry.value) else name
