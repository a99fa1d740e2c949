"""Put a world into Flourish's own records."""

from datetime import timedelta
from typing import Any

from sandbox.clock import now, stamp
from sandbox.flourish.nothings import EMPTY_BILLING
from sandbox.money import number
from sandbox.office import Office
from sandbox.worlds.catalogue import BY_FLAVOUR, BY_STRAIN
from sandbox.worlds.parts import Facility, Good, Partner, World

MADE = timedelta(days=300)
UOMS = {
    "ea": "Each", "g": "Gram", "kg": "Kilogram", "mg": "Milligram", "oz": "Ounce", "lb": "Pound", "t": "Ton",
    "ml": "Milliliter", "l": "Liter", "fl oz": "Fluid Ounce", "gal": "Gallon",
}  # fmt: skip


def padded(value: int) -> str:
    """Return an id as Flourish writes it: eight digits."""
    return f"{value:08d}"


def fill(office: Office, world: World) -> None:
    """Write a world's facilities, catalogue, stock, destinations and people.

    Args:
        office: the company's, empty.
        world: the facts.
    """
    facilities = [_facility(office, facility, world) for facility in world.facilities]
    brands = {name: office.next_number("brand") for name in world.flourish.brands}
    for name, number_ in brands.items():
        office.put("brand", number_, {"brand_id": number_, "brand_name": name, "active": 1})
    strains = {strain.name: _strain(office, strain.name, strain.kind) for strain in world.flourish.strains}
    for good in world.flourish.goods:
        _item(office, good, strains, facilities)
    for partner in world.flourish.partners:
        _destination(office, partner, world.state)
    for rep in world.flourish.reps:
        _rep(
            office,
            rep.first_name,
            rep.last_name,
            rep.email,
            rep.phone,
            rep.active,
            _facility_id(facilities, rep.facility),
        )
    for term in world.flourish.terms:
        add_term(office, term, int(term.removeprefix("Net ")) if term.startswith("Net ") else 0)
    if not office.count("uom"):
        _shared(office)


def _made() -> dict[str, str]:
    moment = stamp(now() - MADE)
    return {
        "created_by": "setup", "created_timestamp": moment, "last_updated_by": "setup",
        "last_updated_timestamp": moment,
    }  # fmt: skip


def _facility_id(facilities: list[str], place: int | None) -> str | None:
    return None if place is None else facilities[place]


def _facility(office: Office, facility: Facility, world: World) -> str:
    key = padded(office.next_number("facility"))
    moments = _made()
    office.put("facility", key, {
        "id": key, "facility_name": facility.name, "alias": facility.alias, "facility_type": facility.kind,
        "license_number": facility.license, "license_type": None, "local_license_number": None,
        "address_line_1": facility.address, "address_line_2": None, "city": facility.city,
        "state": world.state, "zip_code": facility.zip_code, "country": "United States",
        "timezone": facility.timezone, "billing": EMPTY_BILLING, "company_email": None,
        "company_phone_number": "555-0300", "external_id": None, "website": None, "notes": None,
        "active": True, "contacts": None, "total_open_balance": None, "number_open_invoices": None,
        "sales_rep_required_for_outbound": facility.sales_rep_required, "synced_from_compliance": 0,
        "created_timestamp": moments["created_timestamp"],
        "last_updated_timestamp": moments["last_updated_timestamp"],
    })  # fmt: skip
    return key


def _strain(office: Office, name: str, kind: str) -> str:
    key = padded(office.next_number("strain"))
    sativa = {"Sativa": 90, "Indica": 10}.get(kind, 50)
    office.put("strain", key, {
        "id": key, "strain_name": name, "abbreviation": "".join(word[0] for word in name.split()).upper(),
        "description": f"{kind} strain", "feel": None, "type": kind, "indica_percentage": 100 - sativa,
        "sativa_percentage": sativa, "thc_level": None, "cbd_level": None, "veg_length_days": 28,
        "flower_length_days": 63, "active": True, "external": False, **_made(),
    })  # fmt: skip
    return key


def _item(office: Office, good: Good, strains: dict[str, str], facilities: list[str]) -> None:
    key = padded(office.next_number("item"))
    strain = office.get("strain", strains[good.strain]) if good.strain else None
    needs_strain = good.category in ("Flower", "Pre-Rolls", "Cartridges", "Concentrates")
    office.put("item", key, {
        "id": key, "item_name": good.name, "active": good.active, "external": False, "sku": good.sku,
        "price": number(good.price), "cost": number(good.price / 2), "item_description": good.name,
        "retail_display_name": good.name, "inventory_type": "Finished Goods", "item_class": good.category,
        "item_category": good.subcategory, "product_source_type": "Manufactured", "brand": good.brand or None,
        "strain_required": needs_strain, "strain_id": strain["id"] if strain else None,
        "strain_name": strain["strain_name"] if strain else None,
        "strain_type_name": strain["type"] if strain else None,
        "item_strain_type_name": strain["type"] if strain else None, "ref_field_1": good.line,
        "sellable": True, "needs_fulfillment": False, "is_medical": False, "is_tax_exempt": False,
        "lot_tracked": True, "serial_number_tracked": False, "use_by_date_req": False, "plant_additive": 0,
        "single_unit_package": False, "standard_qty_uom_id": list(UOMS).index(good.uom) + 1, "uom": good.uom,
        "uom_description": UOMS[good.uom], "sync_each_by_weight_or_volume_uom": False,
        "unit_weight": number(good.grams), "weight_uom_id": 2, "weight_uom": "g",
        "weight_uom_description": UOMS["g"], "ecommerce_active": good.ecommerce, "ecommerce_item_name": None,
        "ecommerce_category_name": good.category, "ecommerce_sub_category_name": good.subcategory,
        "integration_status_id": 40, **_made(),
    })  # fmt: skip
    for facility, share, lot in zip(facilities, good.shares, good.lots, strict=True):
        office.put("stock", f"{facility}:{key}", {
            "item_id": key, "sku": good.sku, "facility_id": facility,
            "lot_number": lot, "qty": str(share), "allocated": "0",
            "on_order": "0", "last_updated_timestamp": stamp(now() - MADE),
        })  # fmt: skip


def _destination(office: Office, partner: Partner, state: str) -> None:
    add_destination(office, {
        "type": "Dispensary", "name": partner.name, "alias": partner.dba, "license_number": partner.license,
        "license_type": partner.license_type, "address_line_1": partner.address, "city": partner.city,
        "state": state, "zip_code": partner.zip_code, "company_phone_number": partner.phone,
        "company_email": partner.email, "timezone": "America/Los_Angeles",
    })  # fmt: skip


def add_destination(office: Office, fields: dict[str, Any]) -> dict[str, Any]:
    """Write a new destination with these fields and nothing in the others, and return it."""
    key = padded(office.next_number("destination"))
    moment = stamp()
    destination = {
        "type": "Dispensary", "name": "", "alias": "", "company_email": None, "company_phone_number": None,
        "address_line_1": None, "address_line_2": None, "city": None, "state": None, "zip_code": None,
        "country": "United States", "timezone": None, "billing": EMPTY_BILLING, "license_number": None,
        "local_license_number": None, "license_type": None, "external_id": None, "website": None,
        "notes": None, "active": True, "contacts": None, **fields, "id": key, "created_timestamp": moment,
        "last_updated_timestamp": moment,
    }  # fmt: skip
    office.put("destination", key, destination)
    return destination


def _rep(
    office: Office, first: str, last: str, email: str, phone: str | None, active: bool, facility: str | None
) -> None:
    add_rep(office, {
        "first_name": first, "last_name": last, "email": email, "phone_number": phone, "active": active,
        "facility_id": facility,
    })  # fmt: skip


def add_rep(office: Office, fields: dict[str, Any]) -> dict[str, Any]:
    """Write a new sales rep and return it."""
    key = office.next_number("sales_rep")
    rep = {
        "sales_rep_id": key, "first_name": "", "middle_name": None, "last_name": "", "phone_number": None,
        "email": None, "facility_id": None, "active": True, **fields, **_made(),
    }  # fmt: skip
    office.put("sales_rep", key, rep)
    return rep


def add_term(office: Office, name: str, days: int) -> dict[str, Any]:
    """Write a new payment term and return it."""
    key = office.next_number("term")
    term = {
        "order_payment_term_id": key, "order_payment_term": name, "due_num_days": days, "due_day_of_month": 0,
        "due_next_month_cond_num_days": 0,
    }  # fmt: skip
    office.put("term", key, term)
    return term


def _shared(office: Office) -> None:
    for name, words in UOMS.items():
        kind = "Count" if name == "ea" else "Volume" if name in ("ml", "l", "fl oz", "gal") else "Weight"
        office.store.put("flourish.uom", "", name, {"uom": name, "description": words, "uom_type": kind})
    for form in (*BY_STRAIN, *BY_FLAVOUR):
        category = {
            "inventory_type": "Finished Goods", "item_class": form.category,
            "item_category": form.subcategory,
        }  # fmt: skip
        office.store.put("flourish.category", "", form.subcategory, category)
