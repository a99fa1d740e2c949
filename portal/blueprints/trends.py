"""Trends: the dashboard's charts, of what was counted in stretches of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.blueprints.presentation import PLACE_WORDS, span
from portal.charts import drawing
from portal.charts.drawing import Drawing, Series
from portal.charts.windows import Window
from portal.queries import trends
from portal.queries.scope import Scope
from portal.queries.trends import Lag


@dataclass(frozen=True)
class Chart:
    """One chart: what it is of, what its figures mean, what is said where there are none, and its drawing."""

    key: str
    title: str
    meaning: str
    nothing: str
    drawing: Drawing


def charts(session: Session, scope: Scope, window: Window, since: datetime | None) -> tuple[Chart, ...]:
    """Draw what happened in a window.

    Args:
        session: a session inside the tenant.
        scope: whose.
        window: the stretches of time.
        since: when the first connection was made: of what was before nothing is known.
    """
    known = window.first_known(since)
    return (
        _orders(trends.orders_seen(session, scope, window.starts), window, known),
        _lag(trends.lags(session, scope, [trends.ORDER_IN], window.starts)[trends.ORDER_IN], window),
        _problems(trends.problems(session, scope, window.starts), window, known),
    )


def _orders(counts: dict[str, list[int]], window: Window, known: int) -> Chart:
    series = [
        Series(PLACE_WORDS[place][0], PLACE_WORDS[place][1], _from(numbers, known))
        for place, numbers in counts.items()
    ]
    return Chart(
        "orders",
        f"Orders by {window.each}",
        "When each order was first seen, and where it is now.",
        f"No order was first seen in {window.words}.",
        drawing.stacked(window, series),
    )


def _lag(lags: Sequence[Lag | None], window: Window) -> Chart:
    series = [
        Series("Half of the orders", "info", tuple(one.median if one else None for one in lags)),
        Series("95 of 100 orders", "warn", tuple(one.p95 if one else None for one in lags)),
    ]
    return Chart(
        "lag",
        f"Lag into Flourish by {window.each}",
        "From an order's last change on its platform until Flourish had it. Each line up is a longer unit of"
        " time, not an even step.",
        f"No order was created in Flourish in {window.words}.",
        drawing.lines(window, series, span),
    )


def _problems(counts: tuple[Sequence[int], Sequence[int]], window: Window, known: int) -> Chart:
    opened, closed = counts
    series = [
        Series("Opened", "bad", _from(opened, known)),
        Series("Closed", "ok", _from(closed, known)),
    ]
    return Chart(
        "problems",
        f"Problems by {window.each}",
        "Each thing that could not go on, by cause, when it began and when it was over.",
        f"No problem was opened or closed in {window.words}.",
        drawing.side_by_side(window, series),
    )


def _from(numbers: Sequence[int], known: int) -> tuple[int | None, ...]:
    """The numbers from a stretch on; of earlier ones nothing is known, unless something is there."""
    return tuple(number if place >= known or number else None for place, number in enumerate(numbers))
