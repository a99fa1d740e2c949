"""The plan for one SKU: its Flourish item and its product on a platform in, one decision out. Pure."""

from __future__ import annotations

from portal.sync.decisions import CatalogueRules, Decision, Facts, Inquiry
from portal.sync.domain import Json, Shelf
from portal.sync.mapping.pairing import pair


def plan_product(
    shelf: Shelf, *, base: Json | None, rules: CatalogueRules, facts: Facts
) -> Decision | Inquiry:
    """Decide what is to be done about a SKU now.

    Args:
        shelf: what is known of it.
        base: as the last decision, or action that worked, gave it; None at first. It holds "item" and
            "product" (ids), "written" (field -> value), "stock" (value) and "undone" (field -> times).
        rules: the connection's rules.
        facts: answers to questions that an earlier `Inquiry` asked.
    """
    del facts
    found = pair(shelf, base=base or {}, rules=rules)
    if isinstance(found, Decision):
        return found
    return Decision("agree", "Both sides agree.", "Nothing.", "settled", base=found.base)
