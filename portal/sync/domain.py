"""The things that are synced, in Flourish's words, whatever the platform. Pure data.

Money is `Decimal` in dollars, quantities are `Decimal` in eaches unless a name says otherwise, times are
aware UTC. A platform's own status words travel as opaque strings: only its folder knows what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class Stage(StrEnum):
    """Where an order stands on its platform, as far as every platform has such a place."""

    DRAFT = "draft"
    OPEN = "open"
    # Fulfilled there: nothing is left to bring in.
    FINISHED = "finished"
    CANCELLED = "cancelled"
    # Became part of another order (LeafLink's Combined).
    MERGED = "merged"


@dataclass(frozen=True)
class Address:
    """A postal address; empty strings where the source has nothing."""

    line_1: str = ""
    line_2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""


@dataclass(frozen=True)
class Customer:
    """Who buys. `license` is normalised (`mapping.keys.license_key`), `license_shown` is as written."""

    ref: str
    name: str
    license: str
    license_shown: str = ""
    license_type: str = ""
    # The platform's id of the license type, where the order says no more of it.
    license_type_ref: str = ""
    email: str = ""
    phone: str = ""
    address: Address = field(default_factory=Address)


@dataclass(frozen=True)
class Line:
    """One line of an order: `eaches` units, sold by the case of `multiplier` units at `case_price`."""

    ref: str
    sku: str
    name: str
    eaches: Decimal
    multiplier: int
    case_price: Decimal
    lot: str = ""
    is_sample: bool = False


@dataclass(frozen=True)
class SourceOrder:
    """An order as its platform has it now."""

    number: str
    label: str
    status: str
    stage: Stage
    # States that the platform offers next, in its own words.
    transitions: tuple[str, ...]
    customer: Customer
    # The platform's ids of the order's sales reps.
    reps: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Decimal
    placed_at: datetime
    updated_at: datetime
    discount: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    credits: Decimal = Decimal(0)
    notes: str = ""
    ship_at: datetime | None = None
    # The payment term in Flourish's words; empty when it has none that Flourish knows.
    term: str = ""
    term_shown: str = ""
    # Who changed it last, as the platform names them.
    changed_by: str = ""
    is_combination: bool = False
    # What the order carries that Trellis does not carry over yet: (what it is, what to do).
    unsupported: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OutboundLine:
    """One line of a Flourish outbound order."""

    item_id: str
    sku: str
    name: str
    eaches: Decimal
    allocated: Decimal
    unit_price: Decimal


@dataclass(frozen=True)
class OutboundOrder:
    """An outbound order as Flourish has it now. `notes` is None where a list left them out."""

    id: str
    status: str
    payment_status: str
    facility_id: str
    facility_name: str
    original_order_id: str
    destination_id: str
    lines: tuple[OutboundLine, ...]
    total: Decimal
    created_at: datetime
    updated_at: datetime
    notes: tuple[str, ...] | None = None
    term: str = ""
    requested_date: date | None = None
    origin: str = ""


@dataclass(frozen=True)
class Destination:
    """A Flourish destination: where orders of one license go."""

    id: str
    name: str
    license: str
    active: bool


@dataclass(frozen=True)
class SalesRep:
    """A Flourish sales rep; its facility is the default one for orders credited to it."""

    id: str
    name: str
    email: str
    facility_id: str
    active: bool


@dataclass(frozen=True)
class Item:
    """A Flourish item."""

    id: str
    sku: str
    name: str
    active: bool
    uom: str


@dataclass(frozen=True)
class FacilityFacts:
    """A Flourish facility, as far as orders depend on it."""

    id: str
    name: str
    license: str
    timezone: str
    sales_rep_required: bool
    active: bool = True


@dataclass(frozen=True)
class Company:
    """Whose account a key opens, and what the key may not do."""

    ref: str
    name: str
    missing_permissions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hint:
    """ "Look at this": all that a webhook or a poll is trusted to say. `kind` is a link's kind, or empty
    for what Trellis does not sync; `ref` is the id in the system that said it."""

    kind: str
    ref: str
    topic: str
    updated_at: datetime | None = None
    # How people call it, when the hint says so.
    label: str = ""
    # The internal note by which a Flourish order names its link, when the hint carries it.
    marker: str = ""


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
