"""Remedies: where what a problem names is put right, in Trellis, for whoever may do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.access import here
from portal.sync import customer_choice

# code -> the match key whose list shows the value, and in which state of the list it is.
_MATCHED: Mapping[str, tuple[str, str]] = {
    "sku_unknown": ("sku", "missing_right"),
    "lot_missing": ("lot", "missing_right"),
    "rep_unknown": ("rep", "missing_right"),
    "destination_incomplete": ("license", "missing_right"),
    "line_unknown": ("line", "missing_left"),
    "category_unknown": ("category", "missing_left"),
}
# code -> the rule that may be changed, as the platform's declaration names it.
_RULES: Mapping[str, str] = {
    "term_missing": "terms",
    "rounding_too_large": "price_places",
    "samples_held": "samples",
    "move_not_offered": "status_table",
    "price_missing": "write_prices",
    "product_incomplete": "source_of_truth",
}
# code -> where on the page of its order somebody answers.
_ANCHORS: Mapping[str, str] = {
    "originals_unknown": "originals-title",
    **dict.fromkeys(customer_choice.ASKED, "customer-title"),
}
_CONNECTION = frozenset(
    {"mass_drop", "mass_gone", "webhook_silent", "flourish_webhook_silent", "not_answering", "poll_fails"}
)


@dataclass(frozen=True)
class Matter:
    """What of a problem, or of a cause of many, says where it is put right."""

    code: str
    cause: str
    connection_id: UUID | None
    evidence: Mapping[str, Any]
    link_id: UUID | None = None
    link_kind: str = ""


@dataclass(frozen=True)
class Remedy:
    """Where it is put right: what the link says, and the page with what its address names."""

    words: str
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Alias:
    """Two SKUs that may be one: said so once, all that waits for it is looked at again."""

    left: str
    right: str
    connection_id: UUID | None


def remedy_of(matter: Matter) -> Remedy | None:
    """Say where something is put right; None where it is not in Trellis, or not for this person to do."""
    if matter.code == "proof_failed":
        return Remedy("Open the proofs", "proofs.index")
    if matter.connection_id is None:
        return None
    return _in_lists(matter) or _in_rules(matter) or _in_connection(matter) or _in_thing(matter)


def alias_of(matter: Matter) -> Alias | None:
    """Say which SKU of Flourish may be meant, where there is one that is near, and this person may say so."""
    near: Sequence[Any] = matter.evidence.get("near") or []
    if matter.code != "sku_unknown" or len(near) != 1 or not here().may("matches.decide"):
        return None
    return Alias(matter.cause, str(near[0]), matter.connection_id)


def _in_lists(matter: Matter) -> Remedy | None:
    key, state = _MATCHED.get(matter.code, ("", ""))
    if not key or not here().may("readiness.see"):
        return None
    named = matter.evidence.get("lot") if key == "lot" else matter.cause
    state = "near" if matter.evidence.get("near") else state
    values = {"connection_id": matter.connection_id, "key": key, "state": state, "q": named or None}
    return Remedy("Match it", "matching.index", values)


def _in_rules(matter: Matter) -> Remedy | None:
    rule = _RULES.get(matter.code)
    if rule is None or not here().may("rules.change"):
        return None
    values = {"connection_id": matter.connection_id, "_anchor": f"{rule}-label"}
    return Remedy("Open the rule", "rules.show", values)


def _in_connection(matter: Matter) -> Remedy | None:
    there = {"connection_id": matter.connection_id}
    if matter.code == "check_regressed":
        return Remedy("Open the check", "readiness.show", {**there, "check": matter.cause})
    if matter.code == "needs_credentials" and here().may("keys.replace"):
        return Remedy("Replace the key", "connections.show", there)
    if matter.code in _CONNECTION:
        return Remedy("Open the connection", "connections.show", there)
    return None


def _in_thing(matter: Matter) -> Remedy | None:
    if matter.code == "many_items":
        values = {"connection": matter.connection_id, "state": "stuck"}
        return Remedy("See the products", "products.index", values)
    if matter.link_id is None:
        return None
    if matter.link_kind == "item":
        return Remedy("Open the product", "products.show", {"product_id": matter.link_id})
    anchor = _ANCHORS.get(matter.code)
    return Remedy("Open the order", "orders.show", {"link_id": matter.link_id, "_anchor": anchor})
