"""How an item and its product stand, field by field, each with its owner (MO-6). Pure.

What a look would write is taken from the planner; what its rules leave alone is compared here, as far as that
needs no question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from portal.sync.decisions import CatalogueRules, Decision
from portal.sync.domain import Json, Shelf
from portal.sync.mapping.asking import Asking
from portal.sync.mapping.description import Description, agrees
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.outcomes import (
    CONFLICT,
    CORRECTED,
    EXPECTED,
    FLOURISH,
    PRODUCT,
    Standing,
    Standings,
)
from portal.sync.mapping.pairing import Pair, pair
from portal.sync.mapping.stock import has_plain_unit, offered

_STOCK = "stock"
# Findings that are about one field -> its name; what a person is asked otherwise is about the product.
_FIELD_OF: Mapping[str, str] = {
    "category_unknown": "category",
    "line_unknown": "line",
    "strain_missing": "strains",
    "strain_twice": "strains",
    "strain_type_unknown": "strains",
    "price_missing": "price",
    "unit_mismatch": _STOCK,
}
# What can be compared without asking anybody what a name means.
_PLAIN = ("name", "description", "price")
_HELD = "drop_held"


def of_item(
    shelf: Shelf,
    *,
    base: Json,
    rules: CatalogueRules,
    decision: Decision,
    changes: Sequence[tuple[str, Any, Any]],
    makes: bool,
) -> Standings:
    """Compare an item with its product.

    Args:
        shelf: what is known of the SKU.
        base: what both sides last agreed on.
        rules: the connection's rules.
        decision: how a look at it would end.
        changes: what it would write: field of `domain.Product` or "stock", before, after.
        makes: whether it would make the product.
    """
    if makes:
        return Standings((_row(PRODUCT, CORRECTED, "none", shelf.sku, "It has no product yet."),))
    asked = _asked(decision)
    if decision.state == "skipped" and not changes:
        return Standings((_row(PRODUCT, EXPECTED, "", "", decision.sentence, decision.next_step),))
    written = {
        name: _row(name, CORRECTED, before, after, "The item in Flourish has it otherwise.")
        for name, before, after in changes
    }
    left, alike = _by_rule(shelf, base, rules)
    rows = left | written | asked
    if PRODUCT in rows:
        return Standings(tuple(rows.values()))
    compared = [*rules.fields, *([_STOCK] if rules.writes_stock else []), *alike]
    return Standings(tuple(rows.values()), tuple(one for one in dict.fromkeys(compared) if one not in rows))


def _asked(decision: Decision) -> dict[str, Standing]:
    """What a person is asked, by the field that it is about."""
    rows = {}
    for finding in decision.findings:
        name = str(finding.evidence.get("field") or _FIELD_OF.get(finding.code, PRODUCT))
        here, there = finding.evidence.get("theirs"), finding.evidence.get("ours")
        rows[name] = _row(name, CONFLICT, here, there, finding.title, finding.next_step)
    if decision.code == _HELD:
        rows[_STOCK] = _row(_STOCK, CONFLICT, "", "0", decision.sentence, decision.next_step)
    return rows


def _by_rule(shelf: Shelf, base: Json, rules: CatalogueRules) -> tuple[dict[str, Standing], list[str]]:
    """What the connection's rules do not write: where it differs, and the fields where it does not."""
    found = pair(shelf, base=base, rules=rules)
    if isinstance(found, Decision) or found.product is None:
        return {}, []
    product = found.product
    left = tuple(name for name in _PLAIN if name not in rules.fields)
    everything = replace(rules, fields=left)
    wanted = Description(found.item, everything, product, base, Asking({})).fill().values
    if not rules.writes_stock and (stock := _stock(shelf, found, rules)) is not None:
        wanted[_STOCK] = stock
    rows, alike = {}, []
    for name, value in wanted.items():
        now = plain_value(product.available if name == _STOCK else getattr(product, name))
        if now == value or (name != _STOCK and agrees(product, name, value)):
            alike.append(name)
            continue
        why = f"The connection's rules do not write it: {rules.platform_label} keeps its own."
        rows[name] = _row(name, EXPECTED, now, value, why, "Nothing.", owner=rules.platform_label)
    return rows, alike


def _stock(shelf: Shelf, found: Pair, rules: CatalogueRules) -> str | None:
    """What the platform would offer; None where that is not known, or counted otherwise."""
    product = found.product
    if product is None or shelf.stock is None or not has_plain_unit(product):
        return None
    target = offered(shelf, found.item, product.unit, rules, fractional=product.fractional)
    return None if target is None else str(plain_value(target))


def _row(
    name: str,
    outcome: str,
    here: Any,
    there: Any,
    why: str,
    next_step: str = "Trellis writes it at its next look.",
    *,
    owner: str = FLOURISH,
) -> Standing:
    return Standing(name, name, owner, outcome, "", _shown(here), _shown(there), why, next_step)


def _shown(value: Any) -> str:
    """A value as a cell shows it."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
