"""Matching: what both sides have under a match key, what is near, and what people say is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import paging, working
from portal.extensions import db
from portal.models import Connection, MatchedRow
from portal.queries import matching as matched
from portal.sync import aliases, awaiting, registry
from portal.sync.checks import MATCH_STATES, MatchKey
from portal.sync.rules import WrongValue

blueprint = Blueprint(
    "matching", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>/matches/<key>"
)

# As many as may be said at once; a file may say more.
_MOST_AT_ONCE = 5_000
# In which state a row is one that an act is for.
_FOR: Mapping[str, tuple[str, ...]] = {
    "accept": ("near",),
    "exclude": ("near", "ambiguous", "missing_left", "missing_right", "matched"),
    "include": ("excluded",),
    "undo": ("matched",),
}


@blueprint.get("")
@tenant("readiness.see")
def index(connection_id: UUID, key: str) -> Any:
    """Show the rows of one state."""
    connection, chosen = one(connection_id, key)
    session, tenant_id = db.session(), here().id
    head = matched.head(session, tenant_id, connection.id, chosen.name)
    wish = _wish(connection, chosen, request.args, head.counts if head else {})
    page = matched.page(session, tenant_id, wish, after=_after())
    return render_template(
        "matching/index.html",
        **_values(connection, chosen),
        head=head,
        wish=wish,
        page=page,
        first_page="after" not in request.args,
        following=_following(page),
        batches=matched.batches(session, tenant_id, connection.id, chosen.name),
        most=_MOST_AT_ONCE,
    )


@blueprint.post("/review")
@tenant("matches.decide")
def review(connection_id: UUID, key: str) -> Any:
    """Show what an act would change, with its counts, before it is done."""
    connection, chosen = one(connection_id, key)
    act = request.form.get("act", "")
    rows = _rows_for(act, _wanted(connection, chosen))
    if not rows:
        flash("Nothing was changed: tick rows that this can be done for.")
        return _back(connection.id, chosen)
    values = [value for row in rows for value in (row.left_value, row.right_value) if value]
    return render_template(
        "matching/review.html",
        **_values(connection, chosen),
        act=act,
        rows=rows,
        state=request.form.get("state", ""),
        orders=awaiting.concerned(db.session(), connection, values),
    )


@blueprint.post("/accept")
@tenant("matches.decide")
def accept(connection_id: UUID, key: str) -> Any:
    """Say that what is near is the same: one row, with the partner that was chosen, or several."""
    connection, chosen = one(connection_id, key)
    rows = _rows_for("accept", _ticked(connection, chosen))
    _, _, ref = request.form.get("only", "").partition(".")
    pairs = [pair for row in rows if (pair := _pair(row, ref)) is not None]
    return _said(connection, chosen, aliases.make, "Said to be the same", pairs)


@blueprint.post("/link")
@tenant("matches.decide")
def link(connection_id: UUID, key: str) -> Any:
    """Say that two values are the same that nobody suggested, each as it is typed."""
    connection, chosen = one(connection_id, key)
    pair = tuple(request.form.get(side, "").replace("\x00", "").strip()[:500] for side in ("left", "right"))
    return _said(connection, chosen, aliases.make, "Said to be the same", [pair])


@blueprint.post("/undo")
@tenant("matches.decide")
def undo(connection_id: UUID, key: str) -> Any:
    """Take back what was said: of rows, or all that was said at once."""
    connection, chosen = one(connection_id, key)
    batch = next(iter(paging.uuids([request.form.get("batch", "")])), None)
    lefts = [row.left_value or "" for row in _rows_for("undo", _ticked(connection, chosen))] + _named()
    return _said(connection, chosen, aliases.undo, "Taken back", batch_id=batch, lefts=lefts)


@blueprint.post("/exclude")
@tenant("matches.decide")
def exclude(connection_id: UUID, key: str) -> Any:
    """Leave values out of matching and syncing."""
    connection, chosen = one(connection_id, key)
    rows = _rows_for("exclude", _ticked(connection, chosen))
    values = [row.left_value or row.right_value or "" for row in rows] + _named()
    return _said(connection, chosen, aliases.exclude, "Left out", values)


@blueprint.post("/include")
@tenant("matches.decide")
def include(connection_id: UUID, key: str) -> Any:
    """Take values in again."""
    connection, chosen = one(connection_id, key)
    rows = _rows_for("include", _ticked(connection, chosen))
    values = [value for row in rows for value in (row.left_value, row.right_value) if value] + _named()
    return _said(connection, chosen, aliases.include, "Included again", values)


def _said(
    connection: Connection,
    key: MatchKey,
    say: Callable[..., aliases.Said],
    words: str,
    *what: Any,
    **more: Any,
) -> Any:
    """Do it, say how much it was and what is looked at again, and go back to where it was done."""
    session, connection_id = db.session(), connection.id
    try:
        said = say(session, working.keys(), connection, key, *what, actor=working.actor(), **more)
    except (aliases.CannotAlias, WrongValue) as refusal:
        session.rollback()
        flash(f"Nothing was changed: {refusal}")
        return _back(connection_id, key)
    working.commit()
    working.ring()
    if not said.count:
        flash("Nothing was changed: it is so already.")
        return _back(connection_id, key)
    orders = "One order is" if said.orders == 1 else f"{said.orders:,} orders are"
    again = f" {orders} looked at again." if said.orders else ""
    flash(f"{words}: {said.count:,}.{again}")
    return _back(connection_id, key)


def _pair(row: MatchedRow, ref: str) -> tuple[str, str] | None:
    """The values of a near row: with the partner of this id, or the first that was suggested."""
    partner = next((one for one in row.suggestions if one["ref"] == ref or not ref), None)
    if partner is None:
        return None
    if row.left_ref is None:
        return str(partner["value"]), row.right_value or ""
    return row.left_value or "", str(partner["value"])


def _wanted(connection: Connection, key: MatchKey) -> Sequence[MatchedRow]:
    """The rows that were ticked, or all that the list shows page by page."""
    if "all" not in request.form:
        return _ticked(connection, key)
    wish = _wish(connection, key, request.form, {})
    if matched.count(db.session(), here().id, wish) > _MOST_AT_ONCE:
        return ()
    return matched.all_of(db.session(), here().id, wish)


def _ticked(connection: Connection, key: MatchKey) -> Sequence[MatchedRow]:
    """The rows that were ticked; only one where its own button was pressed, whatever is ticked."""
    only, _, _ = request.form.get("only", "").partition(".")
    ids = paging.uuids([only] if only else request.form.getlist("row")[:_MOST_AT_ONCE])
    return matched.chosen(db.session(), here().id, connection.id, key.name, ids)


def _named() -> list[str]:
    """Values that other pages name, which have no row of a list."""
    named = (value.replace("\x00", "").strip()[:500] for value in request.form.getlist("value"))
    return [value for value in named if value][:_MOST_AT_ONCE]


def _rows_for(act: str, rows: Sequence[MatchedRow]) -> list[MatchedRow]:
    """Those that an act can be done for; of what is matched only what a person matched can be undone."""
    return [row for row in rows if row.state in _FOR.get(act, ()) and (act != "undo" or row.by_alias)]


def _wish(
    connection: Connection, key: MatchKey, given: Mapping[str, str], counts: Mapping[str, int]
) -> matched.Wish:
    """What is asked for; without a state the first that somebody has to look at."""
    state = given.get("state", "")
    if state not in MATCH_STATES:
        order = ("near", "ambiguous", "missing_right", "missing_left", "matched")
        state = next((one for one in order if counts.get(one)), "near")
    q = given.get("q", "").replace("\x00", "").strip()[:120]
    return matched.Wish(connection.id, key.name, state, q)


def _after() -> tuple[str, UUID] | None:
    """Sort value and id that the page begins behind; what cannot be read means the first page."""
    row_id, _, sort = request.args.get("after", "").replace("\x00", "").partition(".")
    found = paging.uuids([row_id])
    return (sort, found[0]) if found else None


def _following(page: matched.Page) -> str | None:
    if not page.more:
        return None
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "after" and value}
    last, given = page.rows[-1], request.view_args or {}
    return url_for(".index", **given, **kept, after=f"{last.id}.{last.sort}")


def _back(connection_id: UUID, key: MatchKey) -> Any:
    state = request.form.get("state", "")
    shown: dict[str, Any] = {"state": state} if state in MATCH_STATES else {}
    return redirect(url_for(".index", connection_id=connection_id, key=key.name, **shown), 303)


def _values(connection: Connection, key: MatchKey) -> dict[str, Any]:
    return {
        "connection": connection,
        "platform": registry.platform(connection.platform),
        "key": key,
        "may_decide": here().may("matches.decide"),
    }


def one(connection_id: UUID, name: str) -> tuple[Connection, MatchKey]:
    """The connection and its key of an address; there is no page without either."""
    connection = working.connection(connection_id)
    keys = registry.platform(connection.platform).readiness.keys
    return connection, next((one for one in keys if one.name == name), None) or abort(404)
