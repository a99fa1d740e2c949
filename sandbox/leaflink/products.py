"""Products, strains and lines: made and changed, by the API or in the app; a webhook tells of each change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.clock import stamp
from sandbox.errors import BadValue, Refused
from sandbox.leaflink import webhooks
from sandbox.leaflink.product_fields import CLASSES, INHERITED, MANAGED, NEEDED, READERS
from sandbox.leaflink.stock import quantity
from sandbox.office import Office
from sandbox.store import Body, equal

REQUIRED = "This field is required."
STRAINS_IN = "Flower"
MAX_LINE = 100

# What a product is until somebody says otherwise.
NEW: dict[str, Any] = {
    "drop_date": None, "dropped": None, "quantity": "0.0000", "reserved_qty": "0.0000", "unit_multiplier": 1,
    "is_medical_line_item": False, "AVAILABLE_FOR_SAMPLES": True, "extern_acct_id": None,
    "extern_income_acct_id": "", "featured": False, "tagline": None, "featured_on_deals": False,
    "allow_fractional_quantities": False, "parent": None, "inventory_management": MANAGED,
    "sell_in_unit_of_measure": None, "grow_type": None, "seller_internal_id": "", "product_line": None,
    "strains": [], "children_count": 0, "image_count": 0, "is_ancillary": False,
    "s2s_conversion_amount": "1.0000", "extern_sts_ids": None, "has_deals_eligible_children": False,
    "discount_percent": 0, "base_units_per_unit": None, "external_ids": {}, "threshold_value": 0,
    "threshold_action": "unavailable", "reverse_threshold_value": 1, "reverse_threshold_action": "available",
    "show_quantity": True, "product_data_items": [],
}  # fmt: skip


class Invalid(Refused):
    """Several fields are wrong at once.

    Args:
        errors: what is wrong with each.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("Several fields are wrong.")
        self.errors = {name: [message] for name, message in errors.items()}


def create(office: Office, asked: Body) -> Body:
    """Make a product. One SKU may be on several: no source says that LeafLink minds.

    Raises:
        Invalid: fields are missing. BadValue: a value cannot be.
    """
    missing = [name for name in NEEDED if asked.get(name) is None]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    product = {**NEW, **_read(office, asked)}
    product.pop("available_inventory", None)
    _check_new(office, product, asked)
    return _add(office, product)


def create_like(office: Office, like: Body, asked: Body) -> Body:
    """Make a product as another one is, but for what is asked, as copying it in the app does."""
    return _add(office, {**like, "reserved_qty": "0.0000", "children_count": 0, **_read(office, asked)})


def _add(office: Office, product: Body) -> Body:
    moment, number = stamp(), office.next_number("product")
    product |= {
        "id": number, "display_name": product["name"], "created_on": moment, "modified": moment,
        "last_edit": moment,
    }  # fmt: skip
    office.put("product", number, product)
    _count_children(office, product["parent"])
    webhooks.announce_product(office, product, "create")
    return product


def _check_new(office: Office, product: Body, asked: Body) -> None:
    wrong: dict[str, str] = {}
    if product["inventory_management"] == MANAGED and asked.get("quantity") is None:
        wrong["quantity"] = REQUIRED
    if product["unit_multiplier"] > 1 and not product["sell_in_unit_of_measure"]:
        wrong["sell_in_unit_of_measure"] = REQUIRED
    if product["unit_of_measure"] == "Unit" and product["base_units_per_unit"] is None:
        wrong["base_units_per_unit"] = REQUIRED
    if office.need("category", product["category"])["name"] == STRAINS_IN and not product["strains"]:
        wrong["strains"] = REQUIRED
    subcategory = office.need("subcategory", product["sub_category"])
    if subcategory["category"] != product["category"]:
        wrong["sub_category"] = "This subcategory is of another category."
    if wrong:
        raise Invalid(wrong)


def change(office: Office, key: object, asked: Body, *, by_user: bool = True) -> Body:
    """Change a product; `modified` moves with every change, and `last_edit` where a user makes it.

    Raises:
        Missing: there is none. BadValue: a value cannot be.
    """
    product = office.need("product", key)
    fields = _read(office, asked)
    if {"quantity", "available_inventory"} <= fields.keys():
        raise BadValue("Write either quantity or available_inventory.", "available_inventory")
    # No source says what LeafLink answers; that the parent keeps the stock is known.
    if product["inventory_management"] == INHERITED and {"quantity", "available_inventory"} & fields.keys():
        raise BadValue("The inventory of this product is inherited from its parent.", "quantity")
    if "available_inventory" in fields:
        there = Decimal(fields.pop("available_inventory")) + Decimal(product["reserved_qty"])
        fields["quantity"] = quantity(there)
    return save(office, {**product, **fields}, by_user=by_user)


def archive(office: Office, key: object) -> Body:
    """Archive a product, which is all that deleting does."""
    product = office.need("product", key)
    return save(office, {**product, "listing_state": "Archived", "display_listing_state": "Archived"})


def save(office: Office, product: Body, *, by_user: bool = True) -> Body:
    """Write a changed product, and tell of it: of a parent its varieties are told of instead."""
    moment = stamp()
    product |= {"display_name": product["name"], "modified": moment}
    product |= {"last_edit": moment} if by_user else {}
    office.put("product", product["id"], product)
    _count_children(office, product["parent"])
    children = (
        office.find("product", equal("$.parent.id", product["id"])) if product["children_count"] else []
    )
    for each in children or [product]:
        webhooks.announce_product(office, each)
    return product


def _count_children(office: Office, parent: Body | None) -> None:
    if parent is None:
        return
    record = office.need("product", parent["id"])
    count = office.count("product", equal("$.parent.id", parent["id"]))
    office.put("product", parent["id"], {**record, "children_count": count})


def _read(office: Office, asked: Body) -> Body:
    found: Body = {}
    for name, value in asked.items():
        if name in READERS:
            found |= READERS[name](office, name, value)
    return found


def create_strain(office: Office, asked: Body) -> Body:
    """Make a strain of the company's own.

    Raises:
        Invalid: name or classification is missing. BadValue: a value cannot be.
    """
    missing = [name for name in ("name", "strain_classification") if not asked.get(name)]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    if asked["strain_classification"] not in CLASSES:
        raise BadValue(f'"{asked["strain_classification"]}" is not a valid choice.', "strain_classification")
    number = office.next_number("strain")
    strain = {
        "id": number, "name": str(asked["name"]), "parents": [], "company": office.account.company_id,
        "strain_classification": asked["strain_classification"],
    }  # fmt: skip
    office.put("strain", number, strain)
    return strain


def save_line(office: Office, asked: Body, line: Body | None = None) -> Body:
    """Make a product line, or change one.

    Raises:
        Invalid: name or brand is missing. BadValue: a value cannot be.
    """
    wanted = dict(line or {"menu_position": 1})
    wanted |= {name: asked[name] for name in ("name", "brand", "menu_position") if name in asked}
    missing = [name for name in ("name", "brand") if not wanted.get(name)]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    if not isinstance(wanted["name"], str) or len(wanted["name"]) > MAX_LINE:
        raise BadValue(f"Ensure this field has no more than {MAX_LINE} characters.", "name")
    READERS["brand"](office, "brand", wanted["brand"])
    if line is None:
        wanted["id"] = office.next_number("line")
    office.put("line", wanted["id"], wanted)
    return wanted
