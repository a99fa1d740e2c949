"""Put a world into LeafLink's own records."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import now, stamp
from sandbox.leaflink import inventory
from sandbox.leaflink.denominations import denomination
from sandbox.leaflink.product_fields import INHERITED, MANAGED
from sandbox.leaflink.products import NEW
from sandbox.leaflink.stock import quantity
from sandbox.leaflink.terms import term
from sandbox.office import Office
from sandbox.worlds.catalogue import BY_FLAVOUR, BY_STRAIN, LICENSE_TYPES
from sandbox.worlds.parts import Good, World

CLASSIFICATIONS = {"Sativa": "sativa", "Indica": "indica", "Hybrid": "hybrid", "CBD": "high-cbd"}
STATE_ID = 5
MADE = timedelta(days=200)
EVERY_ON_SALE = 45
STAFF_BASE, CUSTOMER_BASE, PRODUCT_BASE = 400, 40_000, 90_000
# How much higher the numbers of parents are than those of their varieties.
PARENTS = 5_000
WORLD_STEP = 10_000
LATER_BASE = 500_000


def fill(office: Office, world: World) -> None:
    """Write a world's seller, catalogue, customers and staff.

    Args:
        office: the seller's, empty.
        world: the facts.
    """
    step = WORLD_STEP * (office.account.company_id % 10)
    for kind in ("product", "strain", "line"):
        # Companies share the numbers of what is made later; those of the seed end below.
        office.store.start_number(office.kind(kind), LATER_BASE)
    _company(office, world)
    _license_types(office)
    brands = _named(
        office, "brand", world.leaflink.brands, step, company=office.account.company_id, description=""
    )
    strains = _strains(office, world, step)
    _staff(office, world, step)
    _customers(office, world, step)
    _products(office, world, step, brands, strains)


def _company(office: Office, world: World) -> None:
    home = world.facilities[0]
    office.put("company", office.account.company_id, {
        "id": office.account.company_id, "name": office.account.company, "dba": office.account.company,
        "slug": world.name, "address": home.address, "city": home.city, "state": world.state,
        "zipcode": home.zip_code, "buyer": False, "seller": True, "batch_enabled": True, "description": "",
        "business_identifier": "", "business_license_name": office.account.company, "announcement": "",
    })  # fmt: skip
    for place, facility in enumerate(world.facilities):
        number = office.account.company_id * 10 + place
        office.put("license", number, {
            "id": number, "number": facility.license, "type": facility.kind, "display_type": facility.kind,
            "classification": "Adult Use",
        })  # fmt: skip


def _license_types(office: Office) -> None:
    """Write the license types, which every company sees."""
    created = stamp(now() - MADE)
    for place, name in enumerate(LICENSE_TYPES, start=1):
        office.store.put("leaflink.license_type", "", place, {
            "id": place, "type": name, "display_type": name,
            "classification": "Medical" if "Medical" in name else "Adult Use", "state": STATE_ID,
            "state_abbr": "CA", "require_ein": False, "has_medical_line_items": "Medical" in name,
            "active_for_registration": True, "description": None, "pre_2018_CA": False, "post_2018_CA": True,
            "created_on": created, "modified": created,
        })  # fmt: skip
    categories = dict.fromkeys(form.category for form in (*BY_STRAIN, *BY_FLAVOUR))
    for place, category in enumerate(categories, start=1):
        office.store.put("leaflink.category", "", place, {"id": place, "name": category, **_slug(category)})
    subcategories = dict.fromkeys((form.category, form.subcategory) for form in (*BY_STRAIN, *BY_FLAVOUR))
    for place, (category, name) in enumerate(subcategories, start=1):
        parent = list(categories).index(category) + 1
        office.store.put(
            "leaflink.subcategory", "", place, {"id": place, "name": name, **_slug(name), "category": parent}
        )


def _slug(name: str) -> dict[str, str]:
    return {"slug": name.lower().replace(" & ", "-").replace(" ", "-"), "description": ""}


def _named(office: Office, kind: str, names: tuple[str, ...], step: int, **fields: Any) -> dict[str, int]:
    ids = {name: step + place for place, name in enumerate(names, start=1)}
    for name, number in ids.items():
        office.put(kind, number, {"id": number, "name": name, **fields})
    return ids


def _strains(office: Office, world: World, step: int) -> dict[str, int]:
    ids = {}
    for place, strain in enumerate(world.leaflink.strains, start=1):
        number = ids[strain.name.casefold()] = step + place
        office.put("strain", number, {
            "id": number, "name": strain.name, "parents": [], "company": office.account.company_id,
            "strain_classification": CLASSIFICATIONS[strain.kind],
        })  # fmt: skip
    return ids


def _staff(office: Office, world: World, step: int) -> None:
    for place, rep in enumerate(world.leaflink.reps):
        number = STAFF_BASE + step + place
        office.put("staff", number, {
            "id": number, "user": number + 5000, "company": office.account.company_id, "is_admin": place == 0,
            "is_active": rep.active, "is_poc": place == 0, "email": rep.email, "phone": rep.phone,
            "identification_number": "", "display_name": f"{rep.first_name} {rep.last_name}",
            "username": f"{rep.first_name}.{rep.last_name[0]}".lower(),
        })  # fmt: skip


def _customers(office: Office, world: World, step: int) -> None:
    created = stamp(now() - MADE)
    for place, partner in enumerate(world.leaflink.partners):
        number = CUSTOMER_BASE + step + place
        chosen = term(partner.term)
        where = {"address": partner.address, "unit_number": "", "city": partner.city, "state": world.state}
        address = {**where, "zipcode": partner.zip_code}
        office.put("customer", number, {
            "id": number, "name": partner.name, "nickname": "", "dba": partner.dba,
            "business_license_name": partner.name, "license_number": partner.license,
            "old_license_number": None, "license_inactive": False,
            "license_type": LICENSE_TYPES.index(partner.license_type) + 1, "business_identifier": "",
            "ein": "", **address, "county": "", "country": "US", "corporate_address": {**address,
            "county": ""}, "delivery_address": {**address, "county": ""},
            "managers": [STAFF_BASE + step + partner.rep], "owner": office.account.company_id,
            "partner": number + 20_000, "external_id": "", "external_ids": {}, "ext_acct_id": None,
            "payment_term": chosen.id if chosen else None, "payment_methods": [1, 2],
            "available_payment_options": [], "discount_percent": "0.00", "shipping_charge": "0.00",
            "currency": "USD", "price_schedule": None, "tier": None, "status": None, "service_zone": None,
            "delinquent": False, "archived": False, "leaflink_source": True, "delivery_preferences": "",
            "directions": "", "description": "", "notes": "", "website": None, "email": partner.email,
            "phone": partner.phone, "phone_extension": "", "brand": None, "created_on": created,
            "modified": created, "next_contact_date": None,
        })  # fmt: skip


def _products(
    office: Office, world: World, step: int, brands: dict[str, int], strains: dict[str, int]
) -> None:
    lines = dict.fromkeys((good.brand, good.line) for good in world.leaflink.goods)
    line_ids = {pair: step + place for place, pair in enumerate(lines, start=1)}
    for (brand, name), number in line_ids.items():
        office.put(
            "line",
            number,
            {"id": number, "name": name, "brand": brands[brand], "menu_position": number - step},
        )
    categories = {each["name"]: each["id"] for each in office.find("category")}
    subcategories = {each["name"]: each["id"] for each in office.find("subcategory")}
    license_ = office.find("license", limit=1)[0]
    facility = _inventory_facility(office, world)
    for place, good in enumerate(world.leaflink.goods):
        number = PRODUCT_BASE + step + place
        product = {
            **_product(good, place), "id": number, "seller": office.account.company_id,
            "manufacturer": office.account.company_id, "brand": brands[good.brand],
            "product_line": line_ids[good.brand, good.line], "category": categories[good.category],
            "sub_category": subcategories[good.subcategory],
            "strains": [strains[name] for name in [(good.strain or "").casefold()] if name in strains],
            "strain_classification": "hybrid" if good.strain else "na",
            "strain_classification_display": "Hybrid" if good.strain else "N/A", "license": license_,
        }  # fmt: skip
        if good.stock_kind == INHERITED:
            _parent(office, product, number + PARENTS)
        office.put("product", number, product)
        for lot, share in zip(good.lots, good.shares, strict=True) if good.by_batch else ():
            _batch(office, number, lot, facility, share)


def _parent(office: Office, variety: dict[str, Any], number: int) -> None:
    """Write the product that a variety belongs to: it has no SKU, and keeps the stock."""
    parent = {**variety, "id": number, "sku": "", "inventory_management": MANAGED, "children_count": 1}
    office.put("product", number, parent)
    variety["parent"] = {"id": number}


def _inventory_facility(office: Office, world: World) -> int:
    """Write the place where the seller keeps its stock: LeafLink's word for it, one for all of Flourish's."""
    key = office.account.company_id * 10
    name = world.facilities[0].name
    office.put("inventory_facility", key, {"id": key, "name": name, "description": "All stock"})
    return key


def _batch(office: Office, product: int, lot: str, facility: int, share: int) -> None:
    """Write the batch of a lot, its link to the product and its stock: a batch itself names neither."""
    day = (now() - MADE).date().isoformat()
    batch = inventory.add_batch(
        office, production_batch_number=lot, batch_date=day, testing_source="Flourish"
    )
    inventory.assign(office, {"product": product, "batch": batch["id"]})
    inventory.add(office, product, batch["id"], facility, Decimal(share))


def _product(good: Good, place: int) -> dict[str, Any]:
    wholesale = good.price * good.multiplier
    sale = (
        (wholesale * Decimal("0.9")).quantize(Decimal("0.01"))
        if place % EVERY_ON_SALE == EVERY_ON_SALE - 1
        else 0
    )
    created = stamp(now() - MADE)
    return {
        **NEW, "created_on": created, "modified": created, "last_edit": created, "name": good.name,
        "display_name": good.name, "sku": good.sku, "description": f"<p>{good.name}</p>",
        "quantity": quantity(Decimal(good.stock)), "unit_multiplier": good.multiplier,
        "retail_price": str(good.price * 2), "wholesale_price": str(wholesale),
        "sale_price": str(sale or "0.00"), "minimum_order": "1.0000", "maximum_order": None,
        "listing_state": good.listing_state, "display_listing_state": good.listing_state,
        "inventory_management": good.stock_kind, "unit_of_measure": good.unit,
        "sell_in_unit_of_measure": "Case" if good.multiplier > 1 else None,
        "unit_denomination": denomination(1), "base_units_per_unit": str(good.grams),
    }  # fmt: skip
