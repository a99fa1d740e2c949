"""Problems and the links that they are about (I9)."""

from __future__ import annotations

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from portal.models import Link, Problem
from portal.sync.checker.place import Place, called, has_open_problem
from portal.sync.checker.report import CounterExample, Seen, seen

# Decisions that end a matter: a problem beside one of them would be about nothing.
_AT_REST = ("settled", "skipped")
_MOST = 10_000


def problems_speak(session: Session, place: Place) -> Seen:
    """I9: a problem says what is wrong, what to do and who; stuck links have one, and links at rest none."""
    wrong = [
        *_mute(session, place),
        *_twice(session, place),
        *_stuck_without(session, place),
        *_at_rest_with(session, place),
    ]
    problems = session.scalar(select(func.count()).select_from(Problem)) or 0
    stuck = session.scalar(select(func.count()).select_from(Link).where(Link.state == "stuck")) or 0
    return seen(problems + stuck, wrong)


def _mute(session: Session, place: Place) -> list[CounterExample]:
    """Problems that leave out what every problem says, and closed ones that do not say why."""
    is_open = Problem.closed_at.is_(None)
    silent = or_(*(func.trim(text) == "" for text in (Problem.title, Problem.next_step, Problem.who)))
    why = func.trim(func.coalesce(Problem.closed_because, "")) == ""
    rows = session.scalars(
        select(Problem).where(or_(and_(is_open, silent), and_(not_(is_open), why))).limit(_MOST)
    )
    return [
        CounterExample(
            f"problem {row.code} {row.id}",
            "it is closed and does not say why"
            if row.closed_at
            else "it lacks a title, a next step or who takes it",
            _page(place, row),
        )
        for row in rows
    ]


def _page(place: Place, problem: Problem) -> str:
    return place.order(problem.link_id) if problem.link_id else place.page("problems")


def _twice(session: Session, place: Place) -> list[CounterExample]:
    rows = session.execute(
        select(Problem.subject_id, Problem.code, Problem.cause, func.count().label("times"))
        .where(Problem.closed_at.is_(None))
        .group_by(Problem.subject_id, Problem.code, Problem.cause)
        .having(func.count() > 1)
        .limit(_MOST)
    )
    return [
        CounterExample(
            f"problem {row.code} {row.cause}".rstrip(),
            f"open {row.times} times for {row.subject_id}",
            place.page("problems"),
        )
        for row in rows
    ]


def _stuck_without(session: Session, place: Place) -> list[CounterExample]:
    rows = session.scalars(select(Link).where(Link.state == "stuck", not_(has_open_problem())).limit(_MOST))
    return [
        CounterExample(called(link), "it is stuck and no open problem says why", place.link(link))
        for link in rows
    ]


def _at_rest_with(session: Session, place: Place) -> list[CounterExample]:
    rows = session.execute(
        select(Link, Problem.code)
        .join(Problem, Problem.link_id == Link.id)
        .where(Problem.closed_at.is_(None), Problem.subject_id == Link.id, Link.state.in_(_AT_REST))
        .limit(_MOST)
    )
    return [
        CounterExample(
            called(link),
            f"it is {link.state}, and its problem {code} is still open",
            place.link(link),
        )
        for link, code in rows
    ]
