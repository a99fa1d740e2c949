"""What people enter of a connection, as its platform declares it: the fields of its credentials, and its
settings. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class CredentialField:
    """One field of the credential form. A secret one is encrypted and never shown again."""

    name: str
    label: str
    help: str
    secret: bool = True


# flag: yes or no. choice: one of `choices`. choices: any of them. table: texts by texts. number, text.
SettingKind = Literal["flag", "choice", "choices", "table", "number", "text"]


@dataclass(frozen=True)
class Setting:
    """One choice of a connection, with its consequence in words.

    `choices` are the values that it may have; of a table, those of its right side, and `keys` those of its
    left side; none of them: any text. A number is from `least` to `most`.
    """

    name: str
    label: str
    consequence: str
    choices: tuple[str, ...]
    default: Any
    many: bool = False
    keys: tuple[str, ...] = ()
    # What of our own rows its value holds back or changes, by name (`consequences.COUNTERS`); empty: nothing.
    counts: str = ""
    least: float = 0
    most: float = 1_000_000

    @property
    def kind(self) -> SettingKind:
        """What kind of value it has: what its default is."""
        if isinstance(self.default, bool):
            return "flag"
        if isinstance(self.default, Mapping):
            return "table"
        if self.many:
            return "choices"
        if self.choices:
            return "choice"
        return "number" if isinstance(self.default, int | float) else "text"


# Of every platform.
SETTLE_SECONDS = Setting(
    "settle_seconds",
    "Seconds to wait before looking for a lost order",
    "After an unclear answer nothing is written for this long; 0 is what this installation has. Shorter"
    " is faster, and risks a second order when Flourish is slow.",
    (),
    0,
    most=3600,
)

# The setting `routing` of a platform whose orders may go where their sales rep belongs.
BY_FACILITY, BY_REP = "one facility", "by sales rep"
