"""Decisions: what the planner asks, what it decides, and what may be written. Pure data.

Questions and their answers come before a decision; a decision holds at most one action; findings are what a
person must see to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.sync.domain import Address, FacilityFacts, Json, SourceOrder


@dataclass(frozen=True)
class DestinationByLicense:
    """Answer: `tuple[Destination, ...]`, those with this normalised license."""

    license: str


@dataclass(frozen=True)
class ItemBySku:
    """Answer: `tuple[Item, ...]`, those with exactly this SKU, and those that differ from it in case,
    spaces or punctuation only when there is no exact one."""

    sku: str


@dataclass(frozen=True)
class RepByEmail:
    """Answer: `tuple[SalesRep, ...]`, those with this e-mail, whatever its case."""

    email: str


@dataclass(frozen=True)
class TermNamed:
    """Answer: `tuple[str, ...]`, the company's own payment terms equal to this one but for case."""

    name: str


@dataclass(frozen=True)
class RepEmail:
    """Asked of the platform. Answer: `str`, the e-mail of this sales rep, empty when it has none."""

    ref: str


@dataclass(frozen=True)
class LicenseType:
    """Asked of the platform. Answer: `str`, the name of this license type, empty when it is not told."""

    ref: str


FlourishQuestion = DestinationByLicense | ItemBySku | RepByEmail | TermNamed
PlatformQuestion = RepEmail | LicenseType
Question = FlourishQuestion | PlatformQuestion
Facts = Mapping[Question, Any]


@dataclass(frozen=True)
class Inquiry:
    """The planner cannot decide yet: it needs these answers."""

    questions: tuple[Question, ...]


@dataclass(frozen=True)
class DestinationDraft:
    """A destination to be made. `type` is Flourish's word, such as "Dispensary"."""

    name: str
    license: str
    type: str
    email: str
    phone: str
    address: Address


@dataclass(frozen=True)
class DraftLine:
    """One line to be written: `eaches` of an item at `unit_price` each."""

    item_id: str
    sku: str
    eaches: Decimal
    unit_price: Decimal


@dataclass(frozen=True)
class OutboundDraft:
    """An outbound order to be made. `charges` and `discounts` are in dollars; the first internal note
    names the order's link, by which it is found again."""

    facility_id: str
    original_order_id: str
    destination_id: str
    sales_rep_id: str
    placed_at: datetime
    lines: tuple[DraftLine, ...]
    charges: tuple[Decimal, ...]
    discounts: tuple[Decimal, ...]
    internal_notes: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreateDestination:
    """Make a destination, once per hub and license."""

    draft: DestinationDraft


@dataclass(frozen=True)
class CreateOrder:
    """Make the outbound order, once per link. `base` is what both sides agree on once it is made."""

    draft: OutboundDraft
    base: Json


@dataclass(frozen=True)
class FinishOrder:
    """Give a created order what only an update may carry: requested date and payment term."""

    flourish_id: str
    facility_id: str
    requested_date: date | None
    term: str
    base: Json


@dataclass(frozen=True)
class CancelOrder:
    """Cancel the outbound order."""

    flourish_id: str
    facility_id: str


@dataclass(frozen=True)
class MovePlatform:
    """Move the order on its platform by one step; `action` and `to` are the platform's words."""

    number: str
    action: str
    to: str


Action = CreateDestination | CreateOrder | FinishOrder | CancelOrder | MovePlatform


@dataclass(frozen=True)
class Move:
    """The next step on the platform towards a status."""

    action: str
    to: str


@dataclass(frozen=True)
class Blocked:
    """The platform offers no step towards the status."""

    reason: str


# The next single step of an order towards a status; None when it is there or beyond.
NextMove = Callable[[SourceOrder, str], Move | Blocked | None]


@dataclass(frozen=True)
class Finding:
    """Something that a person must decide or fix; becomes a problem, one open per thing and cause."""

    code: str
    title: str
    next_step: str
    cause: str = ""
    text: str = ""
    who: str = "tenant"
    evidence: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What is to be done about a link now, and why.

    `state` is the link's state once the actions are done; `next_step` says who owes what next.
    """

    code: str
    sentence: str
    next_step: str
    state: str
    action: Action | None = None
    findings: tuple[Finding, ...] = ()
    # What both sides agree on from now, where it differs from what was recorded.
    base: Json | None = None


@dataclass(frozen=True)
class Rules:
    """What a connection's admins chose, and the facts of its facility."""

    connection_id: str
    platform_label: str
    intake_statuses: frozenset[str]
    # Flourish status -> the platform's status (features.md LL-17).
    status_table: Mapping[str, str]
    facility: FacilityFacts
    live_since: datetime
    price_places: int = 4
    # A term of the platform in Flourish's words -> the company's own name for it.
    terms: Mapping[str, str] = field(default_factory=dict)
