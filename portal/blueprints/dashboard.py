"""The dashboard: today at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, render_template

from portal.access import here, passive, tenant
from portal.blueprints import paging
from portal.blueprints import proofs as proof_pages
from portal.blueprints.orders import start_of_day
from portal.blueprints.presentation import tally
from portal.blueprints.trends import charts
from portal.charts.windows import WINDOWS
from portal.extensions import db
from portal.live import flows
from portal.models import Connection, utc_now
from portal.queries import connections, dashboard, orders, problems, proofs, stops, trends
from portal.queries.scope import Scope
from portal.sync import registry

blueprint = Blueprint("dashboard", __name__, url_prefix="/t/<slug>")

_WELL = ("live", "paused")
_CAUSES = 8
# What the charts may show, by the word in the address.
WINDOW_WORDS = {"day": "24 hours", "week": "7 days"}


@dataclass(frozen=True)
class ConnectionRow:
    """One connection as the dashboard and the list show it."""

    connection: Connection
    label: str
    # Whether its platform sends webhooks at all.
    sends: bool
    word: str
    tone: str
    last_look: datetime | None
    last_poll: datetime | None


@dataclass(frozen=True)
class Bottom:
    """The one sentence that says whether anything needs a person."""

    tone: str
    word: str
    text: str


@blueprint.get("/")
@tenant("overview.see")
def show() -> Any:
    """Show where today's orders are, what holds them up, and how the last hours or days went."""
    return render_template("dashboard/show.html", windows=WINDOW_WORDS, **_figures(*_asked()))


@blueprint.get("/today")
@tenant("overview.see")
@passive
def today() -> Any:
    """Send the figures anew to a page that stands open; rendered once for all who see the same."""
    asked, tenant_here = _asked(), here()
    shared = current_app.extensions["trellis"].shared
    return shared.get(
        (tenant_here.id, tenant_here.sight, *asked),
        lambda: render_template("dashboard/_today.html", **_figures(*asked)),
    )


def _asked() -> tuple[str, str]:
    """What the address asks for: a connection's id, empty for all of them; and over which time."""
    window = paging.words("window")
    return paging.words("connection"), window if window in WINDOWS else next(iter(WINDOWS))


def _figures(asked: str, window: str) -> dict[str, Any]:
    tenant_here, session, now = here(), db.session(), utc_now()
    all_rows = connection_rows(tenant_here.id, with_looks=False)
    rows = [row for row in all_rows if asked in ("", str(row.connection.id))]
    if asked and not rows:
        abort(404)
    scope = Scope(tenant_here.id, rows[0].connection.id if asked else None)
    places = dashboard.seen_since(session, scope, start_of_day(tenant_here))
    attention = dashboard.attention(session, scope, now)
    glance = proof_pages.glance(proofs.standing(session, tenant_here.id), now)
    stopped = bool(stops.standing(session, tenant_here.id))
    open_here = problems.Filters(connection=scope.connection_id)
    lags = trends.lags(session, scope, [trends.ORDER_IN, trends.STATUS_OUT], [now - timedelta(days=1)])
    return {
        "scope": scope,
        "window": window,
        "read_at": now,
        "places": places,
        "total": sum(count.number for count in places.values()),
        "attention": attention,
        "bottom": _bottom(attention, rows, orders.any_order(session, tenant_here.id), glance, stopped),
        "glance": glance,
        "lag_in": lags[trends.ORDER_IN][0],
        "lag_out": lags[trends.STATUS_OUT][0],
        "charts": charts(
            session,
            scope,
            WINDOWS[window](now, tenant_here.zone),
            min((row.connection.created_at for row in rows), default=None),
        ),
        "causes": problems.by_cause(session, tenant_here.id, open_here, size=_CAUSES).rows,
        "open_problems": problems.count(session, tenant_here.id, open_here),
        "rows": rows,
        "all_rows": all_rows,
        "flows": flows.standings(session, tenant_here.id, [row.connection for row in rows]),
        "may_connect": tenant_here.may("connections.add"),
        "hubs": () if rows else connections.hubs_of(session, tenant_here.id),
    }


def connection_rows(tenant_id: UUID, *, with_looks: bool = True) -> list[ConnectionRow]:
    """Read the connections with when each was last heard of, and when one of its orders was looked at."""
    session = db.session()
    polls = dashboard.last_polls(session, tenant_id)
    looks = dashboard.last_looks(session, tenant_id) if with_looks else {}
    return [_row(row, polls, looks) for row in connections.all_of(session, tenant_id)]


def _row(
    connection: Connection, polls: Mapping[UUID, Any], looks: Mapping[UUID, datetime | None]
) -> ConnectionRow:
    poll = polls.get(connection.id)
    platform = registry.platform(connection.platform)
    label = platform.label
    word, tone = "", ""
    if connection.state in _WELL and connection.open_until and connection.open_until > utc_now():
        word, tone = f"{label} fails", "bad"
    elif connection.state in _WELL and poll is not None and poll[3]:
        word, tone = "Polls late", "warn"
    return ConnectionRow(
        connection=connection,
        label=label,
        sends=platform.webhook is not None,
        word=word,
        tone=tone,
        last_look=looks.get(connection.id),
        last_poll=poll[1] if poll is not None else None,
    )


def _bottom(
    attention: dashboard.Attention,
    rows: Sequence[ConnectionRow],
    ever: bool,
    proof: proof_pages.Glance,
    stopped: bool,
) -> Bottom:
    """Say the worst thing that is true; that all is well only when nothing else is."""
    broken = [row.connection.name for row in rows if row.tone or row.connection.state == "needs_credentials"]
    live = [row for row in rows if row.connection.state == "live"]
    paused = [row.connection.name for row in rows if row.connection.state == "paused"]
    also = f" {_orders(attention.stuck.number)} stuck too." if attention.stuck.number else ""
    cases = (
        (proof.tone == "bad", "bad", "A check failed", f"The last check found a broken promise.{also}"),
        (stopped, "warn", "Stopped", f"A stop switch is on: nothing is written.{also}"),
        (broken, "bad", "Connection trouble", f"Look at {', '.join(broken)}.{also}"),
        (paused, "warn", "Paused", f"Nothing is written for {', '.join(paused)} until it is resumed.{also}"),
        (
            attention.stuck.number,
            "bad",
            "Needs you",
            f"{_orders(attention.stuck.number)} stuck until somebody acts.",
        ),
        (
            attention.late.number,
            "warn",
            "Waiting too long",
            f"{_orders(attention.late.number)} not in Flourish after more than 15 minutes.",
        ),
        (
            attention.overdue.number,
            "warn",
            "Behind",
            f"{_orders(attention.overdue.number)} overdue for a look: the workers are busy or away.",
        ),
        (not rows, "idle", "Nothing connected", "Orders come in once a sales platform is connected."),
        (not live, "warn", "Not live", "No connection is live: orders are not brought into Flourish."),
        (not ever, "info", "Quiet so far", "No order has arrived yet. The connections below are listening."),
    )
    for applies, tone, word, text in cases:
        if applies:
            return Bottom(tone, word, text)
    return Bottom("ok", "All clear", "Nothing is stuck, late or overdue.")


def _orders(number: int) -> str:
    return "1 order is" if number == 1 else f"{tally(number)} orders are".capitalize()
