"""Problems: what somebody has to decide or fix, by cause and one by one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import paging, working
from portal.extensions import db
from portal.queries import bounded, problems
from portal.sync import audit

# So many causes are shown above the list: those that hold up most.
_CAUSES = 30

blueprint = Blueprint("problems", __name__, url_prefix="/t/<slug>/problems")


@blueprint.get("")
@tenant("problems.see")
def index() -> Any:
    """List open or closed problems."""
    tenant_here, session = here(), db.session()
    closed = paging.words("show") == "closed"
    cause = (paging.words("code"), paging.words("cause")) if paging.words("code") else None
    open_count = problems.open_count(session, tenant_here.id)
    rows, more = problems.page(session, tenant_here.id, closed=closed, cause=cause, after=paging.after())
    return render_template(
        "problems/index.html",
        rows=rows,
        closed=closed,
        cause=cause,
        causes=[] if closed or cause else problems.by_cause(session, tenant_here.id, size=_CAUSES),
        open_count=open_count,
        grouped=min(open_count, bounded.MOST),
        first_page="after" not in request.args,
        older=_older(rows[-1], closed) if more else None,
        may_retry=tenant_here.may("problems.retry"),
    )


def _older(last: Any, closed: bool) -> str:
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after" and value}
    return url_for(
        ".index", **kept, after=paging.cursor(last.closed_at if closed else last.opened_at, last.id)
    )


@blueprint.post("/<uuid:problem_id>/retry")
@tenant("problems.retry")
def retry(problem_id: UUID) -> Any:
    """Look again at the thing that one problem holds up."""
    problem = problems.one(db.session(), here().id, problem_id)
    if problem is None:
        abort(404)
    if problem.link is None:
        flash("This problem is not about one order: test its connection instead.")
    else:
        about = audit.Subject("problem", str(problem.id), problem.title)
        working.look_again([problem.link.id], "problem.retried", about)
        flash("Trellis is looking again. The problem closes by itself when its cause is gone.")
    return redirect(url_for(".index"), 303)


@blueprint.post("/retry-cause")
@tenant("problems.retry")
def retry_cause() -> Any:
    """Look again at everything that one cause holds up."""
    code, cause = request.form.get("code", ""), request.form.get("cause", "")
    links = problems.links_held_up(db.session(), here().id, code, cause)
    working.limit("retry-cause", times=20)
    about = audit.Subject("problem", code, f"{code} {cause}".strip())
    working.look_again([link_id for link_id, _ in links], "problem.retried", about)
    orders = "1 order" if len(links) == 1 else f"{len(links)} orders"
    flash(f"Trellis is looking at {orders} again. Problems close by themselves when their cause is gone.")
    return redirect(url_for(".index"), 303)
