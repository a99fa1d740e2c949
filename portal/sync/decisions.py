"""Decisions: what the planner decides, and what may be written. Pure data.

Questions and their answers (`questions`) come before a decision; a decision holds at most one action;
findings are what a person must see to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.sync.batches import SetLotStock
from portal.sync.domain import FacilityFacts, Json, Shop
from portal.sync.drafts import (
    DestinationDraft,
    DraftLine,
    OutboundDraft,
    OutboundUpdate,
    ProductDraft,
    PutProduct,
    TellPlatform,
)
from portal.sync.questions import Question
from portal.sync.retail import CustomerDraft, RetailDraft
from portal.sync.sameness import NOTHING_SAID, Sameness


@dataclass(frozen=True)
class Inquiry:
    """The planner cannot decide yet: it needs these answers."""

    questions: tuple[Question, ...]


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
class CreateCustomer:
    """Make a customer of Flourish. `sole_keys` are what no two may be made with at once, in plain words: they
    are neither kept nor shown."""

    draft: CustomerDraft
    sole_keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class CreateRetailOrder:
    """Make the retail order, once per link. `base` is what both sides agree on once it is made."""

    draft: RetailDraft
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
class UpdateOrder:
    """Carry an edit over. `changes` tell it to people: what, before, after."""

    flourish_id: str
    facility_id: str
    update: OutboundUpdate
    changes: tuple[tuple[str, str, str], ...]
    base: Json


@dataclass(frozen=True)
class SetTerm:
    """Give the order on its platform another payment term; it is named in Flourish's words."""

    number: str
    before: str
    term: str
    base: Json


@dataclass(frozen=True)
class ReplaceLines:
    """Give the order on its platform the lines that Flourish has, all of them. `changes` tell it to people:
    what, before, after."""

    number: str
    lines: tuple[DraftLine, ...]
    changes: tuple[tuple[str, str, str], ...]
    base: Json


@dataclass(frozen=True)
class CancelOrder:
    """Cancel the outbound order; where it must be `untouched`, only while nothing is allocated."""

    flourish_id: str
    facility_id: str
    untouched: bool = False


@dataclass(frozen=True)
class CancelToMove:
    """Cancel the outbound order where it is, to make it anew in another facility."""

    flourish_id: str
    facility_id: str
    facility_name: str
    to_facility_name: str


@dataclass(frozen=True)
class MovePlatform:
    """Move the order on its platform by one step; `action` and `to` are the platform's words."""

    number: str
    action: str
    to: str


@dataclass(frozen=True)
class ReleaseGoods:
    """Have the platform keep nothing back for an order any more: Flourish's figure has its goods off."""

    number: str


@dataclass(frozen=True)
class CreateProduct:
    """Make the product, once per link. `base` is what both sides agree on once it is made; the id of the
    product comes into it at the next look."""

    draft: ProductDraft
    base: Json


@dataclass(frozen=True)
class UpdateProduct:
    """Change fields of a product. `changes` are `domain.Product`'s by name, as plain JSON."""

    ref: str
    changes: Json
    base: Json


@dataclass(frozen=True)
class SetStock:
    """Write a product's stock. `field` is "available" or "quantity"; one that `drops` takes it to zero."""

    ref: str
    field: str
    value: Decimal
    drops: bool
    base: Json


@dataclass(frozen=True)
class CreateStrain:
    """Make a strain on the platform, once per connection and name; `strain_class` is the platform's word."""

    name: str
    strain_class: str


RetailAction = CreateCustomer | CreateRetailOrder
FlourishAction = (
    CreateDestination | CreateOrder | FinishOrder | UpdateOrder | CancelOrder | CancelToMove | RetailAction
)
PlatformAction = SetTerm | ReplaceLines | TellPlatform | MovePlatform | ReleaseGoods
OrderAction = FlourishAction | PlatformAction
ItemAction = CreateProduct | UpdateProduct | PutProduct | SetStock | SetLotStock | CreateStrain
Action = OrderAction | ItemAction


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
    # Nothing of this order alone: it is asked for once for the whole connection.
    is_of_connection: bool = False


@dataclass(frozen=True)
class Decision:
    """What is to be done about a link now, and why. `state` is the link's state once the actions are done;
    `next_step` says who owes what next."""

    code: str
    sentence: str
    next_step: str
    state: str
    action: Action | None = None
    findings: tuple[Finding, ...] = ()
    # What both sides agree on from now, where it differs from what was recorded.
    base: Json | None = None
    # What Flourish changed by itself, which stays: what, agreed, there. None where nobody looked for it.
    drift: tuple[tuple[str, str, str], ...] | None = None
    # Seconds after which to look again by itself; None for not before the next mark.
    again_in: float | None = None
    # Links of the orders that this one combines, as inferred now.
    originals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """What a connection's admins chose, and the facts of the facilities. `facility` is the one that orders go
    to; where they go by their sales rep, it is replaced for each order."""

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
    # Terms that the platform has, too, in Flourish's words.
    platform_terms: frozenset[str] = frozenset()
    holds_samples: bool = False
    # The platform's key for an order's id in Flourish; empty: it is not written there.
    external_id_key: str = ""
    write_paid: bool = False
    # Orders are taken at all; and the platform is written to, not only read.
    takes_orders: bool = True
    writes: bool = True
    # The platform itself keeps back what its open orders need (AQ-11).
    platform_holds: bool = True
    # An order goes to its sales rep's facility, not to one that was chosen for all.
    by_rep: bool = False
    # All facilities of the Flourish company, by id.
    facilities: Mapping[str, FacilityFacts] = field(default_factory=dict)
    said: Sameness = NOTHING_SAID
    # All that was chosen, by name of the setting: for what only the platform's own rules know of.
    chosen: Mapping[str, Any] = field(default_factory=dict)

    def within(self, facility_id: str) -> Rules:
        """These rules for an order of another facility; the same when it is not known."""
        return replace(self, facility=self.facilities.get(facility_id, self.facility))


@dataclass(frozen=True)
class CatalogueRules:
    """What a connection's admins chose about items, products and stock, and what their platform is like."""

    connection_id: str
    platform_label: str
    # Fields of `domain.Product` that are kept as Flourish has them; without stock.
    fields: Collection[str]
    writes_stock: bool
    # What lets an item in may change on the platform alone: a SKU is planned after each list, its item read.
    is_planned_anew: bool = False
    creates: bool = False
    # "available" (what buyers can order), or "quantity" (that and what is reserved).
    stock_field: str = "available"
    # Units of the product that are never offered.
    stock_buffer: Decimal = Decimal(0)
    # The platform is a shop: more is asked of its items, and open orders hold each their own of them.
    is_shop: bool = False
    # Products whose platform has batches of them get the stock of each lot, not one of all.
    by_lot: bool = False
    # Facilities whose stock is summed; the connection's own when empty.
    stock_facilities: tuple[str, ...] = ()
    # Normalised license number of the connection's facility.
    license: str = ""
    price_multiplier: Decimal = Decimal(1)
    # Flourish's brand -> the platform's; equal names need no row.
    brands: Mapping[str, str] = field(default_factory=dict)
    # "none", "brand", "category", or "1" to "5" for a ref field.
    line_from: str = "none"
    lines: Mapping[str, str] = field(default_factory=dict)
    # Flourish's category, "custom category" or "custom category > subcategory", each as
    # `mapping.description.folded` writes it -> "category > subcategory".
    categories: Mapping[str, str] = field(default_factory=dict)
    strain_case: bool = False
    # What a product needs that no item has, in the platform's words.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    # Nothing is taken to zero now (set by the engine's guard, not by a person).
    holds_drops: bool = False
    shop: Shop = field(default_factory=Shop)
    # All that was chosen, by name of the setting: for what only the platform's own planner knows of.
    chosen: Mapping[str, Any] = field(default_factory=dict)
    said: Sameness = field(default=NOTHING_SAID, repr=False)
