"""Questions: what the planner must know before it decides, and of which shape the answer is. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.sync.retail import CustomerLookup


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
class LotNumbered:
    """Answer: `tuple[str, ...]`, the lots of an item in a facility that have exactly this number."""

    item_id: str
    lot: str
    facility_id: str


@dataclass(frozen=True)
class RepEmail:
    """Asked of the platform. Answer: `str`, the e-mail of this sales rep, empty when it has none."""

    ref: str


@dataclass(frozen=True)
class LicenseType:
    """Asked of the platform. Answer: `str`, the name of this license type, empty when it is not told."""

    ref: str


@dataclass(frozen=True)
class BrandNamed:
    """Asked of the platform, of the account's own brands. Answer: `tuple[Named, ...]`, those with exactly
    this name, and those that differ in case, spaces or punctuation only when there is no exact one."""

    name: str


@dataclass(frozen=True)
class LineNamed:
    """Asked of the platform. Answer: `tuple[Named, ...]`, this brand's product lines with exactly this name,
    else the near ones."""

    name: str
    brand: str


@dataclass(frozen=True)
class CategoryNamed:
    """Asked of the platform. Answer: `tuple[NamedCategory, ...]`, each subcategory with this name or slug
    within this category; one without subcategory when the category has none of that name."""

    category: str
    subcategory: str


@dataclass(frozen=True)
class StrainNamed:
    """Asked of the platform. Answer: `tuple[Named, ...]`, strains with this name, whatever its case."""

    name: str


@dataclass(frozen=True)
class OwnLicenses:
    """Asked of the platform. Answer: `tuple[Named, ...]`, the account's licenses, by normalised number."""


@dataclass(frozen=True)
class Named:
    """Something on the platform that has a name: an answer."""

    ref: str
    name: str


@dataclass(frozen=True)
class NamedCategory:
    """A subcategory on the platform with its category; `subcategory` is None where only that was found."""

    category: Named
    subcategory: Named | None


@dataclass(frozen=True)
class CombinedOriginals:
    """Asked of our own rows. Answer: `Originals`, what is known of the orders that this one combines."""

    number: str
    license: str
    placed_at: datetime


@dataclass(frozen=True)
class CustomerNumbered:
    """Answer: `RetailCustomer | None`, the customer with this id in Flourish."""

    id: str


@dataclass(frozen=True)
class StoreFacts:
    """Asked of the platform. Answer: `Store`, the store whose orders a connection takes."""


@dataclass(frozen=True)
class SameLabel:
    """Asked of our own rows. Answer: `tuple[str, ...]`, other orders of the Flourish company that people know
    by this number."""

    number: str
    label: str


@dataclass(frozen=True)
class BeyondStock:
    """Asked of our own rows. Answer: `tuple[str, ...]`, the SKUs of an order of which not enough is left for
    it, as others came first."""

    number: str


@dataclass(frozen=True)
class GoodsTakenOff:
    """Asked of our own rows. Answer: `bool`, whether Flourish's figures are known to have taken off all that
    an order needs."""

    number: str


RetailQuestion = CustomerLookup | CustomerNumbered
FlourishQuestion = DestinationByLicense | ItemBySku | RepByEmail | TermNamed | LotNumbered | RetailQuestion
CatalogueQuestion = BrandNamed | LineNamed | CategoryNamed | StrainNamed | OwnLicenses
PlatformQuestion = RepEmail | LicenseType | StoreFacts | CatalogueQuestion
OwnQuestion = CombinedOriginals | SameLabel | BeyondStock | GoodsTakenOff
Question = FlourishQuestion | PlatformQuestion | OwnQuestion
Facts = Mapping[Question, Any]
