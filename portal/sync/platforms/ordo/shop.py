"""What Ordo takes of items, and by which rules (OR-1, OR-4). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.sync.catalogues import Catalogue, FieldRow
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import FacilityFacts
from portal.sync.platforms.ordo.whole import plan_whole

FIELDS = (
    FieldRow("stock", "Sellable quantity", "what Flourish says is sellable in the facility, zero too"),
    FieldRow("name", "Name", "the item's name"),
    FieldRow(
        "brand", "Brand", "the item's brand, which lets it in: it has to be one of Ordo's, spelled alike"
    ),
    FieldRow("category", "Category", "the item's category"),
    FieldRow("unit", "Unit", "the item's unit of measure"),
    FieldRow("price", "Price", "the item's price"),
)


def item_rules(_chosen: Mapping[str, Any], connection_id: str, facility: FacilityFacts) -> CatalogueRules:
    """Make the rules of a connection: Ordo leaves nothing to choose.

    Args:
        connection_id: whose they are.
        facility: the connection's own.
    """
    return CatalogueRules(
        connection_id=connection_id,
        platform_label="Ordo",
        fields=tuple(sorted(row.name for row in FIELDS if row.name != "stock")),
        writes_stock=True,
        is_planned_anew=True,
        license=facility.license,
    )


CATALOGUE = Catalogue(FIELDS, item_rules, plan_whole)
