"""What a platform that has products declares about them: which fields are written, by which rules, and who
decides about a SKU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from portal.sync.decisions import CatalogueRules, Decision, Inquiry
from portal.sync.domain import FacilityFacts, Json, Shelf
from portal.sync.mapping.catalogue import plan_product
from portal.sync.questions import Facts


@dataclass(frozen=True)
class FieldRow:
    """One field that a connection writes to products, for the settings page and the documentation."""

    # Of `domain.Product`, or "stock".
    name: str
    label: str
    # Where it comes from, in words.
    source: str
    # The choices of the setting `source_of_truth` that write it; empty where there is no such choice.
    modes: tuple[str, ...] = ()
    # The switch that must be on besides; empty for none.
    switch: str = ""

    def is_written(self, chosen: Mapping[str, Any]) -> bool:
        """Tell whether a connection that chose so writes it."""
        is_chosen = not self.modes or chosen["source_of_truth"] in self.modes
        return is_chosen and (not self.switch or chosen[self.switch] is True)


class Planner(Protocol):
    """Decides what is to be done about one SKU now."""

    def __call__(
        self, shelf: Shelf, *, base: Json | None, rules: CatalogueRules, facts: Facts
    ) -> Decision | Inquiry:
        """Decide.

        Args:
            shelf: what is known of it.
            base: as the last decision, or action that worked, gave it; None at first. Whatever the planner,
                it holds "item" and "product" (ids) once both are paired.
            rules: the connection's rules.
            facts: answers to questions that an earlier `Inquiry` asked.
        """
        ...


@dataclass(frozen=True)
class Catalogue:
    """What a platform that has products declares about them."""

    fields: tuple[FieldRow, ...]
    # The rules of a connection by its settings; the second argument is its id, the third its facility.
    rules: Callable[[Mapping[str, Any], str, FacilityFacts], CatalogueRules]
    # Decides about each SKU; the usual one is for products that are written one thing after the other.
    plan: Planner = plan_product
    # How often all stock is read anew. Webhooks tell of it in between.
    stock_seconds: float = 3600.0
    # What a write calls it, where that is not the field of `domain.Product` that then holds it; "quantity" is
    # what can be ordered, unless it is named here.
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def stock_field(self) -> str:
        """The field of `domain.Product` that holds the stock which is written: what can be ordered, or, of
        a platform that keeps back itself what its orders need, all that it was told of."""
        return self.names.get("quantity", "available")
