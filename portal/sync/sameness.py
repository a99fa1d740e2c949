"""Sameness: which values of a platform and of Flourish people said are one, and which they left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sameness:
    """What people said of a connection, by the name of the match key.

    Args:
        revision: grows with each thing that they say.
        aliases: the platform's value as it is compared -> Flourish's.
        excluded: values as they are compared.
        strains: Flourish's strain -> the platform's, as both are written.
    """

    revision: int = 0
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    excluded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    strains: Mapping[str, str] = field(default_factory=dict)

    def in_flourish(self, key: str, value: str) -> str:
        """What Flourish calls a value of the platform: itself, unless somebody said otherwise."""
        return self.aliases.get(key, {}).get(value, value)

    def on_platform(self, key: str, value: str) -> str:
        """What the platform calls a value of Flourish: itself, unless somebody said otherwise."""
        here = (own for own, there in self.aliases.get(key, {}).items() if there == value)
        return min(here, default=value)

    def is_aliased(self, key: str, value: str) -> bool:
        """Whether somebody said that a value of the platform is another one in Flourish."""
        return value in self.aliases.get(key, {})

    def is_left_out(self, key: str, value: str) -> bool:
        """Whether somebody left a value out."""
        return value in self.excluded.get(key, frozenset())


NOTHING_SAID = Sameness()
