"""Make a world from a seed: one that every platform agrees on, then, for sunrise, its mismatches."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from sandbox.worlds import catalogue
from sandbox.worlds.catalogue import Form
from sandbox.worlds.mismatches import WORLDS_WITH_MISMATCHES, planted
from sandbox.worlds.parts import (
    Brand,
    Facility,
    Good,
    Organisation,
    OwnLicense,
    Partner,
    Rep,
    Shopper,
    Side,
    World,
)

PARTNERS = 120
NEW_PARTNERS = 8
# How many goods people have entered in Ordo by hand; the others come by the hub.
BY_HAND = 60
STATE = "CA"

STYLES = {
    "greenleaf": (
        "Greenleaf",
        "GL",
        ("Greenleaf Farms", "Greenleaf Extracts", "Greenleaf Kitchen"),
        "Avenue",
        214,
    ),
    "sunrise": ("Sunrise", "SR", ("Sunrise Gardens", "Sunrise Labs", "Sunrise Pantry"), "Boulevard", 5214),
    "ember": ("Ember", "EM", ("Ember Flower", "Ember Extracts", "Ember Kitchen"), "Lane", 9214),
    "verde": ("Verde", "VD", ("Verde Gardens", "Verde Labs", "Verde Kitchen"), "Street", 12214),
}
# A world that only one platform's story needs is small: one good and one shop in so many.
SMALL = {"ember": 6, "verde": 11}
# Whose facilities are shops that people walk into.
SHOPS = ("verde",)


def make_world(name: str, seed: int) -> World:
    """Return a world's facts; the same name and seed give the same facts.

    Args:
        name: greenleaf (everything matches), sunrise (with planted mismatches), ember (small, all matches) or
            verde (the same, of two shops).
        seed: prices, stock and who buys from whom follow from it.
    """
    world = agreed_world(name, seed)
    return planted(world) if name in WORLDS_WITH_MISMATCHES else world


def agreed_world(name: str, seed: int) -> World:
    """Return a world as every platform agrees on it, before any mismatch."""
    random = Random(f"{name}:{seed}")
    marker, prefix, brands, street, first_license = STYLES[name]
    one_in = SMALL.get(name, 1)
    partners = tuple(_partners(marker, street, first_license, random))[::one_in]
    side = Side(
        goods=tuple(_goods(marker, prefix, brands, random))[::one_in],
        strains=catalogue.STRAINS,
        brands=brands,
        partners=partners,
        reps=tuple(_reps(marker)),
        terms=catalogue.TERMS,
    )
    known = Side(side.goods, side.strains, side.brands, partners[:-NEW_PARTNERS], side.reps, side.terms)
    facilities = _facilities(name, marker, street, first_license)
    return World(
        name,
        marker,
        STATE,
        facilities,
        leaflink=side,
        flourish=known,
        ordo=_organisation(known, facilities),
        shoppers=tuple(_shoppers(marker)),
    )


def _shoppers(marker: str) -> Iterator[Shopper]:
    """Make the shops' known customers; each third one is a patient."""
    for place, (first, last) in enumerate(catalogue.SHOPPERS):
        yield Shopper(
            first,
            last,
            f"{first}.{last}@{marker}.shoppers.example".lower(),
            f"51055501{place:02d}",
            f"{1960 + 5 * place}-{1 + place % 12:02d}-{3 + 2 * place:02d}",
            f"MMJ-{marker[:2].upper()}-{1000 + place}" if place % 3 == 0 else None,
        )


def _organisation(known: Side, facilities: tuple[Facility, ...]) -> Organisation:
    return Organisation(
        brands=tuple(Brand(name) for name in known.brands),
        licenses=tuple(
            OwnLicense(each.license, each.address, f"Suite {100 + place}", each.city, each.zip_code)
            for place, each in enumerate(facilities)
        ),
        goods=known.goods[:BY_HAND],
        partners=known.partners,
        reps=known.reps,
    )


def _goods(marker: str, prefix: str, brands: tuple[str, ...], random: Random) -> Iterator[Good]:
    kinds: list[tuple[Form, str, str | None]] = [
        (form, strain.name, strain.name) for strain in catalogue.STRAINS for form in catalogue.BY_STRAIN
    ]
    kinds += [(form, flavour, None) for flavour in catalogue.FLAVOURS for form in catalogue.BY_FLAVOUR]
    for place, (form, variety, strain) in enumerate(kinds):
        yield Good(
            sku=f"{prefix}-{form.code}-{_code(variety)}",
            name=f"{marker} {variety} {form.label}",
            brand=brands[form.brand],
            line=form.line,
            category=form.category,
            subcategory=form.subcategory,
            strain=strain,
            price=Decimal(form.price) + random.choice(catalogue.UNIT_PRICE_SPREAD),
            multiplier=form.multiplier,
            stock=random.randint(20, 90) * max(form.multiplier, 10),
            grams=Decimal(form.grams),
            lots=(f"{prefix}{place:04d}-A", f"{prefix}{place:04d}-B"),
            by_batch=form.code in catalogue.BY_BATCH,
        )


def _code(words: str) -> str:
    """Shorten a variety to letters of each of its words: Blue Dream becomes BLUDRE."""
    return "".join(part[:3] for part in words.upper().replace("#", "").replace("-", " ").split())


def _partners(marker: str, street: str, first_license: int, random: Random) -> Iterator[Partner]:
    names = [f"{first} {last}" for last in catalogue.SHOP_LAST for first in catalogue.SHOP_FIRST]
    for place, name in enumerate(names[:PARTNERS]):
        city, zip_code = catalogue.CITIES[place % len(catalogue.CITIES)]
        slug = name.lower().replace(" ", "").replace(".", "")
        yield Partner(
            name=f"{name} {marker} {street}",
            dba=name,
            license=f"C10-{first_license + place:07d}-LIC",
            license_type=catalogue.LICENSE_TYPES[0 if place % 5 else place // 5 % 4],
            address=f"{100 + 7 * place} {marker} {street}",
            city=city,
            zip_code=zip_code,
            phone=f"555-01{place % 100:02d}",
            email=f"orders@{slug}.{marker.lower()}.example",
            contact=f"{random.choice(catalogue.PEOPLE)[0]} {random.choice(catalogue.PEOPLE)[1]}",
            term=random.choice(catalogue.COMMON_TERMS),
            rep=place % len(catalogue.PEOPLE),
        )


def _reps(marker: str) -> Iterator[Rep]:
    for place, (first, last) in enumerate(catalogue.PEOPLE):
        email = f"{first}.{last}@{marker}.example".lower()
        yield Rep(
            first, last, email, f"555-02{place:02d}", facility=0 if place < len(catalogue.PEOPLE) // 2 else 1
        )


def _facilities(name: str, marker: str, street: str, first_license: int) -> tuple[Facility, ...]:
    kind, what, short = (
        ("Dispensary", "Store", "Store") if name in SHOPS else ("Distributor", "Distribution", "DC")
    )
    return (
        Facility(
            f"{marker} Oakland {what}", f"Oakland {short}", kind, f"C11-{first_license - 100:07d}-LIC",
            f"1 {marker} {street}", "Oakland", "94621", "America/Los_Angeles", sales_rep_required=True,
        ),
        Facility(
            f"{marker} Long Beach {what}", f"Long Beach {short}", kind, f"C11-{first_license - 99:07d}-LIC",
            f"2 {marker} {street}", "Long Beach", "90813", "America/Los_Angeles", sales_rep_required=False,
        ),
    )  # fmt: skip
