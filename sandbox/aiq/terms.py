"""The words of AIQ's enumerations, and of its labs."""

from typing import Any

from sandbox.errors import BadValue

IN_STORE, CURB_SIDE, DELIVERY = "IN_STORE", "CURB_SIDE", "DELIVERY"
PICK_UP_TYPES = (IN_STORE, CURB_SIDE, DELIVERY, "DRIVE_THROUGH", "SHIPPING")
COMPLIANCE_TYPES = (
    "FLOWER", "PRE_ROLLS", "VAPORIZERS", "CONCENTRATES", "EDIBLES", "TINCTURES", "TOPICALS", "BEVERAGES",
    "ACCESSORIES", "MERCHANDISE",
)  # fmt: skip
CANNABIS_TYPES = ("INDICA", "SATIVA", "HYBRID", "HYBRID_INDICA", "HYBRID_SATIVA", "CBD", "NA", "MIXED")
WEIGHT_UNITS = ("GRAMS", "MILLIGRAMS", "OUNCES", "EACH", "UNKNOWN", "POUNDS", "KILOGRAMS")

PERCENT, FLAT = "PERCENT", "FLAT"
REWARDS = (PERCENT, FLAT)
CART, ITEM = "CART", "ITEM"

CANNABINOIDS = ("thc", "thcA", "cbd", "cbdA", "cbg", "cbn")
TERPENES = (
    "threeCarene", "alphaPinene", "betaCaryophyllene", "betaEudesmol", "betaMyrcene", "betaPinene",
    "bisabolol", "caryophylleneOxide", "guaiol", "humulene", "limonene", "linalool", "ocimene",
    "terpinolene", "terpinene", "transNerolidol",
)  # fmt: skip
UNIT_SUFFIX = "ContentUnit"
LAB_UNITS = ("%", "mg", "mg/g")


def word(value: Any, name: str, words: tuple[str, ...]) -> str:
    """Read one of some words, by its exact spelling.

    Raises:
        BadValue: it is none of them.
    """
    if value not in words:
        raise BadValue(f"{name} is one of {', '.join(words)}.", name)
    return str(value)
