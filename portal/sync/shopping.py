"""Shopping: an order of a platform on which people shop, and an item as it is shown there. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from portal.sync.domain import Item, SourceOrder, Stage
from portal.sync.retail import Fulfilment, Offer, OfferedLine, Person


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
        strain_id: Flourish's id of its strain; empty for none.
        variation_price: of its cheapest variation, in dollars; None where it was not read or has none.
    """

    item: Item
    is_sellable: bool
    shop_name: str = ""
    retail_name: str = ""
    claims: Claims = field(default_factory=Claims)
    strain_id: str = ""
    variation_price: Decimal | None = None
