"""A finding of a lint, and what is allowed with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finding:
    """One place that breaks one rule."""

    rule: str
    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


# (rule, path or folder/) to the reason why it is allowed there.
Allowed = Mapping[tuple[str, str], str]


def outside(findings: Iterable[Finding], allowed: Allowed) -> Iterator[Finding]:
    """The findings that nothing allows, and each allowance that allows nothing any more."""
    used: set[tuple[str, str]] = set()
    for finding in findings:
        matching = {
            (rule, place)
            for rule, place in allowed
            if rule == finding.rule
            and (finding.path == place or (place.endswith("/") and finding.path.startswith(place)))
        }
        used |= matching
        if not matching:
            yield finding
    for rule, place in allowed.keys() - used:
        yield Finding(rule, place, 0, "is allowed, and no longer there: take it off the list")


def files(*folders: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Path and text of every file with a suffix in these folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
