"""The audit: what was done in a company, for its owners and admins; in the installation, for operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, render_template, request, url_for

from portal.access import here, recently_proven, staff, tenant
from portal.blueprints import acts, paging, working
from portal.extensions import Sessions, db
from portal.models import INSTALLATION_CHAIN, AuditEvent, utc_now
from portal.queries import audit as records
from portal.queries import proofs
from portal.queries.audit import Filters
from portal.sync import audit
from portal.sync.audit import anchors
from portal.sync.audit.acts import GROUPS, actions_of
from portal.sync.audit.verify import Verdict, verify

blueprint = Blueprint("audit", __name__)

MOST_EXPORTED = 50_000
_NAMES = ("group", "person", "subject", "since", "until")
# Enough of the file of anchors to know the last ones of most chains, without reading years of them.
_REACH = 200_000
_UTC = ZoneInfo("UTC")


@blueprint.get("/t/<slug>/audit")
@tenant("audit.see")
def index() -> Any:
    """List what was done in this company, newest first."""
    return _page(_given(request.args))


def _page(given: Mapping[str, str], error: str = "") -> str:
    tenant_here, session = here(), db.session()
    rows, more = records.page(
        session, tenant_here.id, _filters(given, tenant_here.zone), before=paging.integer("before")
    )
    proof = proofs.standing(session, tenant_here.id).whole
    return render_template(
        "audit/index.html",
        given=given,
        error=error,
        proof=proof,
        whole=proof is not None and "I12" not in proof.failed,
        most=MOST_EXPORTED,
        **_listing(rows, more, given, tenant_here.id),
    )


def _listing(rows: Any, more: bool, given: Mapping[str, str], chain: UUID) -> dict[str, Any]:
    """What the list of acts needs, of a company as of the installation."""
    path = current_app.extensions["trellis"].settings.audit_anchors
    address = f"audit.{(request.endpoint or '').rpartition('.')[2]}"
    address = {"audit.export": "audit.index", "audit.verify_now": "audit.installation"}.get(address, address)
    kept: dict[str, Any] = {name: value for name, value in given.items() if value}
    return {
        "acts": [acts.shown(row) for row in rows],
        "groups": GROUPS,
        "filtered": bool(kept),
        "first_page": "before" not in request.args,
        "newest": url_for(address, **kept),
        "older": url_for(address, **kept, before=rows[-1].seq) if more else None,
        "anchor": anchors.latest(anchors.read(path, reach=_REACH)).get(chain),
    }


@blueprint.post("/t/<slug>/audit/export")
@tenant("audit.see")
@recently_proven
def export() -> Any:
    """Give the acts that the filters leave as a file; which is an act itself."""
    tenant_here, session = here(), db.session()
    given = _given(request.form)
    filters = _filters(given, tenant_here.zone)
    form = "csv" if request.form.get("form") == "csv" else "jsonl"
    number = records.count(session, tenant_here.id, filters, most=MOST_EXPORTED)
    if number > MOST_EXPORTED:
        return _page(
            given, f"One file holds at most {MOST_EXPORTED:,} acts, and these are more: choose fewer days."
        ), 422
    working.limit("audit-export", times=5)
    asked = {name: value for name, value in given.items() if value}
    subject = audit.Subject("company", str(tenant_here.id), tenant_here.name)
    working.record("audit.exported", subject, acts=number, form=form, filters=asked)
    working.commit()
    name = f"audit-{tenant_here.slug}-{utc_now():%Y%m%d-%H%M%S}.{form}"
    return Response(
        acts.written(_read(working.sessions(), tenant_here.id, filters), form),
        mimetype="text/csv" if form == "csv" else "application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _read(sessions: Sessions, chain: UUID, filters: Filters) -> Iterator[AuditEvent]:
    """Read the acts for a file, a page and a transaction at a time: nobody waits for a slow reader."""
    before: int | None = None
    left = MOST_EXPORTED
    while left > 0:
        with sessions.tenant(chain) as session:
            rows, more = records.page(session, chain, filters, before=before, size=min(1000, left))
        yield from rows
        if not more:
            return
        before, left = rows[-1].seq, left - len(rows)


@blueprint.get("/support/audit")
@staff("audit.verify")
def installation() -> Any:
    """List what was done in the installation: by staff, by commands, and by whom nobody knows."""
    return _installation_page()


@blueprint.post("/support/audit/verify")
@staff("audit.verify")
def verify_now() -> Any:
    """Read the installation's chain through, and say whether it is whole; which is an act itself."""
    trellis = current_app.extensions["trellis"]
    known = anchors.of_chain(trellis.settings.audit_anchors, INSTALLATION_CHAIN)
    with working.sessions().system() as session:
        verdict = verify(session, working.keys(), INSTALLATION_CHAIN, known)
    if not any(tamper.kind in ("key", "head") for tamper in verdict.tampers):
        with working.sessions().system() as session:
            audit.record(
                session,
                working.keys(),
                INSTALLATION_CHAIN,
                "audit.verified",
                actor=working.who(),
                subject=audit.Subject("installation", "", "the installation"),
                detail={"acts": verdict.rows, "findings": len(verdict.tampers)},
            )
    return _installation_page(verdict)


def _installation_page(verdict: Verdict | None = None) -> str:
    given = _given(request.args)
    with working.sessions().system() as session:
        rows, more = records.page(
            session, INSTALLATION_CHAIN, _filters(given, _UTC), before=paging.integer("before")
        )
        verified = records.newest(session, INSTALLATION_CHAIN, "audit.verified")
        since = anchors.unanchored_since(session, current_app.extensions["trellis"].settings.audit_anchors)
    late = since is not None and utc_now() - since > anchors.LATE
    return render_template(
        "audit/installation.html",
        given=given,
        zone=_UTC,
        verdict=verdict,
        verified=verified,
        unanchored_since=since if late else None,
        **_listing(rows, more, given, INSTALLATION_CHAIN),
    )


def _given(source: Mapping[str, str]) -> dict[str, str]:
    return {name: source.get(name, "").replace("\x00", "").strip()[:120] for name in _NAMES}


def _filters(given: Mapping[str, str], zone: ZoneInfo) -> Filters:
    return Filters(
        actions=actions_of(given["group"]) if given["group"] in GROUPS else None,
        person=given["person"],
        subject=given["subject"],
        since=paging.day(given["since"], zone),
        until=paging.day(given["until"], zone, plus=1),
    )
