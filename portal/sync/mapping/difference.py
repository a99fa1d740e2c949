"""Difference: what would make two values equal, in words that people know. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_PUNCTUATION = re.compile(r"[\W_]+")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_LOOK_ALIKE = str.maketrans("oOiIl|sS", "00111155")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

Fold = tuple[str, Callable[[str], str]]


def shown_form(text: str) -> str:
    """A value without what nobody sees: Unicode's compatible form, no hidden characters, single spaces."""
    if text.isascii():
        return " ".join(text.split())
    seen = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return " ".join("".join(seen).split())


def _alike(text: str) -> str:
    return text.translate(_LOOK_ALIKE)


def _without_zeros(text: str) -> str:
    return _ZEROS.sub("", text)


def _without_punctuation(text: str) -> str:
    return _PUNCTUATION.sub("", text)


# What is folded away, in this order: punctuation comes last, as it parts numbers from each other.
_PLAIN: tuple[Fold, ...] = (
    ("spaces or hidden characters", shown_form),
    ("upper and lower case", str.casefold),
    ("leading zeros", _without_zeros),
    ("hyphens, spaces or punctuation", _without_punctuation),
)
_LOOKS: Fold = ("characters that look alike", _alike)
_LOOSE: tuple[Fold, ...] = (*_PLAIN[:2], _LOOKS, *_PLAIN[2:])
# Zeros behind a hyphen lead a number only as long as the hyphen is there.
_CLOSED: tuple[Fold, ...] = (*_PLAIN[:2], _PLAIN[3])


def plain(text: str) -> str:
    """A value with case, leading zeros, spaces and punctuation folded away."""
    return _folded(text, _PLAIN)


def loose(text: str) -> str:
    """The same, with characters that look alike made one besides: 0 and O, 1 and I and l, 5 and S."""
    return _folded(text, _LOOSE)


def _folded(text: str, folds: tuple[Fold, ...]) -> str:
    for _, fold in folds:
        text = fold(text)
    return text


def folds_between(left: str, right: str) -> tuple[str, ...]:
    """Name what has to be folded away for two values to be equal; nothing where that does not do it."""
    for folds in (_PLAIN, _CLOSED, _LOOSE):
        if _folded(left, folds) == _folded(right, folds):
            return tuple(_told(name, left, right) for name in _needed(left, right, folds))
    return ()


def _needed(left: str, right: str, folds: tuple[Fold, ...]) -> list[str]:
    """The folds without those that can be left out, where what changes most is left out first."""
    needed = list(folds)
    for fold in reversed(folds):
        fewer = tuple(one for one in needed if one is not fold)
        if _folded(left, fewer) == _folded(right, fewer):
            needed.remove(fold)
    return [name for name, _ in needed]


def _told(name: str, left: str, right: str) -> str:
    """A look-alike is told with its place, where it is the only one."""
    if name != _LOOKS[0]:
        return name
    here, there = shown_form(left), shown_form(right)
    if len(here) == len(there):
        places = [
            place
            for place, (one, other) in enumerate(zip(here, there, strict=True))
            if one.casefold() != other.casefold()
        ]
        if len(places) == 1:
            return f"{here[places[0]]} for {there[places[0]]} in {_place(places[0])}"
    return "characters that look alike (0 and O, 1 and I, 5 and S)"


def slip_between(left: str, right: str) -> str:
    """Say in words where two values differ, when it is in one place; from the left one's view."""
    here, there = shown_form(left), shown_form(right)
    if sorted(here.casefold().split()) == sorted(there.casefold().split()):
        return "the order of the words"
    if here.casefold() != there.casefold():
        here, there = _in_case(here, there)
    start = _common(here, there)
    end = _common(here[start:][::-1], there[start:][::-1])
    one, other = here[start : len(here) - end], there[start : len(there) - end]
    at = "at the beginning" if not start else "at the end" if not end else f"in {_place(start)}"
    if not one:
        return f"{_quoted(other)} missing {at}"
    if not other:
        return f"{_quoted(one)} too much {at}"
    if len(one) == 2 and one == other[::-1]:
        return f"{one[0]} and {one[1]} swapped in {_place(start)}"
    return f"{_quoted(one)} for {_quoted(other)} {at if len(one) > 1 else f'in {_place(start)}'}"


def _in_case(here: str, there: str) -> tuple[str, str]:
    """Both in lower case where more than the slip differs in case, so that only the slip is told."""
    start = _common(here, there)
    lower_start = _common(here.casefold(), there.casefold())
    return (here, there) if start == lower_start else (here.casefold(), there.casefold())


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    for place, (here, there) in enumerate(zip(one, other, strict=False)):
        if here != there:
            return place
    return min(len(one), len(other))


def _quoted(text: str) -> str:
    return "a space" if text == " " else text.strip()


def _place(index: int) -> str:
    return f"the {_PLACES[index]} place" if index < len(_PLACES) else f"place {index + 1}"
