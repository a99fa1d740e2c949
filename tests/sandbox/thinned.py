"""A smaller greenleaf: what holds for a hundred SKUs and more holds for four hundred."""

import json

from sandbox.simulation import Simulation
from tests.sandbox.doors import SKU


def thin(simulation: Simulation) -> None:
    """Leave one SKU of three, on all sides."""
    skus = sorted(item["sku"] for item in simulation.office("flourish", "greenleaf").find("item"))
    kept = sorted({*skus[::3], SKU})
    simulation.store.execute(
        "DELETE FROM record WHERE company = 'greenleaf'"
        " AND kind IN ('flourish.item', 'flourish.stock', 'leaflink.product', 'ordo.item')"
        " AND json_extract(body, '$.sku') NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(kept),),
    )
