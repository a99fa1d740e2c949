"""An ordinary order on both sides, and the answers that bring it in; each test changes what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from portal.sync.decisions import Decision, Finding, Inquiry, Rules
from portal.sync.domain import (
    Address,
    Amount,
    Customer,
    Destination,
    FacilityFacts,
    Item,
    Line,
    OutboundLine,
    OutboundOrder,
    SalesRep,
    SourceOrder,
    Stage,
)
from portal.sync.drafts import LineUpdate, OutboundUpdate, Swap
from portal.sync.mapping.agreement import after_creation, after_finishing
from portal.sync.mapping.draft import outbound_draft, requested_date
from portal.sync.mapping.money import line_total
from portal.sync.platforms.leaflink.terms import TERMS
from portal.sync.questions import DestinationByLicense, Facts, ItemBySku, RepByEmail, RepEmail

GO_LIVE = datetime(2026, 1, 1, tzinfo=UTC)
PLACED = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
CONNECTION = "01890000-0000-7000-8000-000000000001"


def line(
    sku: str = "FL-1", *, eaches: str = "10", case: int = 10, price: str = "50.00", **changed: Any
) -> Line:
    """Make a line: `eaches` units, by the case of `case` units at `price`."""
    values: dict[str, Any] = {
        "ref": f"line-{sku}",
        "sku": sku,
        "name": f"Item {sku}",
        "eaches": Decimal(eaches),
        "multiplier": case,
        "case_price": Decimal(price),
    }
    return Line(**(values | changed))


def customer(**changed: Any) -> Customer:
    """Make a customer with everything that a destination needs."""
    values: dict[str, Any] = {
        "ref": "c1",
        "name": "Corner Dispensary",
        "license": "C10-0000001-LIC",
        "license_shown": "C10-0000001-LIC",
        "license_type": "Adult Use Retailer",
        "email": "buyer@corner.example",
        "phone": "555 0100",
        "address": Address("1 Main St", "", "Oakland", "CA", "94601"),
    }
    return Customer(**(values | changed))


def order(**changed: Any) -> SourceOrder:
    """Make an order; its total is what its parts come to, unless one is given."""
    values: dict[str, Any] = {
        "number": "8f14e45f-ceea-467f",
        "label": "4F2A-1187",
        "status": "Submitted",
        "stage": Stage.OPEN,
        "transitions": ("accepted", "rejected"),
        "customer": customer(),
        "reps": (),
        "lines": (line(),),
        "placed_at": PLACED,
        "updated_at": PLACED,
    } | changed
    values.setdefault("total", _total(values))
    return SourceOrder(**values)


def _total(values: dict[str, Any]) -> Decimal:
    zero = Decimal(0)
    lines = sum((line_total(one) for one in values["lines"]), zero)
    plus = values.get("shipping", zero) + values.get("tax", zero)
    total: Decimal = lines - values.get("discount", zero) + plus - values.get("credits", zero)
    return total


def facility(**changed: Any) -> FacilityFacts:
    """Make the facility of the connection."""
    values: dict[str, Any] = {
        "id": "7",
        "name": "Oakland",
        "license": "C11-0000777-LIC",
        "timezone": "America/Los_Angeles",
        "sales_rep_required": False,
    }
    return FacilityFacts(**(values | changed))


def rules(**changed: Any) -> Rules:
    """Make the rules of a connection with the default choices."""
    values: dict[str, Any] = {
        "connection_id": CONNECTION,
        "platform_label": "LeafLink",
        "intake_statuses": frozenset({"Submitted", "Accepted", "Backorder"}),
        "status_table": {
            "Partially Allocated": "Accepted",
            "Allocated": "Fulfilled",
            "Shipped": "Shipped",
            "Completed": "Complete",
            "Cancelled": "Cancelled",
        },
        "facility": facility(),
        "live_since": GO_LIVE,
        "platform_terms": frozenset(TERMS.values()),
    }
    return Rules(**(values | changed))


def item(sku: str = "FL-1", **changed: Any) -> Item:
    """Make an active item."""
    values: dict[str, Any] = {
        "id": f"item-{sku}",
        "sku": sku,
        "name": f"Item {sku}",
        "active": True,
        "uom": "Each",
    }
    return Item(**(values | changed))


def destination(**changed: Any) -> Destination:
    """Make the customer's destination."""
    values: dict[str, Any] = {"id": "d1", "name": "Corner", "license": "C10-0000001-LIC", "active": True}
    return Destination(**(values | changed))


def rep(**changed: Any) -> SalesRep:
    """Make an active rep with a facility."""
    values: dict[str, Any] = {
        "id": "31",
        "name": "Rae",
        "email": "rae@acme.example",
        "facility_id": "7",
        "active": True,
    }
    return SalesRep(**(values | changed))


def answers(
    about: SourceOrder,
    *,
    destinations: tuple[Destination, ...] | None = None,
    items: tuple[Item, ...] | None = None,
    email: str = "rae@acme.example",
    reps: tuple[SalesRep, ...] | None = None,
) -> Facts:
    """Answer every question about an order; what is not given matches it."""
    facts: dict[Any, Any] = {
        DestinationByLicense(about.customer.license): (destination(),)
        if destinations is None
        else destinations
    }
    for one in about.lines:
        facts[ItemBySku(one.sku)] = (item(one.sku),) if items is None else items
    for ref in about.reps or about.customer.reps:
        facts[RepEmail(ref)] = email
        facts[RepByEmail(email)] = (rep(),) if reps is None else reps
    return facts


def agreed(about: SourceOrder, *, finished: bool = True, **chosen: Any) -> dict[str, Any]:
    """Make the base of an order that was brought in as it is, its date and term written unless unfinished."""
    base = after_creation(about, rules(**chosen))
    if not finished:
        return {**base, "finished": False}
    return after_finishing(
        base, about, requested_date=requested_date(about, rules(**chosen)), term=about.term
    )


def outbound(status: str = "Created", **changed: Any) -> OutboundOrder:
    """Make the Flourish order of `order()`."""
    values: dict[str, Any] = {
        "id": "SO-1",
        "status": status,
        "payment_status": "Awaiting",
        "facility_id": "7",
        "facility_name": "Oakland",
        "original_order_id": "4F2A-1187",
        "destination_id": "d1",
        "lines": (OutboundLine("item-FL-1", "FL-1", "Item", Decimal(10), Decimal(0), Decimal(5)),),
        "total": Decimal(50),
        "created_at": PLACED,
        "updated_at": PLACED,
    }
    return OutboundOrder(**(values | changed))


def made(about: SourceOrder, status: str = "Created", **changed: Any) -> OutboundOrder:
    """Make the Flourish order that an order's draft would have made, date and term written."""
    chosen = rules()
    items = {one.sku: item(one.sku) for one in about.lines}
    draft = outbound_draft(about, chosen, destination_id="d1", sales_rep_id="", items=items)
    day = requested_date(about, chosen)
    values: dict[str, Any] = {
        "lines": tuple(
            OutboundLine(one.item_id, one.sku, one.sku, one.eaches, Decimal(0), one.unit_price, one.lot)
            for one in draft.lines
        ),
        "charges": tuple(map(Amount, draft.charges)),
        "discounts": tuple(map(Amount, draft.discounts)),
        "notes": (*draft.internal_notes, *draft.notes),
        "requested_date": date.fromisoformat(day) if day else None,
        "term": about.term,
    }
    return outbound(status, **(values | changed))


def updated(there: OutboundOrder, update: OutboundUpdate) -> OutboundOrder:
    """Make the Flourish order that an update makes of one."""
    lines = list(there.lines)
    if update.kept_lines is not None:
        lines = [_updated_line(there.lines[one.place], one) for one in update.kept_lines]
    lines += [
        OutboundLine(one.item_id, one.sku, one.sku, one.eaches, Decimal(0), one.unit_price, one.lot)
        for one in update.new_lines
    ]
    notes = list(there.notes or ())
    for swap in update.notes:
        place = notes.index(swap.gone) if swap.gone and swap.gone in notes else len(notes)
        notes[place : place + 1] = [swap.new] if swap.new.strip() else []
    return replace(
        there,
        lines=tuple(lines),
        charges=_swapped(there.charges, update.charges),
        discounts=_swapped(there.discounts, update.discounts),
        notes=tuple(notes),
        requested_date=update.requested_date if update.date_changes else there.requested_date,
        term=update.term or there.term,
    )


def _updated_line(line: OutboundLine, update: LineUpdate) -> OutboundLine:
    values: dict[str, Any] = {"eaches": update.eaches, "unit_price": update.unit_price, "lot": update.lot}
    values["discount_price"] = None if update.unit_price is None else Decimal(0)
    return replace(line, **{name: value for name, value in values.items() if value is not None})


def _swapped(there: tuple[Amount, ...], swap: Swap) -> tuple[Amount, ...]:
    left = list(there)
    for gone in swap.gone:
        left.remove(Amount(gone))
    return (*left, *map(Amount, swap.new))


def decided(answer: Decision | Inquiry) -> Decision:
    """Insist that the planner decided, and that everything it says to a person says what to do."""
    assert isinstance(answer, Decision), answer
    assert speaks(answer.sentence), answer
    assert speaks(answer.next_step), answer
    for finding in answer.findings:
        assert_says_what_to_do(finding)
    return answer


def assert_says_what_to_do(finding: Finding) -> None:
    """A problem has a title, and a next step that is a sentence."""
    assert finding.title, finding
    assert not finding.title.endswith("."), finding
    assert speaks(finding.next_step), finding
    assert finding.who in ("tenant", "support", "operator"), finding


def speaks(text: str) -> bool:
    """Whether a text is at least one whole sentence without a placeholder left in it."""
    return (
        len(text.split()) >= 2 - text.startswith("Nothing")
        and text.endswith(".")
        and "None" not in text.split()
    )
