"""What the page of a shop's order says besides: for whom it is, how it changes hands, and what comes off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sync import retail
from portal.sync.retail import Fulfilment

LADDER = (retail.SUBMITTED, retail.PACKED, retail.COMPLETED)
DELIVERY_LADDER = (retail.SUBMITTED, retail.PACKED, retail.ON_THE_WAY, retail.COMPLETED)
# Those sums of an order that are something else in a shop.
MONEY_WORDS: Mapping[str, str] = {"shipping": "Fees", "tax": "Tax (Flourish works out its own)"}

_FULFILMENTS: Mapping[str, str] = {
    Fulfilment.PICKUP: "Pickup",
    Fulfilment.DELIVERY: "Delivery",
    Fulfilment.IN_STORE: "In the store",
}
_PURPOSES: Mapping[str, str] = {"adult use": "Adult use (recreational)", "medical": "Medical"}


@dataclass(frozen=True)
class ShopOrder:
    """What is shown of a shop's order; each part only where it is known.

    Args:
        rows: what it is, and its value.
        offers: the names of what takes something off.
        off: what the platform and Flourish take off in all, where that is anything.
        note: why both sides differ as they should.
    """

    rows: Sequence[tuple[str, str]]
    offers: Sequence[str]
    off: Sequence[str]
    note: str


def shop_order(snapshot: Mapping[str, Any], platform: str) -> ShopOrder | None:
    """Read what a shop's order says besides; None for an order of another kind.

    Args:
        snapshot: what is known of the order.
        platform: what its platform is called.
    """
    known: Mapping[str, Any] | None = snapshot.get("shop")
    if known is None:
        return None
    fulfilment = str(known.get("fulfilment") or "")
    hand_over = str(known.get("hand_over") or "")
    purpose = str(known.get("purpose") or "")
    told, own = _FULFILMENTS.get(fulfilment, fulfilment), in_words(hand_over)
    rows = (
        ("Changes hands by", told),
        (f"In {platform}", own if own != told else ""),
        ("For", _PURPOSES.get(purpose, purpose)),
    )
    off = tuple(str(known.get(side) or "") for side in ("discount", "flourish_discount"))
    return ShopOrder(
        rows=[row for row in rows if row[1]],
        offers=[str(name) for name in known.get("offers") or () if name],
        off=off if all(off) and any(map(Decimal, off)) else (),
        note=str(known.get("note") or ""),
    )


def in_words(name: str) -> str:
    """Write a word of an API as people do: READY_FOR_PICKUP is Ready for pickup. Others stay as they are."""
    return name.replace("_", " ").capitalize() if name.isupper() else name


def ladder(snapshot: Mapping[str, Any]) -> Sequence[str]:
    """The usual course of a shop's order in Flourish."""
    is_delivery = (snapshot.get("shop") or {}).get("fulfilment") == Fulfilment.DELIVERY
    return DELIVERY_LADDER if is_delivery else LADDER
