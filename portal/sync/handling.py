"""Handling problems: who sees to one, notes, ignoring one until a day is over, and having it retried (MO-4).

Each act is claimed first. It names the problems as they were shown, each with its revision: one that somebody
else acted on since, or that closed, is left as it is, and whoever was overtaken is told by whom and when. The
same form sent twice is one act.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.models import Link, Problem, ProblemAct, ProblemChoice, utc_now
from portal.sync import audit, journal
from portal.sync.engine import marks
from portal.sync.engine.desk import Desk

# As many as are taken at once.
MOST_AT_ONCE = 5_000
LONGEST_IGNORED = timedelta(days=366)
LONGEST_TEXT = 2_000
_SHORTEST_REASON = 5
# Of those that were not touched, so many are named.
_NAMED = 50

Shown = Mapping[UUID, int]


class CannotHandle(ValueError):
    """Nothing was done; `field` is the one that is wrong, and the message says how."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Act(ABC):
    """What somebody does about problems, and what they wrote with it."""

    text: str = ""
    kind: ClassVar[str]
    # Of the audit.
    action: ClassVar[str]
    # Once somebody else acted on a problem, it may not be what is meant any more.
    may_be_overtaken: ClassVar[bool] = True

    @property
    @abstractmethod
    def did(self) -> str:
        """What it was, in words, behind the name of who did it."""

    @abstractmethod
    def refuse(self, problem: Problem) -> str:
        """Why it cannot be done for this problem; empty where it can."""

    def change(self, problem: Problem) -> None:  # noqa: B027 - most acts only leave their row
        """Do it to a locked problem."""


@dataclass(frozen=True, kw_only=True)
class Assign(Act):
    """Say who sees to it; nobody where there is no id."""

    to_id: UUID | None = None
    to_name: str = ""
    kind = "assign"
    action = "problem.assigned"

    @property
    def did(self) -> str:
        """See `Act`."""
        return f"gave it to {self.to_name}" if self.to_id else "gave it to nobody"

    def refuse(self, problem: Problem) -> str:
        """See `Act`."""
        if problem.assignee_id != self.to_id:
            return ""
        return f"{self.to_name} has it already" if self.to_id else "nobody has it"

    def change(self, problem: Problem) -> None:
        """See `Act`."""
        problem.assignee_id = self.to_id
        problem.assignee_name = self.to_name if self.to_id else None


@dataclass(frozen=True, kw_only=True)
class Note(Act):
    """Write something down, for whoever looks next. Two may write at the same time, and neither is lost."""

    kind = "note"
    action = "problem.noted"
    may_be_overtaken = False
    did = "wrote"

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise CannotHandle("text", "Write something.")
        if len(self.text) > LONGEST_TEXT:
            raise CannotHandle("text", f"Write at most {LONGEST_TEXT:,} characters.")

    def refuse(self, problem: Problem) -> str:
        """See `Act`: of a closed one, too, something may be said."""
        del problem
        return ""


@dataclass(frozen=True, kw_only=True)
class Ignore(Act):
    """Leave it alone until a moment; it comes back then, or when it gets worse."""

    until: datetime
    # The same in words.
    day: str
    kind = "ignore"
    action = "problem.ignored"

    def __post_init__(self) -> None:
        if not _SHORTEST_REASON <= len(self.text.strip()) <= LONGEST_TEXT:
            message = f"Give a reason of {_SHORTEST_REASON} to {LONGEST_TEXT:,} characters: others read it."
            raise CannotHandle("text", message)
        if self.until <= utc_now():
            raise CannotHandle("until", "Choose a day that is not over yet.")
        if self.until > utc_now() + LONGEST_IGNORED:
            raise CannotHandle("until", "Choose a day within a year.")

    @property
    def did(self) -> str:
        """See `Act`."""
        return f"ignored it until the end of {self.day}"

    def refuse(self, problem: Problem) -> str:
        """See `Act`."""
        return "it is closed" if problem.closed_at else ""

    def change(self, problem: Problem) -> None:
        """See `Act`."""
        problem.ignored_until, problem.ignored_because = self.until, self.text.strip()


@dataclass(frozen=True, kw_only=True)
class Reopen(Act):
    """Ignore it no longer."""

    kind = "reopen"
    action = "problem.reopened"
    did = "took it up again"

    def refuse(self, problem: Problem) -> str:
        """See `Act`."""
        return "" if problem.state == "ignored" else "it is not ignored"

    def change(self, problem: Problem) -> None:
        """See `Act`."""
        problem.ignored_until = problem.ignored_because = None


@dataclass(frozen=True, kw_only=True)
class Retry(Act):
    """Have its order or product looked at again, now: it is marked with all others."""

    kind = "retry"
    action = "problem.retried"
    did = "had it looked at again"

    def refuse(self, problem: Problem) -> str:
        """See `Act`."""
        if problem.closed_at:
            return "it is closed"
        return "" if problem.link_id else "it is about no order or product: it closes when its cause is gone"


@dataclass(frozen=True)
class Passed:
    """A problem that was not touched, and why."""

    title: str
    why: str


@dataclass(frozen=True)
class Handled:
    """What came of an act: which problems it touched, and which not; how many things are looked at again."""

    done: Sequence[Problem]
    passed: Sequence[Passed]
    links: int = 0


def handle(
    session: Session,
    keys: Mapping[str, bytes],
    tenant_id: UUID,
    act: Act,
    shown: Shown,
    form_id: UUID,
    *,
    actor: audit.Actor,
) -> Handled:
    """Do something about problems, each as it was shown.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        tenant_id: whose problems.
        act: what is done.
        shown: the problems with the revision that was shown of each; no other one is touched.
        form_id: of the form that was filled in: sent twice, it is one act.
        actor: who does it.
    """
    links = _lock_links(session, tenant_id, shown) if isinstance(act, Retry) else ()
    mine = Problem.tenant_id == tenant_id
    query = select(Problem).where(mine, _among(shown)).order_by(Problem.id)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    last = _last_acts(session, shown, form_id)
    done, passed = [], []
    for problem in found:
        why = _why_not(act, problem, shown[problem.id], form_id, last.get(problem.id))
        if why:
            passed.append(Passed(problem.title, why))
        else:
            done.append(problem)
    for problem in done:
        act.change(problem)
        problem.revision += act.may_be_overtaken
        session.add(_row(problem, act, form_id, actor))
    looked_at = {one.link_id for one in done if one.link_id} & set(links)
    if isinstance(act, Retry):
        marks.look_again_all(session, looked_at, actor=actor)
    if done:
        _record(session, keys, tenant_id, act, done, actor)
    return Handled(done, passed, len(looked_at))


def carry_out(
    session: Session, keys: Mapping[str, bytes], choice: ProblemChoice, act: Act, *, actor: audit.Actor
) -> Handled | None:
    """Do to chosen problems what they were chosen for, once.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        choice: the problems, as they were shown.
        act: what is done.
        actor: who does it.

    Returns:
        What came of it; None when somebody has done it already: the choice says who, and when.
    """
    session.refresh(choice, with_for_update=True)
    if choice.done_at is not None:
        return None
    shown = {UUID(problem_id): revision for problem_id, revision in choice.shown}
    handled = handle(session, keys, choice.tenant_id, act, shown, choice.id, actor=actor)
    choice.done_at, choice.done_by, choice.done = utc_now(), actor.name, len(handled.done)
    choice.passed = [[one.title, one.why] for one in handled.passed[:_NAMED]]
    return handled


def wake(desk: Desk) -> int:
    """Have problems come back whose time of being ignored is over, in every company; return how many."""
    over = Problem.ignored_until <= func.now()
    is_open = Problem.closed_at.is_(None)
    with desk.sessions.system() as session:
        rows = session.execute(select(Problem.id, Problem.tenant_id).where(over, is_open).limit(MOST_AT_ONCE))
        due: dict[UUID, list[UUID]] = defaultdict(list)
        for problem_id, tenant_id in rows:
            due[tenant_id].append(problem_id)
    for tenant_id, ids in due.items():
        with desk.tenant(tenant_id) as session:
            query = select(Problem).where(_among(ids), over, is_open).order_by(Problem.id)
            for problem in session.scalars(query.with_for_update()):
                journal.come_back(session, problem, "The day until which it was ignored is over.")
    return sum(map(len, due.values()))


def _among(ids: Iterable[UUID], column: InstrumentedAttribute[UUID] = Problem.id) -> ColumnElement[bool]:
    """Whether a column has one of these ids: as one array, as a statement takes 65,535 values at most."""
    return column == any_(cast(list(ids), ARRAY(Uuid)))


def _lock_links(session: Session, tenant_id: UUID, shown: Shown) -> Sequence[UUID]:
    """Lock the links of problems before the problems, as the engine does."""
    of_shown = select(Problem.link_id).where(Problem.tenant_id == tenant_id, _among(shown))
    query = select(Link.id).where(Link.id.in_(of_shown)).order_by(Link.id).with_for_update(key_share=True)
    return session.scalars(query).all()


def _last_acts(session: Session, shown: Shown, form_id: UUID) -> Mapping[UUID, ProblemAct]:
    """Of each problem what this very form did to it, else the last act that may have overtaken it."""
    same = ProblemAct.form_id == form_id
    query = (
        select(ProblemAct)
        .where(_among(shown, ProblemAct.problem_id), or_(same, ProblemAct.kind != "note"))
        .ext(distinct_on(ProblemAct.problem_id))
        .order_by(ProblemAct.problem_id, same.desc(), ProblemAct.at.desc())
    )
    return {row.problem_id: row for row in session.scalars(query)}


def _why_not(act: Act, problem: Problem, revision: int, form_id: UUID, last: ProblemAct | None) -> str:
    """Why an act is not done to a problem; empty where it is."""
    if last is not None and last.form_id == form_id:
        return f"it was done already: {_told(last)}"
    if refusal := act.refuse(problem):
        return f"{refusal} ({problem.closed_because})" if problem.closed_at else refusal
    if act.may_be_overtaken and problem.revision != revision:
        return _told(last) if last else "it changed meanwhile"
    return ""


def _told(row: ProblemAct) -> str:
    return f"{row.actor} {row.did} at {row.at:%H:%M:%S} UTC"


def _row(problem: Problem, act: Act, form_id: UUID, actor: audit.Actor) -> ProblemAct:
    return ProblemAct(
        tenant_id=problem.tenant_id,
        problem_id=problem.id,
        form_id=form_id,
        kind=act.kind,
        actor=actor.name,
        did=act.did,
        text=act.text.strip(),
    )


def _record(
    session: Session,
    keys: Mapping[str, bytes],
    tenant_id: UUID,
    act: Act,
    done: Sequence[Problem],
    actor: audit.Actor,
) -> None:
    """One act is one row of the audit, whatever number of problems it is for."""
    first = done[0]
    subject = audit.Subject("problem", str(first.id), first.title)
    causes = sorted({f"{one.code} {one.cause}".strip() for one in done})
    detail: dict[str, Any] = {"problems": len(done), "causes": causes[:_NAMED]}
    detail |= {"to": act.to_name} if isinstance(act, Assign) else {}
    detail |= {"text": act.text.strip()[:300]} if act.text.strip() else {}
    audit.record(session, keys, tenant_id, act.action, actor=actor, subject=subject, detail=detail)
