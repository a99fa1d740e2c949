"""Windows: the stretches of time that a chart is made of, in a company's own zone. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

_HOURS, _DAYS = 24, 7
# Hours of the day that the axis names.
_NAMED_HOURS = 6


@dataclass(frozen=True)
class Slot:
    """One stretch: its name in full, as it stands in a sentence, and at the axis; empty where that has no
    room."""

    name: str
    when: str
    tick: str


@dataclass(frozen=True)
class Window:
    """Stretches without a gap, oldest first; the last one is still going on."""

    words: str
    each: str
    starts: tuple[datetime, ...]
    slots: tuple[Slot, ...]

    def first_known(self, since: datetime | None) -> int:
        """Which stretch is the first of which something is known, when that began at some time."""
        if since is None:
            return len(self.starts)
        return max(0, bisect_right(self.starts, since) - 1)


def day(now: datetime, zone: ZoneInfo) -> Window:
    """This hour and the 23 before it."""
    last = now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    starts = tuple(last - timedelta(hours=back) for back in reversed(range(_HOURS)))
    return Window("the last 24 hours", "hour", starts, tuple(_hour(at.astimezone(zone)) for at in starts))


def _hour(local: datetime) -> Slot:
    tick = f"{local:%H:%M}" if local.hour % _NAMED_HOURS == 0 else ""
    return Slot(f"{local:%a %H:%M}", f"at {local:%H:%M}", tick)


def week(now: datetime, zone: ZoneInfo) -> Window:
    """Today and the six days before it, each from its midnight on."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(_DAYS))]
    # A day on which clocks change has 23 or 25 hours.
    midnights = [datetime.combine(one, time(), zone) for one in days]
    starts = tuple(midnight.astimezone(UTC) for midnight in midnights)
    return Window("the last 7 days", "day", starts, tuple(_day(midnight) for midnight in midnights))


def _day(local: datetime) -> Slot:
    name = f"{local:%a, %b} {local.day}"
    return Slot(name, f"on {name}", f"{local:%a} {local.day}")


# By the word that chooses one in an address.
WINDOWS: Mapping[str, Callable[[datetime, ZoneInfo], Window]] = MappingProxyType({"day": day, "week": week})
