"""The mismatches planted in the sunrise world, as data: what one side holds instead of the agreed fact.

A good is named by its place in the catalogue, a partner and a rep by theirs. Places are far apart, so that
one thing carries one mismatch.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.worlds.parts import Good, Organisation, Side, Strain, World


@dataclass(frozen=True)
class Mismatch:
    """One planted difference.

    Args:
        what: in words, for the person who looks for it.
        side: leaflink, flourish or ordo.
        part: goods, partners or reps; of ordo also brands or licenses.
        place: which of them.
        change: makes the new facts from the agreed ones; None removes the thing.
    """

    what: str
    side: str
    part: str
    place: int
    change: Callable[[Any], dict[str, Any]] | None


def _sku(change: Callable[[str], str]) -> Callable[[Good], dict[str, Any]]:
    return lambda good: {"sku": change(good.sku)}


MISMATCHES = (
    Mismatch("SKU in lower case", "leaflink", "goods", 3, _sku(str.lower)),
    Mismatch("SKU with spaces for hyphens", "leaflink", "goods", 15, _sku(lambda sku: sku.replace("-", " "))),
    Mismatch("SKU without hyphens", "flourish", "goods", 27, _sku(lambda sku: sku.replace("-", ""))),
    Mismatch("SKU with a space inside", "flourish", "goods", 39, _sku(lambda sku: sku.replace("-", "- ", 1))),
    Mismatch("SKU with spaces around it, which trimming mends", "leaflink", "goods", 51,
    _sku(lambda sku: f" {sku} ")), Mismatch("SKU not in Flourish", "flourish", "goods", 63, None),
    Mismatch("SKU not in Flourish", "flourish", "goods", 64, None), Mismatch("SKU not in LeafLink",
    "leaflink", "goods", 75, None), Mismatch("SKU not in LeafLink", "leaflink", "goods", 76, None),
    Mismatch("two products with one SKU in LeafLink", "leaflink", "goods", 88,
    lambda _: {"sku": "SR-FL35-NORLIG"}), Mismatch("item inactive", "flourish", "goods", 100,
    lambda _: {"active": False}), Mismatch("item not active for e-commerce", "flourish", "goods", 101,
    lambda _: {"ecommerce": False}), Mismatch("item without its strain", "flourish", "goods", 112,
    lambda _: {"strain": None}), Mismatch("brand differs in case", "leaflink", "goods", 124,
    lambda _: {"brand": "SUNRISE GARDENS"}), Mismatch("brand unknown to LeafLink", "flourish", "goods", 136,
    lambda _: {"brand": "Sunrise Heritage"}), Mismatch("product line differs", "leaflink", "goods", 148,
    lambda good: {"line": f"{good.line} "}), Mismatch("product Unavailable", "leaflink", "goods", 160,
    lambda _: {"listing_state": "Unavailable"}), Mismatch("product Internal", "leaflink", "goods", 161,
    lambda _: {"listing_state": "Internal"}), Mismatch("product Archived", "leaflink", "goods", 172,
    lambda _: {"listing_state": "Archived"}), Mismatch("units of different families", "flourish", "goods",
    184, lambda _: {"uom": "g"}), Mismatch("lot number in lower case", "leaflink", "goods", 74,
    lambda good: {"lots": tuple(lot.lower() for lot in good.lots)}),
    Mismatch("lot number not in Flourish", "leaflink", "goods", 86, lambda _: {"lots": ("SRX-A", "SRX-B")}),
    Mismatch("units of one family", "leaflink", "goods", 196, lambda _: {"unit": "Ounce"}),
    Mismatch("units of one family", "flourish", "goods", 196, lambda _: {"uom": "lb"}),
    Mismatch("sold by weight in LeafLink", "leaflink", "goods", 197, lambda _: {"unit": "Gram"}),
    Mismatch("stock without a limit", "leaflink", "goods", 208, lambda _: {"stock_kind": 2}),
    Mismatch("a variety whose parent without SKU keeps the stock", "leaflink", "goods", 209,
    lambda _: {"stock_kind": 3}), Mismatch("SKU with a comma", "flourish", "goods", 220,
    lambda good: {"sku": good.sku.replace("-", ",", 1)}),
    Mismatch("customer without a license", "leaflink", "partners", 5,
    lambda _: {"license": None}),
    Mismatch(
        "license with its type label behind it", "leaflink", "partners", 11,
        lambda partner: {"license": f"{partner.license}  {partner.license_type}"},
    ),
    Mismatch(
        "license in lower case", "leaflink", "partners", 17,
        lambda partner: {"license": partner.license.lower()},
    ),
    Mismatch(
        "license without hyphens", "flourish", "partners", 23,
        lambda partner: {"license": partner.license.replace("-", "")},
    ),
    Mismatch(
        "two customers of one name with different licenses", "leaflink", "partners", 29,
        lambda _: {"name": "Redwood Wellness Sunrise Boulevard", "dba": "Redwood Wellness"},
    ),
    Mismatch(
        "two destinations of one name with different licenses", "flourish", "partners", 29,
        lambda _: {"name": "Redwood Wellness Sunrise Boulevard", "dba": "Redwood Wellness"},
    ), Mismatch("destination not in Flourish", "flourish", "partners", 41, None),
    Mismatch("destination not in Flourish", "flourish", "partners", 42, None),
    Mismatch("new customer without an address", "leaflink", "partners", 119, lambda _: {"address": "",
    "city": ""}), Mismatch("rep with another e-mail", "leaflink", "reps", 1,
    lambda rep: {"email": f"{rep.first_name.lower()}@sunrise.example"}),
    Mismatch("rep's e-mail in other case", "leaflink", "reps", 2, lambda rep: {"email": rep.email.title()}),
    Mismatch("one e-mail twice", "flourish", "reps", 4, lambda _: {"email": "owen.callahan@sunrise.example"}),
    Mismatch("rep inactive", "flourish", "reps", 5, lambda _: {"active": False}),
    Mismatch("rep without a facility", "flourish", "reps", 6, lambda _: {"facility": None}),
    Mismatch("item without a brand", "flourish", "goods", 232, lambda _: {"brand": ""}),
    Mismatch("brand differs in case", "ordo", "brands", 1, lambda _: {"name": "SUNRISE LABS"}),
    Mismatch("own license without address line 2", "ordo", "licenses", 0, lambda _: {"street2": ""}),
    Mismatch("item without a brand", "ordo", "goods", 5, lambda _: {"brand": ""}),
    Mismatch("SKU in lower case", "ordo", "goods", 14, _sku(str.lower)),
    Mismatch("payment term that is neither cash nor net", "ordo", "partners", 2,
    lambda _: {"term": "Half now, half on delivery"}),
    Mismatch(
        "license with two digits changed round", "ordo", "partners", 14,
        lambda partner: {"license": partner.license.replace("052", "025")},
    ),
)  # fmt: skip

WORLDS_WITH_MISMATCHES = ("sunrise",)
MISSING_STRAINS = {"leaflink": ("Forbidden Fruit",), "flourish": ()}
RENAMED_STRAINS = {"leaflink": {"Gelato 33": "GELATO 33"}, "flourish": {}}
MISSING_TERMS = ("Net 10", "Consignment")


def planted(world: World) -> World:
    """Return the world with every mismatch in it."""
    return replace(
        world,
        leaflink=_planted_side(world.leaflink, "leaflink"),
        ordo=_planted_organisation(world.ordo),
        flourish=replace(
            _planted_side(world.flourish, "flourish"),
            terms=tuple(term for term in world.flourish.terms if term not in MISSING_TERMS),
        ),
    )


def _planted_side(side: Side, name: str) -> Side:
    changed = replace(
        side,
        goods=_changed(side.goods, name, "goods"),
        partners=_changed(side.partners, name, "partners"),
        reps=_changed(side.reps, name, "reps"),
        strains=_strains(side.strains, name),
    )
    brands = dict.fromkeys((*side.brands, *(good.brand for good in changed.goods if good.brand)))
    return replace(changed, brands=tuple(brands))


def _planted_organisation(known: Organisation) -> Organisation:
    parts = ("brands", "licenses", "goods", "partners", "reps")
    return Organisation(**{part: _changed(getattr(known, part), "ordo", part) for part in parts})


def _changed(things: tuple[Any, ...], side: str, part: str) -> tuple[Any, ...]:
    changes = {each.place: each.change for each in MISMATCHES if (each.side, each.part) == (side, part)}
    kept = []
    for place, thing in enumerate(things):
        if place not in changes:
            kept.append(thing)
        elif (change := changes[place]) is not None:
            kept.append(replace(thing, **change(thing)))
    return tuple(kept)


def _strains(strains: tuple[Strain, ...], side: str) -> tuple[Strain, ...]:
    names = RENAMED_STRAINS[side]
    return tuple(
        replace(strain, name=names.get(strain.name, strain.name))
        for strain in strains
        if strain.name not in MISSING_STRAINS[side]
    )
