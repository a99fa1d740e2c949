"""Writes: what Trellis changed in a company's systems, filtered, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from portal.access import Here, here, tenant
from portal.blueprints import paging, presentation, working
from portal.blueprints.acts import cell
from portal.extensions import Sessions, db
from portal.models import utc_now
from portal.queries import connections, writes
from portal.queries.writes import Filters, Row, Write
from portal.sync import kinds, registry
from portal.sync.personal import hide, hide_change
from portal.sync.redaction import redact

blueprint = Blueprint("writes", __name__, url_prefix="/t/<slug>/writes")

FLOURISH = "flourish"
COLUMNS = (
    "at",
    "system",
    "connection",
    "thing",
    "number",
    "what",
    "changed",
    "sent",
    "outcome",
    "reason",
    "why",
    "after",
    "answered id",
    "answer",
)
_AT_ONCE = 1_000


@blueprint.get("")
@tenant("writes.see")
def index() -> Any:
    """List what was written, newest first."""
    tenant_here, session = here(), db.session()
    filters = _filters(tenant_here)
    page = writes.page(session, tenant_here.id, filters, after=paging.after())
    names = connections.names(session, tenant_here.id)
    kept = _kept()
    return render_template(
        "writes/index.html",
        page=page,
        filters=filters,
        kept=kept,
        chips=_chips(kept, filters, names),
        names=names,
        systems=_systems(),
        kinds={key: words.aim for key, words in kinds.KINDS.items()},
        did={row.write.id: _did(row.write) for row in page.rows},
        sent={row.write.id: redact(row.write.request) for row in page.rows},
        first_page="after" not in request.args,
        older=_older(page, kept),
    )


@blueprint.get("/writes.csv")
@tenant("writes.see")
def download() -> Any:
    """Send what the filters leave as a file, piece by piece."""
    tenant_here = here()
    working.limit("writes_file", times=30)
    names = connections.names(db.session(), tenant_here.id)
    rows = _every(working.sessions(), tenant_here.id, _filters(tenant_here))
    answer = Response(_lines(rows, names, tenant_here), mimetype="text/csv")
    name = f"{tenant_here.slug}-writes-{utc_now():%Y%m%d-%H%M%S}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _did(write: Write) -> str:
    return kinds.said(write.kind, worked=write.status == "ok")


def _every(sessions: Sessions, tenant_id: UUID, filters: Filters) -> Iterator[Row]:
    """Read all rows, a page and a transaction at a time: nobody waits for a slow reader."""
    after = None
    while True:
        with sessions.tenant(tenant_id) as session:
            page = writes.page(session, tenant_id, filters, after=after, size=_AT_ONCE)
        yield from page.rows
        if not page.more:
            return
        after = (page.rows[-1].write.intent_at, page.rows[-1].write.id)


def _lines(rows: Iterator[Row], names: Mapping[UUID, str], tenant_here: Here) -> Iterator[str]:
    """Write the file, with a mark by which spreadsheets know the encoding."""
    yield "\ufeff" + _csv(COLUMNS)
    systems = _systems()
    for row in rows:
        write = row.write
        told = (
            write.intent_at.astimezone(tenant_here.zone).isoformat(timespec="milliseconds"),
            systems.get(write.system, write.system),
            names.get(write.connection_id, ""),
            row.thing.kind,
            row.thing.called,
            _did(write),
            "; ".join(_changes(write.changes, masked=tenant_here.masked)),
            json.dumps(redact(write.request), ensure_ascii=False),
            presentation.WRITE_WORDS[write.status][0],
            write.error or "",
            write.why,
            write.prompted_by,
            write.response_ref or "",
            str(write.http_status or ""),
        )
        yield _csv([hide(one) for one in told] if tenant_here.masked else told)


def _changes(changes: list[Any], *, masked: bool) -> Iterator[str]:
    for what, before, after in changes:
        old, new = (hide_change(what, one) if masked else one for one in (before, after))
        yield f"{what}: {old} → {new}" if old else f"{what}: {new}"


def _csv(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cell(str(one)) for one in cells)
    return line.getvalue()


def _systems() -> dict[str, str]:
    """The systems that are written to, by their keys."""
    return {FLOURISH: "Flourish"} | {one.key: one.label for one in registry.PLATFORMS.values()}


def _filters(tenant_here: Here) -> Filters:
    system, kind, outcome = paging.words("system"), paging.words("kind"), paging.words("outcome")
    return Filters(
        system=system if system in _systems() else "",
        connection=paging.uuid("connection"),
        kind=kind if kind in kinds.KINDS else "",
        outcome=outcome if outcome in writes.OUTCOMES else "",
        link=paging.uuid("link"),
        thing=paging.words("thing"),
        since=paging.day(paging.words("since"), tenant_here.zone),
        until=paging.day(paging.words("until"), tenant_here.zone, plus=1),
    )


def _kept() -> dict[str, Any]:
    """The filters as they stand in the address."""
    given = {
        "thing": paging.words("thing"),
        "system": paging.words("system"),
        "connection": paging.words("connection"),
        "kind": paging.words("kind"),
        "outcome": paging.words("outcome"),
        "link": paging.words("link"),
        "since": paging.words("since"),
        "until": paging.words("until"),
    }
    return {name: value for name, value in given.items() if value}


def _chips(kept: dict[str, Any], filters: Filters, names: Mapping[UUID, str]) -> list[tuple[str, str, str]]:
    """Each filter that is on: what it is, its value in words, and the address without it."""
    one = writes.thing(db.session(), here().id, filters.link) if filters.link else None
    on = {
        "thing": ("Order or SKU", filters.thing),
        "link": ("Only", one.called if one else "unknown" if filters.link else ""),
        "system": ("System", _systems().get(filters.system, "")),
        "connection": ("Connection", names.get(filters.connection, "unknown") if filters.connection else ""),
        "kind": ("What", kinds.KINDS[filters.kind].aim if filters.kind else ""),
        "outcome": ("Outcome", presentation.WRITE_FILTERS.get(filters.outcome, "")),
        "since": ("From", kept.get("since", "") if filters.since else ""),
        "until": ("To", kept.get("until", "") if filters.until else ""),
    }
    return [
        (*words, url_for(".index", **{name: value for name, value in kept.items() if name != which}))
        for which, words in on.items()
        if words[1]
    ]


def _older(page: writes.Page, kept: dict[str, Any]) -> str | None:
    if not page.more:
        return None
    last = page.rows[-1].write
    return url_for(".index", **kept, after=paging.cursor(last.intent_at, last.id))
