"""The things that are synced, in Flourish's words, whatever the platform. Pure data.

Money is `Decimal` in dollars, quantities are `Decimal` in eaches unless a name says otherwise, times are
aware UTC. A platform's own status words travel as opaque strings: only its folder knows what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
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
