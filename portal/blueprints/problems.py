"""Problems: what somebody has to decide or fix, by cause and one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import paging, presentation, working
from portal.extensions import db
from portal.forms.handling import ME as MYSELF
from portal.forms.handling import HandlingForm
from portal.identity import members
from portal.identity.people import current_person
from portal.live import remedies
from portal.models import Problem, new_id
from portal.queries import bounded, connections, problems
from portal.sync import awaiting, blame

blueprint = Blueprint("problems", __name__, url_prefix="/t/<slug>/problems")

ME = "me"
# What narrows the list, as its address says it.
FILTERS = ("connection", "blame", "who", "assigned", "code", "cause")


@blueprint.get("")
@tenant("problems.see")
def index() -> Any:
    """List problems that are open, ignored or closed."""
    tenant_here, session = here(), db.session()
    given = wanted(request.args)
    filters = filters_of(given)
    rows, more = problems.page(session, tenant_here.id, filters, after=paging.after())
    names = connections.names(session, tenant_here.id)
    causes = problems.by_cause(session, tenant_here.id, filters) if filters.state != "closed" else None
    cause, people = _one_cause(causes, filters), people_here()
    return render_template(
        "problems/index.html",
        rows=rows,
        given=given,
        filters=filters,
        causes=causes,
        cause=cause,
        remedies=[remedies.remedy_of(_matter(row)) for row in causes.rows] if causes else [],
        ignored=problems.count(session, tenant_here.id, problems.Filters("ignored"), bounded.FEW),
        connections=names,
        people=people,
        chips=_chips(given, names, people, cause["row"].title if cause else ""),
        first_page="after" not in request.args,
        older=_older(rows[-1], given) if more else None,
        form_id=new_id(),
        may_handle=tenant_here.may("problems.handle"),
        most_counted=problems.MOST_GROUPED,
    )


@blueprint.get("/<uuid:problem_id>")
@tenant("problems.see")
def show(problem_id: UUID) -> Any:
    """Show one problem: what is wrong, what to do, and what was done about it."""
    problem = problems.one(db.session(), here().id, problem_id)
    return page(problem or abort(404), HandlingForm())


def page(problem: Problem, form: HandlingForm, act: str = "") -> str:
    """The page of one problem; the form of an act that was refused says why."""
    session, tenant_here = db.session(), here()
    people = people_here()
    link = problem.link
    matter = remedies.Matter(
        problem.code,
        problem.cause,
        problem.connection_id,
        problem.evidence,
        problem.link_id,
        link.kind if link else "",
    )
    return render_template(
        "problems/show.html",
        problem=problem,
        acts=problems.acts(session, tenant_here.id, problem.id),
        remedy=remedies.remedy_of(matter),
        form=form.offer({str(one): name for one, name in people.items()}, tenant_here.zone),
        act=act,
        form_id=new_id(),
        may_handle=tenant_here.may("problems.handle"),
    )


def wanted(values: Mapping[str, str]) -> dict[str, str]:
    """The filters that an address or a form names, without what makes no sense."""
    given = {name: values.get(name, "").replace("\x00", "").strip()[:500] for name in ("show", *FILTERS)}
    given["show"] = given["show"] if given["show"] in problems.STATES else "open"
    given["blame"] = given["blame"] if given["blame"] in blame.BLAMES else ""
    given["who"] = given["who"] if given["who"] in presentation.WHO_WORDS else ""
    for name in ("connection", "assigned"):
        is_word = name == "assigned" and given[name] in (ME, problems.NOBODY)
        given[name] = given[name] if is_word or paging.uuids([given[name]]) else ""
    # One without a code is no cause, and an empty one is: "no sales rep" is the same for all orders.
    found = {name: value for name, value in given.items() if value}
    return {**found, "cause": given["cause"]} if given["code"] and "cause" in values else found


def filters_of(given: Mapping[str, str]) -> problems.Filters:
    """The list that filters name."""
    assigned = given.get("assigned", "")
    person = current_person()
    own = person.id if person else None
    return problems.Filters(
        state=given.get("show", "open"),
        connection=next(iter(paging.uuids([given.get("connection", "")])), None),
        who=given.get("who", ""),
        assignee=own if assigned == ME else next(iter(paging.uuids([assigned])), assigned or None),
        code=given.get("code", ""),
        cause=given.get("cause") if "code" in given else None,
        codes=blame.codes_of(given["blame"]) if "blame" in given else None,
    )


def people_here() -> dict[UUID, str]:
    """Who can see to a problem: whoever is signed in, first, and those of the company."""
    person = current_person()
    own = {person.id: f"{person.name}{MYSELF}"} if person else {}
    others = members.names(db.session(), here().id)
    return {**own, **{one: name for one, name in others.items() if one not in own}}


def _matter(row: problems.Cause) -> remedies.Matter:
    return remedies.Matter(row.code, row.cause, row.connection_id, row.evidence)


def _one_cause(causes: problems.Causes | None, filters: problems.Filters) -> dict[str, Any] | None:
    """The one cause that the list is narrowed to, and how it is fixed for all that it holds up."""
    if causes is None or filters.cause is None or len(causes.rows) != 1:
        return None
    row = causes.rows[0]
    alias, waiting = remedies.alias_of(_matter(row)), 0
    if alias is not None and row.connection_id is not None:
        connection = working.connection(row.connection_id)
        waiting = awaiting.concerned(db.session(), connection, [alias.left, alias.right])
    return {"row": row, "remedy": remedies.remedy_of(_matter(row)), "alias": alias, "waiting": waiting}


def _chips(
    given: Mapping[str, str], names: Mapping[UUID, str], people: Mapping[UUID, str], title: str
) -> list[tuple[str, str, str]]:
    """Each filter that is on: what it is, its value in words, and the address without it."""
    named = {str(one): name for one, name in {**names, **people}.items()}
    words = {
        "connection": ("Connection", named.get(given.get("connection", ""), "unknown")),
        "blame": ("What failed", presentation.BLAME_WORDS.get(given.get("blame", ""), ("", ""))[0]),
        "who": ("Who can do it", presentation.WHO_WORDS.get(given.get("who", ""), "")),
        "assigned": ("Given to", {ME: "me", problems.NOBODY: "nobody"}.get(given.get("assigned", ""), "")),
        "code": ("Cause", title or given.get("code", "").replace("_", " ")),
    }
    chips = []
    for name, (label, value) in words.items():
        if name in given:
            gone = (name, "cause") if name == "code" else (name,)
            left: dict[str, Any] = {key: one for key, one in given.items() if key not in gone}
            shown = value or named.get(given[name], "somebody else")
            chips.append((label, shown, url_for("problems.index", **left)))
    return chips


def _older(last: Problem, given: Mapping[str, str]) -> str:
    kept: dict[str, Any] = dict(given)
    at = last.closed_at if last.closed_at is not None else last.opened_at
    return url_for(".index", **kept, after=paging.cursor(at, last.id))
