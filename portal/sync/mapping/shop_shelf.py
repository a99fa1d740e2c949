"""A shelf of a shop: what is known of one SKU, with what only shops ask of it, and what orders hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from portal.sync.decisions import CatalogueRules, Finding
from portal.sync.domain import Product, Shelf
from portal.sync.mapping.shop_stock import Hold, Offered, StockReading, hidden_for_age, offer
from portal.sync.mapping.units import GRAM
from portal.sync.retail import LabResult
from portal.sync.shopping import ShopItem

# The setting that has hidden what nobody could count for an hour.
HIDES_OLD = "hide_when_old"


@dataclass(frozen=True, kw_only=True)
class ShopStock:
    """What of a SKU can be sold, and what open orders hold of it.

    Args:
        reading: Flourish's figure; None until it was read over all facilities, and for no single item.
        holds: of open orders.
        is_too_old: whether nobody has read the figure for so long that a shop may hide it.
        not_sent: what is told of orders that keep goods back for long without being in Flourish.
    """

    reading: StockReading | None = None
    holds: tuple[Hold, ...] = ()
    is_too_old: bool = False
    not_sent: tuple[Finding, ...] = ()

    def offered(self, buffer: Decimal, *, by_weight: bool) -> Offered | None:
        """What a shop may offer; None until that is known.

        Args:
            buffer: what is never offered.
            by_weight: whether parts of one are sold.
        """
        if self.reading is None:
            return None
        return offer(self.reading, self.holds, buffer=buffer, by_weight=by_weight)

    def is_hidden(self, rules: CatalogueRules) -> bool:
        """Whether the connection has it hidden, as the figure is too old."""
        return self.is_too_old and rules.chosen.get(HIDES_OLD) is True

    def published(self, offered: Offered, rules: CatalogueRules) -> Decimal:
        """How much the shop is told that there is."""
        return hidden_for_age(offered, None) if self.is_hidden(rules) else offered.quantity


def is_by_weight(product: Product | None) -> bool:
    """Whether parts of one are sold of a product."""
    return product is not None and product.unit == GRAM


@dataclass(frozen=True, kw_only=True)
class ShopShelf(Shelf):
    """All that is known of one SKU of a shop, on both sides.

    Args:
        shop_item: the item as shops need it; None until that was read, and for what is no single item.
        labs: what labs found in its lots.
        counted: what can be sold of it.
    """

    shop_item: ShopItem | None = None
    labs: tuple[LabResult, ...] = ()
    counted: ShopStock
