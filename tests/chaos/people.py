"""People: buyers and sellers at LeafLink, and the staff of the warehouse, who know nothing of Trellis."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.cluster import Cluster
from tests.chaos.history import History
from tests.chaos.plan import Step
from tests.chaos.stock import STOCKED

# How often staff look for an order that is not in Flourish before they give up.
_PATIENCE_ROUNDS = 12


@dataclass
class Order:
    """An order that was placed, as its buyer knows it."""

    index: int
    company: str
    number: str
    short_id: str


@dataclass
class _Errand:
    """What staff have still to do with an order, act by act."""

    index: int
    acts: deque[str]
    rounds: int = 0


_ERRANDS = {
    "ship": ("allocate", "ship"),
    "partially allocate": ("partially-allocate",),
    "cancel in Flourish": ("cancel",),
}


@dataclass
class People:
    """Everybody outside of Trellis who does something in a run."""

    cluster: Cluster
    history: History
    # Where the warehouse counts.
    facility: str = ""
    orders: dict[int, Order] = field(default_factory=dict)
    _errands: list[_Errand] = field(default_factory=list)
    _skus: list[str] = field(default_factory=list)

    def do(self, step: Step) -> None:
        """Take one step of the plan."""
        if step.what == "place":
            self._place(*step.details)
        elif step.what == "count":
            self._count(*step.details)
        elif step.what in _ERRANDS:
            self._errands.append(_Errand(step.details[0], deque(_ERRANDS[step.what])))
        elif step.who == "fate":
            self._at_leaflink(step.what, *step.details)
        else:
            self._round()

    def _place(self, index: int, company: str, wanted: dict[str, Any]) -> None:
        with self.history.act("buyer", f"place: order {index} at {company}"):
            placed = self.cluster.control("POST", "leaflink/orders", {"company": company, **wanted})
            self.orders[index] = Order(index, company, placed["number"], placed["short_id"])

    def _count(self, place: float, quantity: int) -> None:
        if not self._skus:
            items = self.cluster.control("GET", "state?of=items")["flourish"]["items"]
            self._skus = sorted(item["sku"] for item in items if item["company"] == STOCKED)
        sku = self._skus[int(place * len(self._skus))]
        with self.history.act("warehouse", f"count: item {sku}, {quantity}"):
            counted = {"company": STOCKED, "facility_id": self.facility, "quantity": quantity}
            self.cluster.control("POST", f"flourish/items/{sku}", counted)

    def _at_leaflink(self, what: str, index: int, lines: int) -> None:
        if index not in self.orders:
            return
        changes: dict[str, dict[str, Any]] = {
            "cancel in LeafLink": {"status": "Cancelled"},
            "edit lines": {"lines": lines},
            "edit notes": {"notes": f"Changed by the buyer, {lines}"},
        }
        with self.history.act("seller", f"{what}: order {index}"):
            self.cluster.control("POST", f"leaflink/orders/{self.orders[index].number}", changes[what])

    def _round(self) -> None:
        """Staff go through what there is to do; what is not in Flourish yet is left for the next round."""
        if not self._errands:
            return
        ids = self._flourish_ids()
        left = []
        for errand in self._errands:
            errand.rounds += 1
            order = self.orders.get(errand.index)
            if order is not None and order.short_id in ids:
                self._act(errand, ids[order.short_id])
            if errand.acts and errand.rounds < _PATIENCE_ROUNDS:
                left.append(errand)
        self._errands = left

    def _act(self, errand: _Errand, flourish_id: str) -> None:
        act = errand.acts.popleft()
        with self.history.act("staff", f"{act}: order {errand.index}, Flourish {flourish_id}"):
            self.cluster.control("POST", f"flourish/orders/{flourish_id}/{act}")

    def _flourish_ids(self) -> dict[str, str]:
        """What people call an order, and its id in Flourish."""
        rows = self.cluster.control("GET", "state?of=orders")["flourish"]["orders"]
        return {row["original_order_id"]: row["id"] for row in rows if row["order_status"] != "Cancelled"}
