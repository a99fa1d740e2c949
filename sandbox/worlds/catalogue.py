"""The words that products, shops and people are made of. Names are invented; strains are trade names."""

from decimal import Decimal
from typing import NamedTuple

from sandbox.worlds.parts import Strain


class Form(NamedTuple):
    """A kind of product: one per strain or flavour."""

    code: str
    label: str
    category: str
    subcategory: str
    line: str
    price: str
    multiplier: int
    grams: str
    brand: int


STRAINS = (
    Strain("Blue Dream", "Hybrid"),
    Strain("Sour Diesel", "Sativa"),
    Strain("Granddaddy Purple", "Indica"),
    Strain("Wedding Cake", "Hybrid"),
    Strain("Gelato 33", "Hybrid"),
    Strain("Jack Herer", "Sativa"),
    Strain("Northern Lights", "Indica"),
    Strain("Green Crack", "Sativa"),
    Strain("OG Kush", "Hybrid"),
    Strain("Durban Poison", "Sativa"),
    Strain("Zkittlez", "Indica"),
    Strain("Runtz", "Hybrid"),
    Strain("Mimosa", "Sativa"),
    Strain("Do-Si-Dos", "Indica"),
    Strain("Pineapple Express", "Hybrid"),
    Strain("GMO Cookies", "Indica"),
    Strain("Super Lemon Haze", "Sativa"),
    Strain("Purple Punch", "Indica"),
    Strain("White Widow", "Hybrid"),
    Strain("Strawberry Cough", "Sativa"),
    Strain("Bubba Kush", "Indica"),
    Strain("Gorilla Glue #4", "Hybrid"),
    Strain("Tangie", "Sativa"),
    Strain("Ice Cream Cake", "Indica"),
    Strain("Harlequin", "CBD"),
    Strain("Cherry Pie", "Hybrid"),
    Strain("Maui Wowie", "Sativa"),
    Strain("Forbidden Fruit", "Indica"),
)

BY_STRAIN = (
    Form("FL35", "3.5g Jar", "Flower", "Packaged Flower", "Reserve Flower", "17.50", 24, "3.5", 0),
    Form("FL14", "14g Smalls", "Flower", "Packaged Flower", "Everyday Flower", "42.00", 10, "14", 0),
    Form("FL28", "28g Pouch", "Flower", "Packaged Flower", "Everyday Flower", "78.00", 1, "28", 0),
    Form("PR1", "1g Pre-Roll", "Pre-Rolls", "Single Pre-Rolls", "Classic Pre-Rolls", "4.75", 24, "1", 0),
    Form(
        "PR5", "5-Pack Pre-Rolls", "Pre-Rolls", "Pre-Roll Packs", "Classic Pre-Rolls", "12.35", 10, "2.5", 0
    ),
    Form("IPR", "Infused Pre-Roll 1.5g", "Pre-Rolls", "Infused Pre-Rolls", "Infused", "9.90", 5, "1.5", 1),
    Form("VC5", "0.5g Cartridge", "Cartridges", "510 Cartridges", "Live Line", "13.80", 10, "0.5", 1),
    Form("VC1", "1g Cartridge", "Cartridges", "510 Cartridges", "Live Line", "22.40", 5, "1", 1),
    Form("DV1", "1g Disposable Pen", "Cartridges", "Disposables", "Pocket", "24.15", 10, "1", 1),
    Form("LR1", "Live Resin 1g", "Concentrates", "Live Resin", "Extracts", "19.00", 1, "1", 1),
    Form("BD1", "Badder 1g", "Concentrates", "Badder", "Extracts", "16.25", 5, "1", 1),
    Form("RS1", "Live Rosin 1g", "Concentrates", "Rosin", "Solventless", "34.00", 1, "1", 1),
)

BY_FLAVOUR = (
    Form("GM10", "Gummies 10-Pack 100mg", "Edibles & Ingestibles", "Gummies", "Kitchen", "8.65", 24, "50", 2),
    Form("GM2", "Gummies 2-Pack 20mg", "Edibles & Ingestibles", "Gummies", "Kitchen", "2.95", 24, "10", 2),
    Form("CH1", "Chocolate Bar 100mg", "Edibles & Ingestibles", "Chocolates", "Kitchen", "9.40", 10, "45", 2),
    Form("TN30", "Tincture 30ml", "Edibles & Ingestibles", "Tinctures", "Apothecary", "21.00", 5, "30", 2),
    Form("BL60", "Relief Balm 60g", "Topicals", "Balms", "Apothecary", "18.20", 5, "60", 2),
)

# Whose lots buyers see in LeafLink as batches.
BY_BATCH = ("FL28",)

FLAVOURS = (
    "Blood Orange", "Watermelon", "Sour Cherry", "Peach Bellini", "Blackberry", "Mango Chili", "Lychee",
    "Pomegranate", "Key Lime", "Salted Caramel", "Mint", "Lavender",
)  # fmt: skip

LICENSE_TYPES = ("Adult Use Retailer", "Medical Retailer", "Microbusiness", "Adult Use Distributor")

SHOP_FIRST = (
    "Harbor", "Redwood", "Mission", "Canyon", "Pacific", "Golden Gate", "Sierra", "Valley", "Lakeside",
    "Mesa", "Bayview", "Juniper", "Old Town", "Summit", "Coastal", "Orchard", "Silver", "Union", "Cypress",
    "Market Street",
)  # fmt: skip
SHOP_LAST = ("Wellness", "Collective", "Cannabis Co.", "Dispensary", "Remedies", "Provisions")

CITIES = (
    ("Oakland", "94607"), ("San Jose", "95112"), ("Sacramento", "95814"), ("Long Beach", "90802"),
    ("San Diego", "92101"), ("Fresno", "93721"), ("Santa Rosa", "95401"), ("Los Angeles", "90013"),
)  # fmt: skip

TERMS = (
    "Cash on Delivery", "Consignment", "Net 3", "Net 7", "Net 10", "Net 14", "Net 15", "Net 20", "Net 30",
    "Net 60", "Net 90", "Pre-Payment",
)  # fmt: skip

COMMON_TERMS = ("Cash on Delivery", "Net 7", "Net 15", "Net 30", "Net 30", "Pre-Payment")

PEOPLE = (
    ("Maya", "Ortega"), ("Jordan", "Whitfield"), ("Priya", "Raman"), ("Owen", "Callahan"),
    ("Sofia", "Lindqvist"), ("Marcus", "Bell"), ("Hana", "Okafor"), ("Theo", "Vance"),
)  # fmt: skip

SHOPPERS = (
    ("Ada", "Moreno"), ("Ben", "Sato"), ("Carla", "Nyberg"), ("Dev", "Kapoor"), ("Elle", "Fontaine"),
    ("Finn", "Adeyemi"), ("Gina", "Rossi"), ("Hugo", "Larsen"),
)  # fmt: skip

UNIT_PRICE_SPREAD = (Decimal("-0.60"), Decimal("-0.25"), Decimal(0), Decimal("0.35"), Decimal("0.80"))
