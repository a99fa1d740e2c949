"""Figures: what was measured, what it may be at the most or must be at the least, and what a peer has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import ge, le

# OpenLinker, an open-source order hub, at its commit 3c9e45b with its default settings, measured on two cores
# on 2026-11-21. It cannot be installed from a package registry, so its figures stand here as they were found.
PEER = "OpenLinker, 2026-11-21"


@dataclass(frozen=True)
class Figure:
    """One measured value. `at_most` and `at_least` are limits; a figure without one is only shown."""

    name: str
    value: float
    unit: str
    samples: str
    at_most: float | None = None
    at_least: float | None = None
    peer: str = ""

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        above = self.at_least is None or ge(self.value, self.at_least)
        return above and (self.at_most is None or le(self.value, self.at_most))

    def line(self) -> str:
        """Return the row that is printed."""
        if self.at_most is not None:
            limit = f"limit <= {self.at_most:g} {self.unit}"
        elif self.at_least is not None:
            limit = f"limit >= {self.at_least:g} {self.unit}"
        else:
            limit = ""
        verdict = "" if not limit else "ok" if self.kept else "MISSED"
        peer = f"peer {self.peer}" if self.peer else ""
        shown = f"{_rounded(self.value)} {self.unit}"
        return f"{self.name:<42}{shown:>12}  {limit:<19}{verdict:<8}{self.samples:<40}  {peer}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of the values do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _rounded(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
