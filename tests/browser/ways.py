"""Ways in which an order goes wrong on each platform, as data: what makes it so, what its page has to say,
and what somebody does about it. Another platform is one entry more of `SELLERS`, with its ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.browser.walk import Call

Json = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """One way in which an order goes wrong.

    Args:
        name: of the test.
        says: what happened, and what to do, in the words of the order's page.
        mend: what somebody does about it in the other systems.
        spoil: what is done before the order is placed.
        order: how it is placed otherwise than usual.
        staff: what staff do with it in Flourish, one after the other, each with the status that the platform
            then has, which is waited for, or nothing.
        mend_by: what staff do with it in Flourish to put it right.
        is_asked_for: somebody presses "Retry now" afterwards.
        answer: what somebody presses on the page of the order to put it right; empty for nothing.
    """

    name: str
    says: tuple[str, ...]
    mend: tuple[Call, ...] = ()
    spoil: tuple[Call, ...] = ()
    order: Mapping[str, Any] = field(default_factory=dict)
    staff: tuple[tuple[str, str], ...] = ()
    mend_by: tuple[str, ...] = ()
    is_asked_for: bool = False
    answer: str = ""


@dataclass(frozen=True)
class Seller:
    """A company of the demo that sells through a platform.

    Args:
        platform: its key.
        company: its slug.
        order: how an order is placed that matches.
        called: the field of an order by which people call it.
        ref: the field of an order that Trellis notes in Flourish.
        ways: in which it goes wrong.
    """

    platform: str
    company: str
    order: Call
    called: str
    ref: str
    ways: tuple[Way, ...]

    def place(self, way: Way) -> Call:
        """How the order of a way is placed."""
        path, body = self.order
        return path, {**body, **way.order}


def _item(known_as: str, company: str = "ember", **changed: Any) -> Call:
    return f"flourish/items/{known_as}", {"company": company, **changed}


def _rep(known_as: str, **changed: Any) -> Call:
    return f"flourish/sales-reps/{known_as}", {"company": "ember", **changed}


_LEAFLINK_WAYS = (
    Way(
        "a customer without a sales rep",
        ("sales rep", "Set a sales rep on the order in LeafLink"),
        spoil=(("leaflink/customers/C10-0000217-LIC", {"sales_reps": []}),),
        order={"sales_rep": None, "customer": "C10-0000217-LIC"},
        mend=(("leaflink/orders/{number}", {"sales_rep": "maya.ortega@greenleaf.example"}),),
    ),
    Way(
        "a lot that is elsewhere",
        ("Flourish has no lot GL0002-B", "Choose a batch in LeafLink"),
        order={"lines": [{"sku": "GL-FL28-BLUDRE", "quantity": 1, "batch": "GL0002-B"}]},
        mend=(
            (
                "leaflink/orders/{number}",
                {"lines": [{"sku": "GL-FL28-BLUDRE", "quantity": 1, "batch": "GL0002-A"}]},
            ),
        ),
    ),
)
_ORDO_WAYS = (
    Way(
        "an unknown SKU",
        ("EM-FL35-DURPOI is unknown in Flourish", "Give the item this SKU in Flourish"),
        spoil=(_item("EM-FL35-DURPOI", sku="EM-FL35-OLD"),),
        order={"lines": [{"sku": "EM-FL35-DURPOI", "quantity": 4}]},
        mend=(_item("EM-FL35-OLD", sku="EM-FL35-DURPOI"),),
        is_asked_for=True,
    ),
    Way(
        "a license that is mistyped",
        ("C10-0009214-LIC", "Flourish"),
        spoil=(
            ("flourish/destinations/00000223", {"company": "ember", "license_number": "C10-0009241-LIC"}),
        ),
        order={"customer": "C10-0009214-LIC"},
        mend=(("flourish/destinations/00000223", {"company": "ember", "license_number": "C10-0009214-LIC"}),),
        is_asked_for=True,
    ),
    Way(
        "a sales rep whom Flourish does not know",
        ("Sales rep priya.raman@ember.example is unknown in Flourish", "Add the rep in Flourish"),
        spoil=(_rep("priya.raman@ember.example", email="priya@ember.example"),),
        order={"customer": "C10-0009232-LIC"},
        mend=(_rep("priya@ember.example", email="priya.raman@ember.example"),),
        is_asked_for=True,
    ),
    Way(
        "a shipment that is taken back of what was paid before it",
        ("took the shipment back", "Ship it in Flourish again"),
        order={"payment_term": "Cash"},
        staff=(("pay", ""), ("allocate", ""), ("ship", "Paid"), ("un-ship", "")),
        mend_by=("ship",),
    ),
    Way(
        "a shipment that is taken back after Delivered",
        ("took the shipment back", "Ship it in Flourish again"),
        order={"payment_term": "Net Terms", "net_days": 30},
        staff=(("allocate", ""), ("ship", "Delivered"), ("un-ship", "")),
        mend_by=("ship",),
    ),
)

_AIQ_WAYS = (
    Way(
        "a phone number that is somebody else's",
        ("The phone number of this order is somebody else's", "Choose the customer in Trellis"),
        order={
            "customer": {
                "firstName": "Rosa",
                "lastName": "Moreno",
                "email": "rosa.moreno@guests.example",
                "phone": "5105550100",
                "birthday": "1985-02-03",
            }
        },
        answer="Make a new customer",
    ),
    Way(
        "an item that Flourish has under another SKU",
        ("VD-FL35-RUN is unknown in Flourish", "Give the item this SKU in Flourish"),
        spoil=(_item("VD-FL35-RUN", "verde", sku="VD-FL35-OLD"),),
        order={"lines": [{"sku": "VD-FL35-RUN", "quantity": 1}]},
        mend=(_item("VD-FL35-OLD", "verde", sku="VD-FL35-RUN"),),
        is_asked_for=True,
    ),
)
SELLERS: Mapping[str, Seller] = {
    one.platform: one
    for one in (
        Seller(
            "leaflink",
            "greenleaf",
            (
                "leaflink/orders",
                {"company": "greenleaf", "lines": [{"sku": "GL-FL35-BLUDRE", "quantity": 24}]},
            ),
            "short_id",
            "number",
            _LEAFLINK_WAYS,
        ),
        Seller(
            "ordo",
            "ember",
            (
                "ordo/orders",
                {
                    "company": "ember",
                    "status": "Confirmed",
                    "lines": [{"sku": "EM-FL35-BLUDRE", "quantity": 6}],
                },
            ),
            "number",
            "id",
            _ORDO_WAYS,
        ),
        Seller(
            "aiq",
            "verde",
            (
                "aiq/orders",
                {
                    "company": "verde",
                    "status": "CONFIRMED",
                    "customer": "new",
                    "lines": [{"sku": "VD-FL35-BLUDRE", "quantity": 1}],
                },
            ),
            "orderId",
            "id",
            _AIQ_WAYS,
        ),
    )
}


def every() -> Iterator[tuple[Seller, Way]]:
    """Each way of each platform."""
    return ((seller, way) for seller in SELLERS.values() for way in seller.ways)
