"""What AIQ shows of a lab's findings: six cannabinoids and sixteen terpenes, by its own names (AQ-5). Pure.

Every amount has a unit of its own. Zero is what labs call not detected, and is shown no more than what was
not measured.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from portal.sync.retail import LabResult
from portal.sync.shopping import Claims

# AIQ's key -> the names that Flourish, labs and people have for it.
CANNABINOIDS: Mapping[str, str] = MappingProxyType(
    {
        "thc": "thc",
        "thcA": "thca",
        "cbd": "cbd",
        "cbdA": "cbda",
        "cbg": "cbg",
        "cbn": "cbn",
    }
)
TERPENES: Mapping[str, str] = MappingProxyType(
    {
        "threeCarene": "delta 3 carene, 3-carene, carene",
        "alphaPinene": "alpha pinene, a-pinene",
        "betaCaryophyllene": "beta caryophyllene, trans-caryophyllene, caryophyllene",
        "betaEudesmol": "beta eudesmol",
        "betaMyrcene": "myrcene, beta myrcene",
        "betaPinene": "beta pinene, b-pinene",
        "bisabolol": "alpha bisabolol, bisabolol, levomenol",
        "caryophylleneOxide": "caryophyllene oxide",
        "guaiol": "guaiol",
        "humulene": "alpha humulene, humulene",
        "limonene": "limonene, d-limonene",
        "linalool": "linalool",
        "ocimene": "ocimene, beta ocimene, cis-ocimene, trans-ocimene",
        "terpinolene": "terpinolene",
        "terpinene": "alpha terpinene, gamma terpinene, terpinene",
        "transNerolidol": "nerolidol, trans-nerolidol",
    }
)
UNIT = "ContentUnit"
PERCENT, MILLIGRAMS = "%", "mg"
# The setting that says which of Flourish's figures is THC: the total, or delta-9 as it was measured.
THC_SOURCE = "thc_source"
TOTAL_THC, DELTA_9_THC = THC_SOURCES = ("total", "delta-9")

_TERPINENE = "terpinene"
_DELTA_9 = "delta9thc"
_GREEK = MappingProxyType({"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta"})
_NOT_IN_NAMES = re.compile(r"[^0-9a-z]+")
_PER_GRAM, _PER_SERVING, _SHARE = "_mg_per_g", "_mg_per_serving", "_percentage"
# Of no substance: of water, and sums of what stands there singly.
_NO_SUBSTANCES = frozenset({"moisture", "basecbd"})
_WHOLE = Decimal(100)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Labs:
    """What the menu shows.

    Args:
        cannabinoids: AIQ's keys, each with its unit.
        terpenes: likewise.
        dropped: substances that were found and that AIQ has no place for, for the report of a sync.
        warnings: what a person should know, as sentences.
    """

    cannabinoids: Mapping[str, Any] = field(default_factory=dict)
    terpenes: Mapping[str, Any] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


# Of the same hundred names in every result, and there is one for each lot.
@lru_cache(maxsize=1_024)
def substance(name: str) -> str:
    """Write a name of a substance in one way: Greek letters as words, no unit, no punctuation."""
    text = unicodedata.normalize("NFKC", name).casefold()
    for letter, word in _GREEK.items():
        text = text.replace(letter, word)
    for ending in (_SHARE, _PER_GRAM, _PER_SERVING):
        text = text.removesuffix(ending)
    return _NOT_IN_NAMES.sub("", text)


_KEYS: Mapping[str, str] = MappingProxyType(
    {
        substance(name): key
        for table in (CANNABINOIDS, TERPENES)
        for key, names in table.items()
        for name in names.split(",")
    }
)


def labs_of(
    results: Sequence[LabResult],
    lots: Mapping[str, Decimal],
    claims: Claims,
    *,
    thc_source: str = TOTAL_THC,
) -> Labs:
    """Say what the menu shows of an item.

    Args:
        results: those of its lots.
        lots: what is sellable of each lot. AIQ has one block for an item: it tells of the lot of which most
            is left (assumed).
        claims: the item's strength where no lab has said anything.
        thc_source: one of `THC_SOURCES`.
    """
    result = _decisive(results, lots)
    if result is None:
        return _claimed(claims)
    if not result.has_passed:
        said = result.status or "has no status"
        return Labs(warnings=(f"The lab's test of the lot {result.lot} is {said}: nothing of it is shown.",))
    return _Reading(thc_source).read(result.percentages)


def _decisive(results: Sequence[LabResult], lots: Mapping[str, Decimal]) -> LabResult | None:
    """The newest final result of the lot of which most is left; of the newest lot where none is."""
    latest: dict[str, LabResult] = {}
    for result in sorted(results, key=_moment):
        if result.is_final:
            latest[result.lot] = result
    return max(latest.values(), key=lambda one: (lots.get(one.lot, Decimal(0)), _moment(one)), default=None)


def _moment(result: LabResult) -> datetime:
    return result.analysed_at or _BEGINNING


@dataclass
class _Reading:
    """Goes through what a lab measured."""

    thc_source: str
    found: dict[str, Decimal] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def read(self, amounts: Mapping[str, Decimal]) -> Labs:
        for name, key, amount in self._known(amounts):
            percent = amount / 10 if name.endswith(_PER_GRAM) else amount
            if not 0 <= percent <= _WHOLE:
                self.warnings.append(f"The lab says {amount} for {name}, which cannot be: it is not shown.")
            elif percent:
                self._take(key, percent)
        return Labs(
            _with_units(self.found, CANNABINOIDS),
            _with_units(self.found, TERPENES),
            tuple(sorted(self.dropped)),
            tuple(self.warnings),
        )

    def _known(self, amounts: Mapping[str, Decimal]) -> Iterator[tuple[str, str, Decimal]]:
        """What AIQ has a place for; the rest is dropped and named, unless nothing of it was found."""
        thc = self._thc(amounts)
        for name, amount in sorted(amounts.items()):
            plain = substance(name)
            if plain in ("thc", _DELTA_9):
                if name == thc:
                    yield name, "thc", amount
            elif name.endswith(_PER_SERVING):
                self.warnings.append(f"{name} says how much is in a serving, and AIQ asks for shares.")
            elif plain in _KEYS:
                yield name, _KEYS[plain], amount
            elif amount and plain not in _NO_SUBSTANCES:
                self.dropped.append(name)

    def _thc(self, amounts: Mapping[str, Decimal]) -> str:
        """Which figure is THC: the chosen one, else the other. They are never added up: the total holds what
        is measured as delta-9 already."""
        wanted = ("thc", _DELTA_9) if self.thc_source == TOTAL_THC else (_DELTA_9, "thc")
        by_name = {substance(name): name for name in amounts}
        return next((by_name[name] for name in wanted if name in by_name), "")

    def _take(self, key: str, percent: Decimal) -> None:
        """Two figures for one place: the higher, as in AIQ; of the two terpinenes both (assumed)."""
        if key == _TERPINENE and key in self.found:
            self.found[key] += percent
            self.warnings.append("Alpha and gamma terpinene were both found: AIQ shows their sum.")
            return
        self.found[key] = max(percent, self.found.get(key, percent))


def _with_units(
    found: Mapping[str, Decimal], table: Mapping[str, str], unit: str = PERCENT
) -> dict[str, Any]:
    return {
        name: value
        for key in table
        if key in found
        for name, value in ((key, found[key]), (f"{key}{UNIT}", unit))
    }


def _claimed(claims: Claims) -> Labs:
    """Without a lab: the item's own shares, else how much one unit holds, each in its own unit."""
    shown: dict[str, Any] = {}
    warnings: list[str] = []
    rows = (
        ("thc", claims.thc_percent, claims.thc_per_unit, claims.thc_unit),
        ("cbd", claims.cbd_percent, claims.cbd_per_unit, claims.cbd_unit),
    )
    for key, percent, per_unit, unit in rows:
        if percent is not None and 0 < percent <= _WHOLE:
            shown |= {key: percent, f"{key}{UNIT}": PERCENT}
        elif per_unit is not None and per_unit > 0 and unit.casefold() == MILLIGRAMS:
            shown |= {key: per_unit, f"{key}{UNIT}": MILLIGRAMS}
        elif per_unit is not None and per_unit > 0:
            warnings.append(
                f"Its {key.upper()} is said in {unit or 'no unit'}, and AIQ asks for mg: not shown."
            )
    return Labs(cannabinoids=shown, warnings=tuple(warnings))
