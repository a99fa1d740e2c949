"""Where the sandbox's answers are wider than the contract files, each with its reason.

Both files type fields from single examples, so that a type there is evidence of one value, not of all.
"""

from typing import Any

# Typed string in the schema and number in the examples: both are seen, so both are served.
NUMERIC_TEXTS = {"amount", "total", "final_tax", "credits", "payment_balance", "available_inventory"}

# Typed string in the schema; the examples hold what stands here, or live answers do.
OTHER_THAN_TYPED: dict[str, list[str]] = {
    "available_transitions": ["array"],  # the example is a list of states
    "is_combination": ["boolean"],  # the example is false
    "inventory_management": ["integer"],  # the example is 1
    "price_schedule_price": ["object"],  # the example is a money object
    "children_count": ["integer"],  # the example is 0
    "image_count": ["integer"],  # the example is 1
    "has_deals_eligible_children": ["boolean"],  # the example is false
    "product": ["integer", "object"],  # a line's product is an id, or the product itself when expanded
    "payment_term": ["string", "integer", "object"],  # seen as words, code, id and nested object
    "available_payment_options": [
        "array"
    ],  # an object for customers in the schema, a list in the order's example
    "bulk_units": ["number"],  # quantity / multiplier need not be whole
}

# Flourish's file types a field that was null in its example as null only, and a whole sum as integer.
SCALARS = ["string", "number", "boolean", "null"]
NULLABLE = {
    "address_line_1", "address_line_2", "contacts", "company_phone_number", "license_number", "license_type",
    "local_license_number", "website", "notes", "company_email", "item_variation_pk", "tax_payment_direction",
    "alias", "timezone", "state", "zip_code", "city", "country", "brand", "strain_id",
    "strain_name", "requested_delivery_date", "invoice_date", "lot_number", "facility_id", "first_name",
    "middle_name", "last_name", "email", "phone_number", "variation_retail_display_name", "external_id",
    "distributor", "sales_rep",
    # An item's potency, which the list's examples show as null.
    "unit_cbd_percent", "unit_thc_percent", "thc_ratio", "cbd_ratio", "cbd_per_unit",
    "unit_cbd_content_uom_id", "cbd_per_unit_uom", "cbd_per_unit_uom_description", "thc_per_unit",
    "unit_thc_content_uom_id", "thc_per_unit_uom", "thc_per_unit_uom_description",
    # What few customers have.
    "customer_group", "medical_card_expiration", "medical_card_state", "patient_id", "preferred_name",
    "state_id", "state_id_expiration_timestamp", "allergies", "phone",
    # What few retail orders have: a variation, a number to call, a time that was agreed on.
    "variation_name", "unit_qty", "delivery_contact_no", "delivery_text_contact_no", "delivery_email",
    "delivery_timestamp", "delivery_backup_timestamp", "order_notes", "tax_type",
    "delivery_address_id", "approved_by",
    # A lab result that came by itself.
    "origin_id",
}  # fmt: skip
# A lab measures some of what it may; what it did not is null.
MEASURED = "_percentage"
# Not every company has accounts or physicians; the one example had. A contact's inner details stand in PUT's
# example only.
LEFT_OUT = {
    "finance_account_revenue", "finance_account_asset", "finance_account_expense", "facility_contact_id",
    "department", "is_primary",
    "physician",
}  # fmt: skip
LEFT_OUT_OF_CONTACT = {
    "created_by", "created_timestamp", "facility_id", "last_updated_by", "last_updated_timestamp", "notes",
}  # fmt: skip
# The vendor's own plugin filters by these, though the documentation lists them not.
UNDOCUMENTED_FILTERS = {"items": {"item_id", "sku"}}


def leaflink_schema(schema: dict[str, Any], components: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Return an OpenAPI 3.0 schema of LeafLink as JSON Schema, widened; every documented field is required.

    Any field may be null: the file marks few as nullable, while its own examples hold null in others.
    """
    if "$ref" in schema:
        return leaflink_schema(components[schema["$ref"].rsplit("/", 1)[1]], components, name)
    if name in OTHER_THAN_TYPED:
        return {"type": [*OTHER_THAN_TYPED[name], "null"]}
    types = [schema.get("type", "object")]
    if "string" in types and (schema.get("format") == "decimal" or name in NUMERIC_TEXTS):
        types.append("number")
    widened: dict[str, Any] = {"type": [*types, "null"]}
    if "enum" in schema:
        widened["enum"] = [*schema["enum"], None]
    if "items" in schema:
        widened["items"] = leaflink_schema(schema["items"], components)
    if "properties" in schema:
        widened["properties"] = {
            field: leaflink_schema(each, components, field) for field, each in schema["properties"].items()
        }
        widened["required"] = sorted(set(schema["properties"]) - ABSENT_IN_LEAFLINK)
    return widened


ABSENT_IN_LEAFLINK = {
    "image", "banner",  # pictures are files of another host
    "lat", "long", "leaflink_last_views",  # never used, and empty in most real records
    "apply_ancillary_tax", "apply_arms_length_tax", "has_accting", "hide_attached_packages",  # the same
    "sts_enabled",  # the same
    "get_acquire_type_display", "payment_method_id", "payment_term_id",
    "max_decimal_value", "text_value", "county",
}  # fmt: skip


def flourish_schema(shape: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Return a shape of Flourish's file as JSON Schema, widened; what all examples have is required."""
    if "type" not in shape:
        return {}  # the example's list was empty
    types = list(shape["type"])
    if types == ["null"]:
        return {"type": [*SCALARS, "array", "object"]}
    if "integer" in types:
        types.append("number")
    # Ids are text in one example and number in another.
    if name in NULLABLE or name == "id" or "null" in types or name.endswith(MEASURED):
        types = [*types, *SCALARS]
    widened: dict[str, Any] = {"type": sorted(set(types))}
    if "properties" in shape:
        widened["properties"] = {
            field: flourish_schema(each, field) for field, each in shape["properties"].items()
        }
        left_out = LEFT_OUT | (LEFT_OUT_OF_CONTACT if name == "contact" else set())
        widened["required"] = sorted(set(shape.get("seen_in_all", shape["properties"])) - left_out)
    if "items" in shape:
        widened["items"] = flourish_schema(shape["items"])
    return widened
