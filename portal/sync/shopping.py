"""Shopping: an order of a platform on which people shop, and an item as it is shown there. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from portal.sync.domain import Item, SourceOrder, Stage
from portal.sync.retail import Fulfilment, Offer, OfferedLine, Person, Shopper


@dataclass(frozen=True, kw_only=True)
class ShopOrder(SourceOrder):
    """An order of a person. `customer` is that person as every order has a customer, with the address of a
    delivery.

    Args:
        person: who buys.
        offered: its lines once more, with what takes something off each.
        offers: what takes something off the whole order; all of it is in `discount`.
        fulfilment: Flourish's word for how the goods change hands; None where it has none.
        hand_over: the platform's word for it.
        is_at_counter: whether it was placed in the store itself.
        cancelled_by: who cancelled it, in the platform's word; empty while nobody has.
        is_released: the platform itself keeps none of its stock back for it any more.
    """

    person: Person
    offered: tuple[OfferedLine, ...] = ()
    offers: tuple[Offer, ...] = ()
    fulfilment: Fulfilment | None = None
    hand_over: str = ""
    is_at_counter: bool = False
    cancelled_by: str = ""
    is_released: bool = False

    @property
    def is_over(self) -> bool:
        """Whether its platform is done with it."""
        return self.stage in (Stage.FINISHED, Stage.CANCELLED)


@dataclass(frozen=True)
class Claims:
    """What Flourish says of an item's strength without a lab: percentages, and how much one unit holds."""

    thc_percent: Decimal | None = None
    cbd_percent: Decimal | None = None
    thc_per_unit: Decimal | None = None
    thc_unit: str = ""
    cbd_per_unit: Decimal | None = None
    cbd_unit: str = ""


@dataclass(frozen=True)
class ShopItem:
    """A Flourish item as shops need it.

    Args:
        item: what every platform needs of it.
        is_sellable: whether Flourish's own points of sale sell it.
        shop_name: its name for e-commerce alone.
        retail_name: its name in Flourish's points of sale.
        claims: its strength without a lab.
        variation_price: of its cheapest variation, in dollars; None where it was not read or has none.
    """

    item: Item
    is_sellable: bool
    shop_name: str = ""
    retail_name: str = ""
    claims: Claims = field(default_factory=Claims)
    variation_price: Decimal | None = None

    @property
    def id(self) -> str:
        """Flourish's id of it."""
        return self.item.id

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last."""
        return self.item.updated_at


@dataclass(frozen=True)
class Store:
    """A shop's store, as far as orders depend on it.

    Args:
        state: where it is, in two letters.
        is_medical: whether its platform has it as a medical dispensary; adults may shop there all the same.
    """

    state: str
    is_medical: bool


@dataclass(frozen=True)
class IdentityRules:
    """What a connection chose of how customers are known.

    Args:
        is_strict: believe a phone or an e-mail only with the same birth date and last name.
        verifies_new: have the identity of every new customer checked when they come.
        least_age_years: of who buys as an adult.
        least_patient_age_years: of who buys as a patient.
    """

    is_strict: bool = True
    verifies_new: bool = False
    least_age_years: int = 21
    least_patient_age_years: int = 18


@dataclass(frozen=True)
class Admission:
    """An order that may go to Flourish, and how.

    Args:
        order: as it is sent.
        shopper: who buys, and whether as a patient.
        identity: how its customer is known.
        rewards: a loyalty reward's id on the platform -> the id of Flourish's discount for it.
        warnings: what is unusual about it, as sentences.
    """

    order: ShopOrder
    shopper: Shopper
    identity: IdentityRules = IdentityRules()
    rewards: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
