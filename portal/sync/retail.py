"""Retail: who buys in a shop, what they order, what a lab found. In Flourish's words; pure data.

Whatever says who somebody is stays out of every representation, so that no log line and no exception can show
it by way of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from portal.sync.domain import Address, OutboundOrder

# Statuses of a retail order.
SUBMITTED, PACKED, ON_THE_WAY = "Submitted", "Packed", "Out for Delivery"
UNDELIVERABLE, COMPLETED, CANCELLED, CREATED = "Undeliverable", "Completed", "Cancelled", "Created"
RETAIL_STATUSES = (CREATED, SUBMITTED, PACKED, ON_THE_WAY, UNDELIVERABLE, COMPLETED, CANCELLED)
_KNOWN = {**{status.casefold(): status for status in RETAIL_STATUSES}, "canceled": CANCELLED}
# No step leads out of these.
RETAIL_OVER = frozenset({COMPLETED, CANCELLED})

BANNED = "banned"


def retail_status(text: str) -> str:
    """Return a status as Trellis knows it, whatever its case, spaces, and spelling of Cancelled; one that is
    new stays as it came."""
    return _KNOWN.get(" ".join(text.split()).casefold(), text.strip())


class Fulfilment(StrEnum):
    """How the goods come to who ordered them, as an order is sent."""

    DELIVERY = "delivery"
    IN_STORE = "in-store"
    PICKUP = "pickup"


@dataclass(frozen=True)
class Person:
    """Who somebody is, as one side has it; empty where it has nothing."""

    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    born: date | None = field(default=None, repr=False)
    # Of a medical card: also the state that issued it, and the last day on which it is good.
    patient_id: str = field(default="", repr=False)
    card_state: str = field(default="", repr=False)
    card_expires: date | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Shopper:
    """Who orders, as the platform says. `is_patient` is whether this order is a medical one.

    Args:
        person: who they are.
        is_patient: whether they buy as a patient.
        ordered_on: the day of the order where the shop is.
        state: where they live or else where the shop is, in two letters.
        address: where a delivery goes to.
    """

    person: Person
    is_patient: bool
    ordered_on: date
    state: str = field(default="", repr=False)
    address: Address | None = field(default=None, repr=False)


@dataclass(frozen=True)
class RetailCustomer:
    """A customer as Flourish has it now."""

    id: str
    person: Person
    is_active: bool
    is_verified: bool
    # The customer that this one was made part of; empty for none.
    merged_into: str = ""
    # Flourish's word: no issues, warning - level 1, warning - level 2, banned.
    discipline: str = ""

    @property
    def is_banned(self) -> bool:
        """Whether the shop does not sell to them."""
        return self.discipline.strip().casefold() == BANNED


@dataclass(frozen=True)
class CustomerLookup:
    """A question to Flourish: which customers have this?"""

    by: Literal["patient_id", "phone", "email"]
    value: str = field(repr=False)


@dataclass(frozen=True)
class CustomerDraft:
    """A customer to be made. `is_verified` is None to say nothing of it."""

    person: Person
    # Where they live, in two letters; Flourish wants it with a patient id.
    state: str = field(default="", repr=False)
    is_verified: bool | None = None
    address: Address | None = field(default=None, repr=False)


@dataclass(frozen=True)
class CustomerUpdate:
    """What is to be changed of a customer; None and "" leave it as it is. A checked identity stays checked:
    there is no way to say otherwise."""

    phone: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    card_state: str = field(default="", repr=False)
    card_expires: date | None = field(default=None, repr=False)


@dataclass(frozen=True)
class MadeCustomer:
    """A customer that was written, and what Flourish remarked on it, such as CUS0003; empty for nothing."""

    id: str
    remark: str = ""


@dataclass(frozen=True)
class AppliedDiscount:
    """A discount of an order: dollars or a percentage, of all lines of a SKU or of the whole order."""

    amount: Decimal
    is_percentage: bool = False
    sku: str = ""
    promo_code: str = ""
    # A discount that the shop keeps in Flourish.
    discount_id: str = ""


@dataclass(frozen=True)
class RetailDraftLine:
    """One line to be written, at its list price: what comes off is a discount."""

    item_id: str
    sku: str
    eaches: Decimal
    unit_price: Decimal
    strain_id: str = ""


@dataclass(frozen=True)
class RetailDraft:
    """A retail order to be made. The first note names the order's link, by which it is found again."""

    facility_id: str
    original_order_id: str
    customer_id: str
    fulfilment: Fulfilment
    is_recreational: bool
    placed_at: datetime
    lines: tuple[RetailDraftLine, ...]
    notes: tuple[str, ...]
    discounts: tuple[AppliedDiscount, ...] = ()
    delivery_fee: Decimal = Decimal(0)
    address: Address | None = field(default=None, repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


@dataclass(frozen=True)
class RetailLine:
    """One line of a retail order. `sku` is empty where Flourish does not show it."""

    item_id: str
    name: str
    eaches: Decimal
    allocated: Decimal
    unit_price: Decimal
    sku: str = ""


@dataclass(frozen=True)
class RetailOrder:
    """A retail order as Flourish has it now. `is_recreational` is None where it is not shown, as in
    everything but the answer to a write."""

    id: str
    # One of `RETAIL_STATUSES`, or what else Flourish says.
    status: str
    payment_status: str
    facility_id: str
    original_order_id: str
    customer_id: str
    # None where Flourish does not say, or says something new.
    fulfilment: Fulfilment | None
    lines: tuple[RetailLine, ...]
    # In dollars: by list prices, what all discounts take off, and what is to be paid.
    subtotal: Decimal
    discount: Decimal
    taxes: Decimal
    delivery_fee: Decimal
    total: Decimal
    created_at: datetime
    updated_at: datetime
    notes: tuple[str, ...] = field(default=(), repr=False)
    submitted_at: datetime | None = None
    packed_at: datetime | None = None
    completed_at: datetime | None = None
    is_recreational: bool | None = None

    @property
    def facility_name(self) -> str:
        """Nothing: Flourish names the facility of an outbound order alone."""
        return ""

    @property
    def is_known(self) -> bool:
        """Whether the status is one that Trellis knows."""
        return self.status in RETAIL_STATUSES

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in RETAIL_OVER


# An order as Flourish has it, of a company that buys or of a person.
HubOrder = OutboundOrder | RetailOrder


@dataclass(frozen=True)
class KeptDiscount:
    """A discount that the shop keeps in Flourish; `applies_itself` where its engine applies it unasked."""

    id: str
    name: str
    amount: Decimal
    is_percentage: bool
    promo_code: str = ""
    applies_itself: bool = False


@dataclass(frozen=True)
class Offer:
    """What a platform says takes something off an order.

    Args:
        name: what its shop calls it.
        amount: what it takes off, in dollars.
        value: what it is worth as the platform writes it: dollars, or of a percentage a share (0.5 is half).
        is_percentage: whether it is a share of what it is for.
        promo_code: the code by which it was taken.
        reward: the platform's id of a loyalty reward; empty for an offer that is none.
    """

    name: str
    amount: Decimal
    value: Decimal = Decimal(0)
    is_percentage: bool = False
    promo_code: str = ""
    reward: str = ""


@dataclass(frozen=True)
class OfferedLine:
    """One line of a platform's order, with what takes something off it.

    Args:
        sku: what is sold.
        eaches: how much, in what `list_price` is for.
        list_price: the price of one before any offer.
        offers: those of the line alone.
        price_paid: the price of one after them, where the platform says so.
    """

    sku: str
    eaches: Decimal
    list_price: Decimal
    offers: tuple[Offer, ...] = ()
    price_paid: Decimal | None = None


@dataclass(frozen=True)
class Variation:
    """An item in another quantity. `price` is in dollars for all of it; None where Flourish has none."""

    id: str
    name: str
    eaches: Decimal
    price: Decimal | None
    is_active: bool = True
    ecommerce: bool = True


@dataclass(frozen=True)
class LabResult:
    """What a lab found in a lot.

    Args:
        id: its id.
        lot: the lot's number.
        status: Flourish's word, such as Pass; empty where it shows none.
        is_final: whether the lab is done with it.
        analysed_at: when the sample was looked at.
        percentages: substance -> percent, without those that were not measured: none is not zero.
    """

    id: str
    lot: str
    status: str
    is_final: bool
    analysed_at: datetime | None
    percentages: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        """Whether the lot may be sold with it."""
        return self.status.strip().casefold() in ("pass", "passed")
