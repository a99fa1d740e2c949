"""Problems for pages: by cause, one by one, and what people did about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Uuid, any_, bindparam, cast, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, load_only

from portal.models import Link, Problem, ProblemAct, ProblemChoice
from portal.queries import bounded

STATES = ("open", "ignored", "closed")
NOBODY = "nobody"
# Causes are counted among the newest so many problems of a list.
MOST_GROUPED = bounded.FEW
# To put a question together takes longer than its answer: those of so many lists are kept.
_KEPT = 200
_TENANT_ID: ColumnElement[UUID] = bindparam("tenant_id")
# Problems on a page: each says what to do, so that twice as many are read by nobody and cost twice the time.
SHOWN = 25
_OPEN = (Problem.closed_at.is_(None), Problem.ignored_until.is_(None))
_IN_STATE: dict[str, tuple[ColumnElement[bool], ...]] = {
    "open": _OPEN,
    "ignored": (Problem.closed_at.is_(None), Problem.ignored_until.is_not(None)),
    "closed": (Problem.closed_at.is_not(None),),
}
# What a row of the list shows.
_LISTED = load_only(
    Problem.connection_id,
    Problem.link_id,
    Problem.code,
    Problem.cause,
    Problem.title,
    Problem.text,
    Problem.next_step,
    Problem.who,
    Problem.opened_at,
    Problem.last_seen_at,
    Problem.times_seen,
    Problem.closed_at,
    Problem.closed_because,
    Problem.ignored_until,
    Problem.ignored_because,
    Problem.assignee_name,
    raiseload=True,
)


@dataclass(frozen=True)
class Filters:
    """What the list shows; empty means everything of its state. `codes` are those of one blame."""

    state: str = "open"
    connection: UUID | None = None
    who: str = ""
    # Somebody's id, or `NOBODY`.
    assignee: UUID | str | None = None
    code: str = ""
    cause: str | None = None
    codes: tuple[str, ...] | None = None

    def conditions(self, tenant_id: UUID | ColumnElement[UUID]) -> list[ColumnElement[bool]]:
        """What a problem must be to be shown."""
        found = [Problem.tenant_id == tenant_id, *_IN_STATE[self.state]]
        if self.connection:
            found.append(Problem.connection_id == self.connection)
        if self.who:
            found.append(Problem.who == self.who)
        if isinstance(self.assignee, UUID):
            found.append(Problem.assignee_id == self.assignee)
        elif self.assignee == NOBODY:
            found.append(Problem.assignee_id.is_(None))
        if self.code:
            found.append(Problem.code == self.code)
        if self.cause is not None:
            found.append(Problem.cause == self.cause)
        if self.codes is not None:
            found.append(Problem.code.in_(self.codes))
        return found


@dataclass(frozen=True)
class Cause:
    """One cause on one connection that holds up some things."""

    code: str
    cause: str
    connection_id: UUID | None
    title: str
    next_step: str
    who: str
    number: int
    # Things that can be looked at again, and those of them that are orders, with what they come to.
    links: int
    orders: int
    money: Decimal | None
    oldest: datetime
    # Of one of them.
    evidence: dict[str, Any]


@dataclass(frozen=True)
class Causes:
    """The causes of a list that hold up most; not `whole` where there were more problems than are counted."""

    rows: Sequence[Cause]
    whole: bool
    # How many there are in all.
    number: int


def count(session: Session, tenant_id: UUID, filters: Filters, most: int = bounded.MOST) -> int:
    """Count the problems of a list, to a bound (queries/bounded.py)."""
    return bounded.count(session, of_list(filters, tenant_id), most)


def of_list(filters: Filters, tenant_id: UUID | ColumnElement[UUID]) -> Select[UUID]:
    """Select the ids of a list's problems, in the order of an index, which is shorter than the rows."""
    return select(Problem.id).where(*filters.conditions(tenant_id)).order_by(*_newest_first(filters))


def by_cause(session: Session, tenant_id: UUID, filters: Filters, *, size: int = 15) -> Causes:
    """Group the problems of a list by cause, the one that holds up most first."""
    rows = session.execute(_by_cause(filters, size), {"tenant_id": tenant_id}).mappings().all()
    names = [one.name for one in fields(Cause)]
    causes = [Cause(**{name: row[name] for name in names}) for row in rows]
    if not rows:
        return Causes([], whole=True, number=0)
    return Causes(causes, whole=rows[0]["seen"] <= MOST_GROUPED, number=rows[0]["causes"])


@lru_cache(maxsize=_KEPT)
def _by_cause(filters: Filters, size: int) -> Select[*tuple[Any, ...]]:
    narrow = select(
        Problem.code, Problem.cause, Problem.connection_id, Problem.link_id, Problem.held, Problem.opened_at
    ).where(*filters.conditions(_TENANT_ID))
    some = narrow.order_by(*_newest_first(filters)).limit(MOST_GROUPED + 1).subquery()
    number, oldest = func.count(), func.min(some.c.opened_at)
    grouped = (
        select(
            some.c.code,
            some.c.cause,
            some.c.connection_id,
            number.label("number"),
            # A thing has a cause once: there is no need to count them apart, which costs a sort.
            func.count(some.c.link_id).label("links"),
            func.count(some.c.held).label("orders"),
            func.sum(some.c.held).label("money"),
            oldest.label("oldest"),
            func.sum(number).over().label("seen"),
            func.count().over().label("causes"),
        )
        .group_by(some.c.code, some.c.cause, some.c.connection_id)
        .order_by(number.desc(), oldest)
        .limit(size)
        .subquery()
    )
    # Words of one of them: they are long, and only those that are shown are read.
    said = (
        select(Problem.title, Problem.next_step, Problem.who, Problem.evidence)
        .where(
            *filters.conditions(_TENANT_ID),
            Problem.code == grouped.c.code,
            Problem.cause == grouped.c.cause,
            Problem.connection_id.is_not_distinct_from(grouped.c.connection_id),
        )
        .order_by(Problem.opened_at.desc())
        .limit(1)
        .lateral()
    )
    return select(grouped, said).join(said, true()).order_by(grouped.c.number.desc(), grouped.c.oldest)


def page(
    session: Session,
    tenant_id: UUID,
    filters: Filters,
    *,
    after: tuple[datetime, UUID] | None = None,
    size: int = SHOWN,
) -> tuple[Sequence[Problem], bool]:
    """Read one page of problems, newest first, and whether there is more."""
    query = _page(filters)
    if after is not None:
        query = query.where(tuple_(_sorted_by(filters), Problem.id) < after)
    rows = session.scalars(query, {"tenant_id": tenant_id, "size": size + 1}).all()
    return rows[:size], len(rows) > size


@lru_cache(maxsize=_KEPT)
def _page(filters: Filters) -> Select[Problem]:
    shown = _shown().options(_LISTED).where(*filters.conditions(_TENANT_ID))
    return shown.order_by(*_newest_first(filters)).limit(bindparam("size"))


def _sorted_by(filters: Filters) -> InstrumentedAttribute[Any]:
    return Problem.closed_at if filters.state == "closed" else Problem.opened_at


def _newest_first(filters: Filters) -> tuple[ColumnElement[Any], ...]:
    return _sorted_by(filters).desc(), Problem.id.desc()


def _shown() -> Select[Problem]:
    """Problems with what a row of them shows."""
    return select(Problem).options(joinedload(Problem.link).load_only(Link.label, Link.foreign_id, Link.kind))


def one(session: Session, tenant_id: UUID, problem_id: UUID) -> Problem | None:
    """Read one problem with its link."""
    return session.scalar(_shown().where(Problem.tenant_id == tenant_id, Problem.id == problem_id))


def acts(session: Session, tenant_id: UUID, problem_id: UUID, *, size: int = 200) -> Sequence[ProblemAct]:
    """Read what people did about a problem, the last first."""
    query = (
        select(ProblemAct)
        .where(ProblemAct.tenant_id == tenant_id, ProblemAct.problem_id == problem_id)
        .order_by(ProblemAct.at.desc(), ProblemAct.id.desc())
        .limit(size)
    )
    return session.scalars(query).all()


def choosable(
    session: Session, tenant_id: UUID, filters: Filters, ids: Collection[UUID] | None, *, size: int
) -> Sequence[Row[UUID, int]]:
    """Read which problems an act may be chosen for, oldest first, each with its revision.

    Args:
        session: a session inside the tenant.
        tenant_id: whose.
        filters: the list that they are chosen from.
        ids: those that were ticked; None for all of the list.
        size: as many at the most.
    """
    query = select(Problem.id, Problem.revision).where(*filters.conditions(tenant_id))
    if ids is not None:
        query = query.where(_among(ids))
    return session.execute(query.order_by(_sorted_by(filters), Problem.id).limit(size)).all()


def matching(session: Session, tenant_id: UUID, filters: Filters) -> int:
    """Count the problems of a list, all of them."""
    return session.scalar(select(func.count()).where(*filters.conditions(tenant_id))) or 0


def choice(session: Session, tenant_id: UUID, choice_id: UUID) -> ProblemChoice | None:
    """Read what was chosen for an act."""
    query = select(ProblemChoice).where(ProblemChoice.tenant_id == tenant_id, ProblemChoice.id == choice_id)
    return session.scalar(query)


@dataclass(frozen=True)
class Chosen:
    """What becomes of chosen problems: how many are open now, in which things, and what they come to."""

    number: int
    open: int
    links: int
    money: Decimal | None
    rows: Sequence[Problem]


def chosen(session: Session, tenant_id: UUID, ids: Collection[UUID], *, size: int = 25) -> Chosen:
    """Read how chosen problems stand now, and the oldest of them."""
    mine = (Problem.tenant_id == tenant_id, _among(ids))
    is_open = Problem.closed_at.is_(None)
    number, still, links, money = session.execute(
        select(
            func.count(),
            func.count().filter(is_open),
            func.count(Problem.link_id.distinct()),
            func.sum(Problem.held),
        ).where(*mine)
    ).one()
    rows = session.scalars(_shown().where(*mine).order_by(Problem.opened_at, Problem.id).limit(size)).all()
    return Chosen(number, still, links, money, rows)


def _among(ids: Collection[UUID]) -> ColumnElement[bool]:
    return Problem.id == any_(cast(list(ids), ARRAY(Uuid)))
