"""AIQ's products in Trellis's words. Pure.

Reading them is documented; what is written to them says `listing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from portal.sync.domain import Product, StockKind
from portal.sync.errors import Unreadable
from portal.sync.mapping.units import EACH, GRAM
from portal.sync.platforms.aiq.terms import WEIGHT_TIER
from portal.sync.reading import Fields, Notice, Shape, words

# The id in the point of sale, by which both sides of a product are joined.
POS_ID = "posProductId"
SHOWN, HIDDEN = "On the menu", "Hidden"
_NOTHING = Decimal(0)

_PRODUCT = Shape(
    "AIQ product",
    required=words("id name quantity modified"),
    used=words(f"""
        sku {POS_ID} enable quantityTotal brand cannabisComplianceType cannabisStrain cannabisType description
        price priceType venue
    """),
    ignored=words("""
        _id slug productUrl organization groupId created seoDescription productCategory productCategoryName
        type subType tags weight weightUnit weightFormatted weightInGrams size flowerEquivalentInGrams
        priceWithDiscounts priceGross priceNet discountValue discountType discountAmount discountAmountFinal
        discountValueFinal discountTypeFinal discounts tiers variants modifierGroups quantitySold
        quantityThreshold purchaseMax new featured productOrderType labs posLastSyncData image images effects
        terpenes reviewStats
    """),
)


def read_product(row: Fields, notice: Notice) -> Product:
    """Read a product. `quantity` is what the store has, `reserved` what of it AIQ holds for its orders, and
    `available` what shoppers can order.

    Raises:
        Unreadable: a field that is used is missing, or has another type or sign.
    """
    product = row.check(_PRODUCT, notice)
    left = _counted(product, "quantity")
    whole = max(_counted(product, "quantityTotal"), left) if product.has("quantityTotal") else left
    is_shown = not product.has("enable") or product.flag("enable")
    strain = product.text_or_empty("cannabisStrain").strip()
    return Product(
        ref=product.ident("id"),
        sku=product.text_or_empty("sku").strip(),
        name=product.text_or_empty("name").strip(),
        listing_state=SHOWN if is_shown else HIDDEN,
        listed=is_shown,
        archived=False,
        unit=GRAM if product.text_or_empty("priceType") == WEIGHT_TIER else EACH,
        quantity=whole,
        reserved=whole - left,
        available=left,
        stock_kind=StockKind.MANAGED,
        updated_at=product.time("modified", naive_is_utc=True),
        description=product.text_or_empty("description"),
        brand=_brand(product),
        category=product.text_or_empty("cannabisComplianceType"),
        strains=(strain,) if strain else (),
        strain_class=product.text_or_empty("cannabisType"),
        price=product.number("price") if product.has("price") else None,
    )


def _counted(product: Fields, name: str) -> Decimal:
    found = product.number_or_zero(name)
    if found < 0:
        raise Unreadable(product.at(name), "is negative")
    return found


def _brand(product: Fields) -> str:
    """Read the brand: a name, an object that has one or none, or nothing."""
    brand = product.value.get("brand")
    if isinstance(brand, Mapping):
        return product.child("brand").text_or_empty("name").strip()
    return product.text_or_empty("brand").strip()
