"""A time of day: when it is next so late, once a day, in somebody's own time. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_time(now: datetime, zone: ZoneInfo, at: time) -> datetime:
    """When this zone next shows a time of day: once a day, also where that comes twice, or not at all."""
    day = now.astimezone(zone).date()
    while True:
        # fold=0: of a time that comes twice the first.
        candidate = datetime.combine(day, at, zone).astimezone(now.tzinfo)
        if candidate > now:
            return candidate
        day += timedelta(days=1)
