"""How fast both sides are matched, and how often the first suggestion is the right one.

The catalogues are made up by seed, as people keep them: each side names things in its own way, and what is
wrong with a key is drawn from what goes wrong with keys, knowing nothing of how they are matched.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.figures import Figure
from portal.sync.checks import Entry, MatchKey, MatchRow
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.matching import match

SKU = MatchKey("sku", "Products by SKU", "products", "items", "product", "item", sku_key)
_STRAINS = (
    "Blue Dream",
    "Sour Diesel",
    "Wedding Cake",
    "Gelato 41",
    "Northern Lights",
    "Pineapple Express",
    "Jack Herer",
    "OG Kush",
    "Granddaddy Purple",
    "Girl Scout Cookies",
    "Durban Poison",
    "White Widow",
    "Zkittlez",
    "Mimosa",
    "Runtz",
    "Do-Si-Dos",
    "Green Crack",
    "Trainwreck",
    "Strawberry Cough",
    "Tangie",
    "Biscotti",
    "Ice Cream Cake",
    "MAC 1",
    "Slurricane",
    "Purple Punch",
)
_FORMS = (
    ("Flower", "FL", ("1g", "3.5g", "7g", "14g", "28g")),
    ("Pre-Roll", "PR", ("0.5g", "1g", "5 pack")),
    ("Vape Cartridge", "VC", ("0.5g", "1g")),
    ("Gummies", "GM", ("100mg", "200mg", "10 pack")),
    ("Live Resin", "LR", ("1g", "2g")),
    ("Tincture", "TN", ("15ml", "30ml")),
)
_BRANDS = ("Greenleaf", "Canyon", "Sunny Side", "Kind Co", "Alpine")
# Each of brand, form, size and number.
_STYLES = (
    "{form}-{number:04d}",
    "{brand}-{form}-{number:05d}",
    "{form}{number:06d}",
    "{brand}{form}-{number:04d}-{size}",
)


@dataclass
class Labelled:
    """Both sides, and which left id belongs to which right one; exact ones are in `exact`."""

    left: list[Entry] = field(default_factory=list)
    right: list[Entry] = field(default_factory=list)
    meant: dict[str, str] = field(default_factory=dict)
    exact: int = 0


def catalogue(seed: int, size: int, *, near: float = 0.05, alone: float = 0.02) -> Labelled:
    """Make both sides of a catalogue.

    Args:
        seed: chooses it.
        size: how many things there are.
        near: the share of things whose key is not the same on both sides.
        alone: the share that only one side has, for each side; many differ from others by a character.
    """
    chance, found = random.Random(seed), Labelled()
    used: set[str] = set()
    for number in range(size):
        sku, names = _thing(chance, number, used)
        left, right = Entry(f"p{number}", sku, names[0]), Entry(f"i{number}", sku, names[1])
        fate = chance.random()
        if fate < near:
            left = Entry(left.ref, _spoiled(chance, sku, used), left.name)
            found.meant[left.ref] = right.ref
        elif fate < near + alone:
            found.left.append(left)
            continue
        elif fate < near + 2 * alone:
            found.right.append(right)
            continue
        else:
            found.exact += 1
        found.left.append(left)
        found.right.append(right)
    chance.shuffle(found.left)
    chance.shuffle(found.right)
    return found


def _thing(chance: random.Random, number: int, used: set[str]) -> tuple[str, tuple[str, str]]:
    """A SKU that is not used yet, often one after another one's, and how each side names it."""
    brand, strain = chance.choice(_BRANDS), chance.choice(_STRAINS)
    form, short, sizes = chance.choice(_FORMS)
    size = chance.choice(sizes)
    style = _STYLES[number % len(_STYLES)]
    parts = {"brand": brand[:2].upper(), "form": short, "size": size.replace(" ", "").upper()}
    sku = style.format(**parts, number=number)
    if chance.random() < 0.2:
        # A sibling: another product, one character away from this one or from one of its neighbours.
        sku = style.format(**parts, number=max(0, number + chance.choice((-9, -1, 1, 10))))
        sku += chance.choice(("", "A", "B", "-S", "X"))
    while sku in used:
        sku += chance.choice("ABCDEFGH")
    used.add(sku)
    names = (
        (f"{strain} {form} {size}", f"{brand} | {strain} | {form} | {size}", f"{strain} - {size} {form}"),
        (f"{strain} {form} {size}", f"{form}: {strain} {size}", f"{strain} {size} {form}"),
    )
    here, there = (_careless(chance, chance.choice(some), short) for some in names)
    return sku, (here, there)


def _careless(chance: random.Random, name: str, short: str) -> str:
    """A name as somebody in a hurry writes it: one in five has less in it, other words, or a slip."""
    fate = chance.random()
    if fate < 0.05:
        return ""
    if fate < 0.1:
        return name.replace("3.5g", "1/8 oz").replace("28g", "1 oz").replace("7g", "Quarter")
    if fate < 0.15:
        return _typo(chance, _typo(chance, name))
    if fate < 0.2:
        return f"{short} {name.split(' ')[0]} {name.split(' ')[-1]}"
    return name


def _spoiled(chance: random.Random, sku: str, used: set[str]) -> str:
    """The key as somebody else typed it; never one that is another thing's."""
    while True:
        other = chance.choice(_SPOILERS)(chance, sku)
        if sku_key(other) != sku_key(sku) and other not in used:
            used.add(other)
            return other


def _typo(chance: random.Random, sku: str) -> str:
    place = chance.randrange(len(sku))
    letter = chance.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")
    return chance.choice(
        (
            sku[:place] + letter + sku[place + 1 :],
            sku[:place] + sku[place + 1 :],
            sku[:place] + letter + sku[place:],
            sku[:place] + sku[place : place + 1] + sku[place:],
        )
    )


def _transposed(chance: random.Random, sku: str) -> str:
    place = chance.randrange(len(sku) - 1)
    return sku[:place] + sku[place + 1] + sku[place] + sku[place + 2 :]


def _looks(chance: random.Random, sku: str) -> str:
    return sku.replace(*chance.choice((("0", "O"), ("1", "I"), ("1", "l"), ("5", "S"), ("L", "1"))))


def _zeros(chance: random.Random, sku: str) -> str:
    parts = sku.split("-")
    place = chance.randrange(len(parts))
    part = parts[place]
    parts[place] = part.lstrip("0") if part.startswith("0") else f"0{part}" if part.isdigit() else part
    return "-".join(parts)


_SPOILERS: tuple[Callable[[random.Random, str], str], ...] = (
    _typo,
    _typo,
    _transposed,
    _looks,
    _zeros,
    lambda chance, sku: chance.choice((sku.lower(), sku.title(), sku.swapcase())),
    lambda chance, sku: sku.replace("-", chance.choice((" ", "", "_", "--", ".", "\N{EN DASH}"))),
    lambda chance, sku: sku + chance.choice(("-EA", "-CS", " NEW", "-2024", "-1", ".")),
    lambda chance, sku: chance.choice(("GL-", "SKU ", "LL-", "#", "CA-")) + sku,
    lambda chance, sku: f" {sku} ".replace("-", chance.choice(("- ", " -", " - ")), 1),
)


def measure() -> Iterator[Figure]:
    """Match catalogues of two sizes, then one that is labelled."""
    yield from _speed(10_000, at_most=2, megabytes=300)
    yield from _speed(100_000, at_most=30)
    yield from _hopeless()
    yield from _quality()


def _speed(size: int, *, at_most: float, megabytes: float | None = None) -> Iterator[Figure]:
    made = catalogue(seed=1, size=size)
    started = time.perf_counter()
    rows = [*match(SKU, made.left, made.right)]
    seconds = time.perf_counter() - started
    shown = f"{len(rows):,} rows, {len(made.meant):,} planted"
    yield Figure(f"match {size:,} x {size:,} keys", seconds, "s", shown, at_most=at_most)
    if megabytes is not None:
        tracemalloc.start()
        rows = [*match(SKU, made.left, made.right)]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        yield Figure(f"  memory of it, {len(rows):,} rows", peak / 1e6, "MB", "at most", at_most=megabytes)


def _hopeless() -> Iterator[Figure]:
    """No key is the same on both sides: everything has to be looked for."""
    made = catalogue(seed=2, size=10_000, near=1.0, alone=0)
    started = time.perf_counter()
    rows = [*match(SKU, made.left, made.right)]
    seconds = time.perf_counter() - started
    yield Figure("match 10,000 keys that all differ", seconds, "s", f"{len(rows):,} rows", at_most=10)


def _quality() -> Iterator[Figure]:
    shown = right = planted = 0
    for seed in range(20, 25):
        made = catalogue(seed=seed, size=10_000)
        planted += len(made.meant)
        for row in match(SKU, made.left, made.right):
            if row.state == "near" and row.left is not None:
                shown += 1
                right += made.meant.get(row.left.ref) == row.suggestions[0].partner.ref
    samples = f"{planted:,} planted, {shown:,} suggested"
    yield Figure("precision of the first suggestion", 100 * right / shown, "%", samples, at_least=98)
    yield Figure("recall of the first suggestion", 100 * right / planted, "%", samples, at_least=95)


def wrong(seed: int) -> Iterator[tuple[MatchRow, str]]:
    """Rows of a labelled catalogue whose first suggestion is another one than was meant, for looking at."""
    made = catalogue(seed=seed, size=10_000)
    for row in match(SKU, made.left, made.right):
        if row.left is None or row.state == "matched":
            continue
        meant = made.meant.get(row.left.ref, "")
        if meant != (row.suggestions[0].partner.ref if row.suggestions else ""):
            yield row, meant
