"""Places: whose rows are looked at, what makes a link busy, and which page shows a thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, func, not_, or_, tuple_
from sqlalchemy.orm import aliased

from portal.models import Connection, Hub, Link, Operation, Problem

# What is due may lie for so long: a sweep, a ring and a free worker.
GRACE = timedelta(minutes=2)


@dataclass(frozen=True)
class Place:
    """One tenant, as addresses name it."""

    tenant_id: UUID
    slug: str
    # How long a write stays unclear where a connection does not say otherwise.
    settle_seconds: float

    def named(self, kind: str, link_id: UUID) -> str:
        """The page of what a link of this kind joins."""
        return self.product(link_id) if kind == "item" else self.order(link_id)

    def link(self, link: Link) -> str:
        """The page of what a link joins."""
        return self.named(link.kind, link.id)

    def order(self, link_id: UUID) -> str:
        """The page of an order."""
        return f"/t/{self.slug}/orders/{link_id}"

    def product(self, link_id: UUID) -> str:
        """The page of an item and its product."""
        return f"/t/{self.slug}/products/{link_id}"

    def connection(self, connection_id: UUID) -> str:
        """The page of a connection."""
        return f"/t/{self.slug}/connections/{connection_id}"

    def run(self, run_id: UUID) -> str:
        """The page of a run."""
        return f"/t/{self.slug}/runs/{run_id}"

    def page(self, name: str) -> str:
        """A list: connections, problems."""
        return f"/t/{self.slug}/{name}"


def called(link: Link) -> str:
    """What people call a link."""
    return f"{link.kind} {link.label or link.foreign_id}"


def has_open_problem() -> ColumnElement[bool]:
    """Whether a person has been told about a link: by a problem of its own, or one that counts it."""
    counted = and_(
        Problem.subject_id == Link.connection_id,
        Problem.code == "many_items",
        Problem.cause == Link.decision_code,
        Link.kind == "item",
    )
    told = or_(Problem.link_id == Link.id, counted)
    return exists().where(told, Problem.closed_at.is_(None)).correlate(Link)


def has_open_operation() -> ColumnElement[bool]:
    """Whether a write of a link has no outcome yet."""
    return (
        exists()
        .where(Operation.link_id == Link.id, Operation.status.in_(("intent", "unknown")))
        .correlate(Link)
    )


def is_busy() -> ColumnElement[bool]:
    """Whether a link will be looked at again by itself, or is being looked at."""
    return or_(Link.due_at.is_not(None), Link.lease_until > func.now())


def is_worked_on() -> ColumnElement[bool]:
    """Whether a connection's links are looked at now: joined with its hub, both on, and no breaker open."""
    return and_(
        Connection.state == "live",
        Hub.state.in_(("live", "paused")),
        or_(Connection.open_until.is_(None), Connection.open_until < func.now()),
    )


def waiting_since(due_at: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Since when something that is due could have been seen to: the account was back, its key was proven."""
    return func.greatest(due_at, Connection.open_until, Connection.proven_at, Hub.proven_at)


def waits_in_line() -> ColumnElement[bool]:
    """Whether a due link only waits for those before it, joined with its connection: links of it are taken up
    as fast as the accounts' rate lets them, the most urgent first and then the one that is due the longest,
    and none that stands behind this one is being worked on."""
    other = aliased(Link)
    behind = tuple_(other.priority, other.due_at) > tuple_(Link.priority, Link.due_at)
    same_line = and_(other.connection_id == Link.connection_id, not_(other.alone))
    overtaken = exists().where(same_line, other.lease_until > func.now(), behind).correlate(Link)
    line_moves = Connection.turn_at > func.now() - GRACE
    return and_(func.coalesce(line_moves, False), not_(Link.alone), not_(overtaken))
