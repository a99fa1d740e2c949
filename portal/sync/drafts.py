"""Drafts: what is to be made or changed on either side, once every question is answered. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from portal.sync.domain import Address, Json


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
    """One line to be written: `eaches` of an item at `unit_price` each, of one lot where it names one."""

    item_id: str
    sku: str
    eaches: Decimal
    unit_price: Decimal
    lot: str = ""


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
class LineUpdate:
    """A line that stays: its place among those that Flourish has, and its new values; None stays as it is."""

    place: int
    eaches: Decimal | None = None
    unit_price: Decimal | None = None
    lot: str | None = None


@dataclass(frozen=True)
class Swap:
    """Dollar amounts that take the place of others; what is in neither stays as it is."""

    gone: tuple[Decimal, ...] = ()
    new: tuple[Decimal, ...] = ()


@dataclass(frozen=True)
class NoteSwap:
    """A note that takes the place of another: empty `gone` adds it, empty `new` takes it away."""

    gone: str
    new: str
    is_internal: bool


@dataclass(frozen=True)
class OutboundUpdate:
    """What is written into an outbound order; what is not named stays as Flourish has it.

    `kept_lines` are all lines that stay, None for all of them as they are; `date_changes` and a term that is
    not empty say that those are written.
    """

    kept_lines: tuple[LineUpdate, ...] | None = None
    new_lines: tuple[DraftLine, ...] = ()
    charges: Swap = field(default_factory=Swap)
    discounts: Swap = field(default_factory=Swap)
    notes: tuple[NoteSwap, ...] = ()
    date_changes: bool = False
    requested_date: date | None = None
    term: str = ""


@dataclass(frozen=True)
class ProductDraft:
    """A product to be made. `fields` are `domain.Product`'s by name; `more` are what else its platform
    needs, in the platform's words, from the connection's settings."""

    sku: str
    fields: Json
    more: Json


@dataclass(frozen=True)
class TellPlatform:
    """Write to the platform's order what it cannot know: ids by their key, None to take one back; and the
    day on which it was paid, empty for nothing about that. `base` is what is agreed on afterwards."""

    number: str
    external_ids: Mapping[str, str | None]
    paid_on: str
    base: Json | None


@dataclass(frozen=True)
class PutProduct:
    """Have an item as Flourish has it on a platform that takes items whole. `ref` is the platform's id of it,
    empty for one that it does not have; `changed` are the fields, or "stock", that differ there. One that
    `drops` takes its stock to zero."""

    ref: str
    item_id: str
    draft: ProductDraft
    changed: tuple[str, ...]
    drops: bool
    base: Json
