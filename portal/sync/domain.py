"""The things that are synced, in Flourish's words, whatever the platform. Pure data.

Money is `Decimal` in dollars, quantities are `Decimal` in eaches unless a name says otherwise, times are
aware UTC. A platform's own status words travel as opaque strings: only its folder knows what they mean.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.sync.batches import Batch

Json = Mapping[str, Any]


class Stage(StrEnum):
    """Where an order stands on its platform; one that was merged became part of another (Combined)."""

    DRAFT = "draft"
    OPEN = "open"
    FINISHED = "finished"  # fulfilled there: nothing is left to bring in
    CANCELLED = "cancelled"
    MERGED = "merged"


# Ends on the platform that an order follows, wherever it is.
OVER = frozenset({Stage.CANCELLED, Stage.MERGED})


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
    """Who buys; in a shop a person. `license` is normalised (`mapping.keys.license_key`)."""

    ref: str
    name: str = field(repr=False)
    license: str
    license_shown: str = ""
    license_type: str = ""
    # The platform's id of the license type, where the order says no more of it.
    license_type_ref: str = ""
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: Address = field(default_factory=Address, repr=False)
    # The platform's ids of the customer's default sales reps.
    reps: tuple[str, ...] = ()


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
    # Those that its platform offers for it, in Flourish's words; None where it does not say.
    terms_offered: tuple[str, ...] | None = None
    # Who changed it last, as the platform names them; and under which of its licenses the seller sells it.
    changed_by: str = ""
    seller_license: str = ""
    is_combination: bool = False
    # What else people know it by, such as the buyer's purchase order.
    other_numbers: tuple[str, ...] = ()
    # Ids that other systems have for it, by their key; and whether it is marked as paid.
    external_ids: Mapping[str, str] = field(default_factory=dict)
    paid: bool = False
    # What the order carries that cannot be carried over: (what it is, what to do).
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
    lot: str = ""
    # What each costs instead of its unit price; zero where it costs that.
    discount_price: Decimal = Decimal(0)

    @property
    def price(self) -> Decimal:
        """What each costs."""
        return self.discount_price or self.unit_price


@dataclass(frozen=True)
class Amount:
    """A charge or discount of a whole order: dollars, or a percentage of its lines."""

    amount: Decimal
    is_percentage: bool = False

    def __str__(self) -> str:
        return f"{self.amount.normalize():f}{'%' if self.is_percentage else ''}"


# Statuses of an outbound order that decisions turn on, in Flourish's words.
CREATED, CANCELLED = "Created", "Cancelled"
SENT = frozenset({"Shipped", "Completed"})


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
    charges: tuple[Amount, ...] = ()
    discounts: tuple[Amount, ...] = ()

    @property
    def is_touched(self) -> bool:
        """Whether staff have begun with it: goods are allocated, or it is over."""
        return self.status != CREATED or any(line.allocated > 0 for line in self.lines)


@dataclass(frozen=True)
class Original:
    """An order that became part of another one, as our rows have it. `is_live`: Flourish has it and has not
    cancelled it, or a write of it has no outcome yet."""

    link_id: str
    label: str
    is_live: bool
    flourish_status: str
    # SKU -> eaches of all its lines.
    eaches: Mapping[str, Decimal]


@dataclass(frozen=True)
class Originals:
    """`chosen` is what was inferred before, or said by a person; None while nobody has an answer."""

    chosen: tuple[Original, ...] | None
    candidates: tuple[Original, ...] = ()


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
    """A Flourish item. Texts are empty and numbers None where Flourish has nothing."""

    id: str
    sku: str
    name: str
    active: bool
    uom: str
    ecommerce: bool = False
    description: str = ""
    # What shops call it: the e-commerce name, else the retail display name.
    display_name: str = ""
    brand: str = ""
    category: str = ""
    custom_category: str = ""
    custom_subcategory: str = ""
    strain: str = ""
    strain_type: str = ""
    strain_required: bool = False
    strain_id: str = ""
    price: Decimal | None = None  # dollars for one unit
    unit_weight: Decimal | None = None
    weight_uom: str = ""
    ref_fields: tuple[str, ...] = ()
    # What Flourish's own integration with the platform calls it there; empty where it does not sync it.
    native_ref: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Stock:
    """What one facility has of an item, in its unit, over all lots and variations; below zero if oversold."""

    item_id: str
    sku: str
    sellable: Decimal
    uom: str
    updated_at: datetime | None = None
    # The same by the number of the lot; empty for what is in none.
    lots: Mapping[str, Decimal] = field(default_factory=dict)


class StockKind(StrEnum):
    """Who keeps a product's stock on its platform."""

    MANAGED = "managed"
    UNLIMITED = "unlimited"
    INHERITED = "inherited"  # the parent product keeps it


@dataclass(frozen=True)
class Product:
    """A product as its platform has it now. Brand, line, category, subcategory and strains are the
    platform's ids; quantities are in `unit`, prices for `multiplier` units."""

    ref: str
    sku: str
    name: str
    listing_state: str
    # Whether buyers see it; an archived one is as good as deleted.
    listed: bool
    archived: bool
    # In Flourish's words, such as "ea" or "g".
    unit: str
    quantity: Decimal
    reserved: Decimal
    available: Decimal
    stock_kind: StockKind
    updated_at: datetime
    description: str = ""
    brand: str = ""
    line: str = ""
    category: str = ""
    subcategory: str = ""
    strains: tuple[str, ...] = ()
    strain_class: str = ""
    multiplier: int = 1
    # How much of `unit` one sold unit holds, such as 3.5 of "g".
    denomination: Decimal = Decimal(1)
    price: Decimal | None = None
    sale_price: Decimal | None = None
    fractional: bool = False
    parent: str = ""
    children: int = 0
    # None where they were not read, as a connection keeps no stock of single lots.
    batches: tuple[Batch, ...] | None = None
    # Its own where people said that it is the item's, which `sku` is then.
    own_sku: str = ""


@dataclass(frozen=True)
class Shop:
    """What a platform is like, whoever the account is."""

    # Flourish's units that it has a word for.
    units: Collection[str] = ("ea",)
    # Flourish's strain type, in lower case -> the platform's strain class; "" for an item without a strain.
    strain_classes: Mapping[str, str] = field(default_factory=dict)
    # What it refuses to be without, as people call it -> names in the draft's fields or the defaults of which
    # one must be there; the second is for products sold by the unit, the third for those of `strained`.
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required_each: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required_strained: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Categories, in lower case, whose products sold by the unit state the weight of one.
    weighed: Collection[str] = ()
    # Categories, in lower case, whose products need a strain.
    strained: Collection[str] = ()
    # Characters that a SKU cannot have.
    unfit_for_sku: str = ""


@dataclass(frozen=True)
class Shelf:
    """All that is known of one SKU, on both sides.

    Args:
        sku: the link's match key (`mapping.keys.sku_key`).
        items: those with this SKU, near ones, and the one that the link's base names, whatever its SKU is.
        products: likewise, archived ones among them.
        stock: what is sellable of the item over the chosen facilities, in its own unit; None if not read yet.
        promised: units, as the platform counts, in orders that are open there and that `stock` does not know
            of yet: they have no live order in Flourish, or one made after that stock was read.
        linked_as: another SKU whose link holds an item or a product of this SKU; empty for none.
        lots: `stock` by the number of the lot; empty for what is in none.
        held: what of `promised` names a lot, by its number.
    """

    sku: str
    items: tuple[Item, ...]
    products: tuple[Product, ...]
    stock: Decimal | None = None
    promised: Decimal = Decimal(0)
    linked_as: str = ""
    lots: Mapping[str, Decimal] = field(default_factory=dict)
    held: Mapping[str, Decimal] = field(default_factory=dict)


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
    # Of an item: that only what there is of it changed.
    is_stock: bool = False
    # Of a product: quantity and what is reserved, which may change without its time of change.
    figures: str = ""
    # The internal note by which a Flourish order names its link, when the hint carries it.
    marker: str = ""
