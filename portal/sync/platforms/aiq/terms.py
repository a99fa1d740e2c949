"""The words of AIQ's enumerations, as far as Trellis says or reads them. Pure data."""

from __future__ import annotations

from types import MappingProxyType

from portal.sync.retail import Fulfilment

LABEL = "AIQ Ecommerce"
# How an order changes hands -> Flourish's fulfilment type, which has none for what is sent (`SHIPPING`).
DELIVERY, SHIPPING = "DELIVERY", "SHIPPING"
FULFILMENTS = MappingProxyType(
    {
        DELIVERY: Fulfilment.DELIVERY,
        "IN_STORE": Fulfilment.PICKUP,
        "CURB_SIDE": Fulfilment.PICKUP,
        "DRIVE_THROUGH": Fulfilment.PICKUP,
    }
)

# Kinds of orders that are placed in the store itself.
AT_COUNTER = frozenset({"WALK_UP_ORDER", "KIOSK_ORDER"})

# Of a discount: that it is a share of the price, and that it is of a line.
PERCENT, ITEM = "PERCENT", "ITEM"

# Who cancelled an order, where Trellis did it for Flourish.
BY_POS = "POS"

# The kinds of products, which decide where one stands on the menu.
(
    FLOWER, PRE_ROLLS, VAPORIZERS, CONCENTRATES, EDIBLES,
    TINCTURES, TOPICALS, BEVERAGES, ACCESSORIES, MERCHANDISE,
) = KINDS = (
    "FLOWER", "PRE_ROLLS", "VAPORIZERS", "CONCENTRATES", "EDIBLES",
    "TINCTURES", "TOPICALS", "BEVERAGES", "ACCESSORIES", "MERCHANDISE",
)  # fmt: skip

# Flourish's strain type, in lower case -> AIQ's.
STRAIN_TYPES = MappingProxyType(
    {
        "indica": "INDICA",
        "sativa": "SATIVA",
        "hybrid": "HYBRID",
        "indica hybrid": "HYBRID_INDICA",
        "hybrid indica": "HYBRID_INDICA",
        "indica dominant": "HYBRID_INDICA",
        "sativa hybrid": "HYBRID_SATIVA",
        "hybrid sativa": "HYBRID_SATIVA",
        "sativa dominant": "HYBRID_SATIVA",
        "cbd": "CBD",
        "mixed": "MIXED",
    }
)

# Flourish's units of weight -> AIQ's.
WEIGHT_UNITS = MappingProxyType(
    {
        "g": "GRAMS",
        "mg": "MILLIGRAMS",
        "oz": "OUNCES",
        "ea": "EACH",
        "lb": "POUNDS",
        "kg": "KILOGRAMS",
    }
)

# How a product is priced whose quantity is in grams.
WEIGHT_TIER = "WEIGHT_TIER"
