"""Handling problems: one of them at once; several after a page that says what will be touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import paging, working
from portal.blueprints import problems as pages
from portal.extensions import db
from portal.forms.handling import HandlingForm
from portal.models import PROBLEM_ACTS, ProblemChoice, new_id
from portal.queries import problems
from portal.sync import handling
from portal.sync.handling import MOST_AT_ONCE, CannotHandle, Handled

blueprint = Blueprint("handling", __name__, url_prefix="/t/<slug>/problems")

# What an act did to a number of problems.
_DONE = {
    "assign": "Assigned",
    "note": "Noted on",
    "ignore": "Ignored",
    "reopen": "Taken up again",
    "retry": "Looked at again for",
}


@blueprint.post("/<uuid:problem_id>/handle")
@tenant("problems.handle")
def handle(problem_id: UUID) -> Any:
    """Do something about one problem, as it was shown."""
    session, tenant_here = db.session(), here()
    problem = problems.one(session, tenant_here.id, problem_id) or abort(404)
    working.limit("handle-problem", times=1000)
    form, kind = HandlingForm(), request.form.get("act", "")
    try:
        act = form.act(kind, pages.people_here(), tenant_here.zone)
    except CannotHandle as refusal:
        form[refusal.field].errors = [str(refusal)]
        return pages.page(problem, form, kind), 422
    shown = {problem_id: _integer("revision")}
    handled = handling.handle(
        session, working.keys(), tenant_here.id, act, shown, _form_id(), actor=working.actor()
    )
    working.commit()
    working.ring()
    flash(_said(act.kind, handled))
    return redirect(url_for("problems.show", problem_id=problem_id), 303)


@blueprint.post("/choose")
@tenant("problems.handle")
def choose() -> Any:
    """Take down what was ticked, or all of a list, as it is now; nothing is done to it yet."""
    session, tenant_here = db.session(), here()
    given, act = pages.wanted(request.form), request.form.get("act", "")
    query = urlencode(given)
    filters = pages.filters_of(given)
    ids = None if "all" in request.form else paging.uuids(request.form.getlist("problem")[:MOST_AT_ONCE])
    working.limit("choose-problems", times=200)
    rows = problems.choosable(session, tenant_here.id, filters, ids, size=MOST_AT_ONCE)
    if act not in PROBLEM_ACTS or not rows:
        flash("Nothing was changed: tick problems first, and choose what is to be done.")
        return redirect(url_for("problems.index", **_kept(query)), 303)
    choice = ProblemChoice(
        id=new_id(),
        tenant_id=tenant_here.id,
        act=act,
        made_by=working.actor().name,
        shown=[[str(problem_id), revision] for problem_id, revision in rows],
        matched=problems.matching(session, tenant_here.id, filters) if ids is None else len(rows),
        query=query,
    )
    session.add(choice)
    working.commit()
    return redirect(url_for(".choice", choice_id=choice.id), 303)


@blueprint.get("/choices/<uuid:choice_id>")
@tenant("problems.handle")
def choice(choice_id: UUID) -> Any:
    """Show exactly what an act would touch; after it was done, what it touched and what not."""
    return _page(_choice(choice_id), HandlingForm())


@blueprint.post("/choices/<uuid:choice_id>")
@tenant("problems.handle")
def carry_out(choice_id: UUID) -> Any:
    """Do it to what was shown, and to nothing else, once."""
    session, tenant_here = db.session(), here()
    chosen, form = _choice(choice_id), HandlingForm()
    working.limit("handle-problems", times=200)
    try:
        act = form.act(chosen.act, pages.people_here(), tenant_here.zone)
    except CannotHandle as refusal:
        form[refusal.field].errors = [str(refusal)]
        return _page(chosen, form), 422
    handled = handling.carry_out(session, working.keys(), chosen, act, actor=working.actor())
    working.commit()
    working.ring()
    if handled is None:
        flash(f"Nothing was done now: {chosen.done_by} has done it already.")
    else:
        flash(_said(act.kind, handled))
    return redirect(url_for(".choice", choice_id=choice_id), 303)


def _page(chosen: ProblemChoice, form: HandlingForm) -> str:
    people = {str(one): name for one, name in pages.people_here().items()}
    ids = [UUID(problem_id) for problem_id, _ in chosen.shown]
    return render_template(
        "problems/choice.html",
        choice=chosen,
        form=form.offer(people, here().zone),
        now_chosen=problems.chosen(db.session(), here().id, ids),
        kept=_kept(chosen.query),
    )


def _choice(choice_id: UUID) -> ProblemChoice:
    return problems.choice(db.session(), here().id, choice_id) or abort(404)


def _kept(query: str) -> dict[str, Any]:
    """The filters of the list that an act began on; what is none is left out."""
    named = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    return dict(pages.wanted(named))


def _integer(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _form_id() -> UUID:
    """Of the form that was sent; one of no form is an act of its own."""
    return next(iter(paging.uuids([request.form.get("form_id", "")])), None) or new_id()


def _said(kind: str, handled: Handled) -> str:
    """What was done, to how many, and why some were left."""
    done, passed = len(handled.done), handled.passed
    said = f"{_DONE[kind]}: {_problems(done)}." if done else "Nothing was changed."
    if kind == "retry" and done:
        said += " Each closes by itself when its cause is gone."
    return f"{said} {_left(passed, done)}".strip()


def _left(passed: Sequence[handling.Passed], done: int) -> str:
    if not passed:
        return "" if done else "It is not there any more."
    why = passed[0].why
    if len(passed) == 1:
        return (
            f"{'One was left as it is: ' if done else ''}{why[0].upper() if not done else why[0]}{why[1:]}."
        )
    return f"{_problems(len(passed))} were left as they are; the first: {why}."


def _problems(number: int) -> str:
    return "1 problem" if number == 1 else f"{number:,} problems"
