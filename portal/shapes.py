"""Shapes: how orders, problems, runs and connections are told to programs, by the API and by commands.

They are also what the API's description is made of. Text that people or platforms wrote goes through `Words`,
which hides personal data by its look; numbers and ids are told as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from portal import models
from portal.live.order import OrderView
from portal.queries.orders import Row
from portal.sync.personal import hide, hide_change

Words = Annotated[str, AfterValidator(hide)]
Place = Literal["in_flourish", "waiting", "skipped", "stuck"]
State = Literal["new", "waiting", "settled", "skipped", "stuck"]


class Shape(BaseModel):
    """What all of them share."""

    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


Picked = TypeVar("Picked", bound=Shape)


class Problem(Shape):
    """What a person must decide or fix."""

    id: UUID
    code: str
    """What kind of problem it is; the codes are in the guide to the platform."""
    cause: Words
    """What sets it apart from others of its code, such as a SKU."""
    title: Words
    text: Words
    next_step: Words
    who: str
    """Who can do it: tenant, support or operator."""
    connection_id: UUID | None
    link_id: UUID | None
    """The order or product that it holds up."""
    opened_at: datetime
    last_seen_at: datetime
    times_seen: int
    ignored_until: datetime | None
    closed_at: datetime | None
    closed_because: Words | None


class OrderSummary(Shape):
    """One order, as lists tell it."""

    id: UUID
    number: str
    """As its platform calls it."""
    platform: str
    connection_id: UUID
    placed_at: datetime
    first_seen_at: datetime
    place: Place
    """Where it is; each order is in exactly one place."""
    state: State
    state_since: datetime
    decision_code: str | None
    decision: Words | None
    """Why it is where it is."""
    next_step: Words | None
    platform_status: str | None
    flourish_id: str | None
    flourish_status: str | None
    total: str | None
    """In dollars, as a decimal number."""


class Customer(Shape):
    """Who ordered: a licensed business."""

    name: Words | None = None
    license: Words | None = None


class Line(Shape):
    """One line of an order. Amounts are decimal numbers, in dollars, and in single units of the item."""

    sku: str | None = None
    name: Words | None = None
    eaches: str | None = None
    unit_price: str | None = None
    line_total: str | None = None


class Order(OrderSummary):
    """One order, as its page shows it."""

    customer: Customer
    lines: list[Line]
    money: dict[str, str]
    looked_at: datetime | None
    looks_at: datetime | None
    """When Trellis looks again by itself."""
    late_since: datetime | None
    """Since when a look is overdue."""
    settles_at: datetime | None
    """When it is looked whether a write took effect whose answer was lost."""
    problems: list[Problem]


class Change(Shape):
    """One value that changed, or that differs between the sides."""

    what: Words
    before: Words | None
    after: Words | None


class Event(Shape):
    """One row of an order's timeline."""

    number: int = Field(validation_alias="seq")
    """They are in order; none is ever rewritten."""
    at: datetime
    side: Literal["platform", "trellis", "flourish"]
    tone: Literal["plain", "ok", "warn", "bad"]
    actor: Words
    how: Words
    """How it is known or was done, such as "webhook"."""
    title: Words
    text: Words
    changes: list[Change]


class Run(Shape):
    """One stretch of work on a connection."""

    id: UUID
    connection_id: UUID
    kind: str
    state: Literal["running", "done", "failed", "lost"]
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None
    counts: dict[str, Any]


class LogLine(Shape):
    """One line of a connection's sync log."""

    number: int
    """Within the connection; a run's lines may leave some out."""
    at: datetime
    level: Literal["info", "done", "wait", "stuck", "bug"]
    entity: Words
    text: Words
    run_id: UUID | None
    link_id: UUID | None


class Connection(Shape):
    """One account on a sales platform."""

    id: UUID
    name: str
    platform: str
    state: Literal["draft", "checking", "ready", "live", "paused", "needs_credentials", "disconnected"]
    company: str | None = Field(validation_alias="company_name")
    """As the platform calls it."""
    live_since: datetime | None
    paused_at: datetime | None
    last_delivery_at: datetime | None
    """When a webhook last came in."""
    refused_deliveries: int


def order_summary(row: Row) -> OrderSummary:
    """Tell an order as lists do."""
    return OrderSummary(**_summary(row.link, row.total))


def order(view: OrderView) -> Order:
    """Tell an order as its page does."""
    snapshot, verdict = view.link.snapshot, view.verdict
    return Order(
        **_summary(view.link, snapshot.get("total")),
        customer=_pick(Customer, snapshot.get("customer") or {}),
        lines=[_pick(Line, line) for line in view.lines],
        money={
            name: str(value) for name, value in (snapshot.get("money") or {}).items() if value is not None
        },
        looked_at=view.link.looked_at,
        looks_at=verdict.looks_at,
        late_since=verdict.late_since,
        settles_at=verdict.settles_at,
        problems=[Problem.model_validate(row) for row in view.problems],
    )


def event(row: models.TimelineEvent) -> Event:
    """Tell one row of a timeline, without what was sent and answered."""
    changes = [_change(*change) for change in row.detail.get("changes") or () if len(change) == 3]
    return Event.model_validate({**_columns(row), "changes": changes})


def _summary(link: models.Link, total: str | None) -> dict[str, Any]:
    return {
        "id": link.id,
        "number": link.label or link.foreign_id,
        "platform": link.connection.platform,
        "connection_id": link.connection_id,
        "placed_at": link.placed_at,
        "first_seen_at": link.created_at,
        "place": link.place,
        "state": link.state,
        "state_since": link.state_since,
        "decision_code": link.decision_code,
        "decision": link.decision_text,
        "next_step": link.next_step,
        "platform_status": link.foreign_status,
        "flourish_id": link.flourish_id,
        "flourish_status": link.flourish_status,
        "total": total,
    }


def _change(what: Any, before: Any, after: Any) -> Change:
    name = str(what)
    return Change(what=name, before=_value(name, before), after=_value(name, after))


def _value(name: str, value: Any) -> str | None:
    shown = hide_change(name, value)
    return None if shown is None else str(shown)


def _columns(row: models.TimelineEvent) -> dict[str, Any]:
    names: Sequence[str] = ("seq", "at", "side", "tone", "actor", "how", "title", "text")
    return {name: getattr(row, name) for name in names}


def _pick(shape: type[Picked], values: Any) -> Picked:
    """Take from a stored object what the shape tells, as text."""
    known = {name: values.get(name) for name in shape.model_fields}
    return shape(**{name: None if value is None else str(value) for name, value in known.items()})
