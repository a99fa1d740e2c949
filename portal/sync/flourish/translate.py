"""Flourish's objects in Trellis's words, and back. Pure: every rule that is Flourish's own stands here.

Facts are from the vendor's public API collection unless a line names another source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portal.sync.domain import (
    Amount,
    Destination,
    FacilityFacts,
    Hint,
    Json,
    OutboundLine,
    OutboundOrder,
    SalesRep,
)
from portal.sync.drafts import DestinationDraft, DraftLine, NoteSwap, OutboundDraft, OutboundUpdate, Swap
from portal.sync.errors import Unreadable
from portal.sync.flourish.shapes import DESTINATION, FACILITY, LINE, ORDER, SALES_REP
from portal.sync.mapping.keys import license_key
from portal.sync.mapping.money import cents
from portal.sync.reading import Fields, Notice

# Outbound order statuses: the list's filter, and Completed from a refusal of the update.
ORDER_STATUSES = frozenset(
    {"Created", "Partially Allocated", "Allocated", "Shipped", "Completed", "Cancelled"}
)
LADDER = ("Created", "Partially Allocated", "Allocated", "Shipped", "Completed")

# Resource types of webhooks (the vendor's own receiver) -> kinds of links.
_STOCK = "inventory_summary"
_KINDS = {"order": "order", "retail_order": "order", "item": "item", _STOCK: "item"}

_COUNTRY = "United States"
_NOTE_SUBJECT = "Order note"
_INTERNAL_SUBJECT = "Trellis"
# How the first internal note of an order of ours begins (LL-13).
_MARK = "Trellis "


def read_order(order: Fields, notice: Notice, *, from_list: bool = False) -> OutboundOrder:
    """Read an outbound order.

    Args:
        order: the object.
        notice: told of fields that no table names.
        from_list: lists may leave notes out, so that none there means nothing.

    Raises:
        Unreadable: a used field is missing, has another type, or the status is unknown.
    """
    order.check(ORDER, notice)
    facility = order.child("origin_facility")
    notes = _notes(order)
    return OutboundOrder(
        id=order.ident("id"),
        status=order.choice("order_status", ORDER_STATUSES),
        payment_status=order.text_or_empty("payment_status"),
        facility_id=facility.ident("id"),
        facility_name=facility.text_or_empty("facility_name"),
        original_order_id=order.text_or_empty("original_order_id"),
        destination_id=order.child_or_empty("destination").text_or_empty("id"),
        lines=tuple(_line(line.check(LINE, notice)) for line in order.children("order_lines")),
        total=order.number("total_price"),
        created_at=_time(order, "created_timestamp"),
        updated_at=_time(order, "last_updated_timestamp"),
        notes=None if from_list and not notes else notes,
        term=order.text_or_empty("payment_term"),
        requested_date=order.day_or_none("requested_delivery_date"),
        origin=order.text_or_empty("origin_type"),
        charges=tuple(_amount(row, "value") for row in order.children_or_none("charges")),
        discounts=tuple(_amount(row, "discount_value") for row in _whole_discounts(order)),
    )


def _line(line: Fields) -> OutboundLine:
    return OutboundLine(
        item_id=line.ident("item_id"),
        sku=line.text_or_empty("sku"),
        name=line.text_or_empty("item_name"),
        eaches=line.number("order_qty"),
        allocated=line.number_or_zero("allocated_qty"),
        unit_price=line.number("unit_price"),
        lot=line.text_or_empty("lot_number"),
        discount_price=line.number_or_zero("discount_price"),
    )


def _amount(row: Fields, percent: str) -> Amount:
    kept = _kept_amount(row, percent)
    return Amount(kept["amount"], kept["method"] == "percentage")


def _whole_discounts(order: Fields) -> tuple[Fields, ...]:
    """The discounts of the whole order: one of a line is in that line's own discount price."""
    rows = order.children_or_none("discounts")
    return tuple(row for row in rows if row.text_or_empty("level").lower() in ("", "order"))


def _notes(order: Fields) -> tuple[str, ...] | None:
    return (
        tuple(note.text_or_empty("note") for note in order.children("notes")) if order.has("notes") else None
    )


def read_destination(destination: Fields, notice: Notice) -> Destination:
    """Read a destination; its license normalised, as everywhere in Trellis."""
    destination.check(DESTINATION, notice)
    return Destination(
        id=destination.ident("id"),
        name=destination.text_or_empty("name"),
        license=license_key(destination.text_or_empty("license_number")),
        active=destination.flag("active"),
    )


def read_facility(facility: Fields, notice: Notice) -> FacilityFacts:
    """Read a facility."""
    facility.check(FACILITY, notice)
    return FacilityFacts(
        id=facility.ident("id"),
        name=facility.text("facility_name"),
        license=license_key(facility.text_or_empty("license_number")),
        timezone=facility.text("timezone"),
        sales_rep_required=facility.flag("sales_rep_required_for_outbound"),
        active=facility.flag("active"),
    )


def read_sales_rep(rep: Fields, notice: Notice) -> SalesRep:
    """Read a sales rep; the facility is empty when it has none."""
    rep.check(SALES_REP, notice)
    names = (rep.text_or_empty(name).strip() for name in ("first_name", "middle_name", "last_name"))
    return SalesRep(
        id=rep.ident("sales_rep_id"),
        name=" ".join(filter(None, names)),
        email=rep.text_or_empty("email").strip(),
        facility_id=rep.text_or_empty("facility_id"),
        active=rep.flag("active"),
    )


def read_hint(order: Fields) -> Hint:
    """Read of an order in a list only that it is there, so that one unreadable order does not stop a poll."""
    changed = _time(order, "last_updated_timestamp")
    label = order.text_or_empty("original_order_id")
    return Hint("order", order.ident("id"), "poll", changed, label=label, marker=_marker(order))


def read_webhook(payload: Json) -> Hint:
    """Read what a webhook is about; its kind is empty for what Trellis does not sync.

    Raises:
        Unreadable: it is about an order or an item, but does not say which.
    """
    envelope = Fields.of(payload)
    resource = payload.get("resource_type")
    kind = _KINDS.get(resource, "") if isinstance(resource, str) else ""
    topic = f"{resource}/{payload.get('action')}"[:60]
    if not kind:
        return Hint("", "", topic)
    data = envelope.child("data")
    # A row of the inventory may have an id of its own.
    names = ("item_id", "id") if resource == _STOCK else ("id", "order_id" if kind == "order" else "item_id")
    ref = next(filter(None, (data.text_or_empty(name) for name in names)), "")
    if not ref.strip():
        raise Unreadable(data.at("id"), "is missing")
    stamp = "last_updated_timestamp"
    changed = _time(data, stamp) if data.has(stamp) else None
    label = data.text_or_empty("original_order_id" if kind == "order" else "sku")
    is_stock = resource == _STOCK
    return Hint(kind, ref, topic, changed, label=label, is_stock=is_stock, marker=_marker(data))


def _marker(order: Fields) -> str:
    """Find the note by which an order of ours names its link; empty when it carries none that can be read."""
    notes = order.value.get("notes")
    if isinstance(notes, str):
        # Of a retail order, all of them; ours is the first.
        texts: Iterable[Any] = (notes.partition("\n")[0].strip(),)
    else:
        rows = notes if isinstance(notes, list) else ()
        texts = (note.get("note") for note in rows if isinstance(note, Mapping))
    return next((text for text in texts if isinstance(text, str) and text.startswith(_MARK)), "")


def write_order(draft: OutboundDraft) -> dict[str, Any]:
    """Make the body that creates an order: only fields that the creation takes.

    Payment term and requested date are not among them; an update brings them afterwards.
    """
    body: dict[str, Any] = {
        "original_order_id": draft.original_order_id,
        "order_timestamp": write_time(draft.placed_at),
        "destination": {"id": draft.destination_id},
        "order_lines": [_new_line(line) for line in draft.lines],
        "charges": [_dollars(amount) for amount in draft.charges],
        "discounts": [_dollars(amount) for amount in draft.discounts],
        "notes": [
            *(_note(_INTERNAL_SUBJECT, note, internal=True) for note in draft.internal_notes),
            *(_note(_NOTE_SUBJECT, note, internal=False) for note in draft.notes),
        ],
    }
    if draft.sales_rep_id:
        # The id alone: Flourish would make a new rep of any other field (LL-3).
        body["sales_rep"] = {"id": _whole(draft.sales_rep_id)}
    return body


def write_update(order: Fields, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Make the body that updates an order: what it holds now, and the changes.

    Whether an update replaces what it does not name is not documented, so everything that may be named is.

    Args:
        order: as Flourish returned it.
        changes: fields that only an update takes, such as `payment_term`.

    Raises:
        Unreadable: the order is not what was expected.
    """
    kept = (
        "original_order_id order_timestamp invoice_date pretax_discounts payment_term requested_delivery_date"
        " ref_field_1 ref_field_2 ref_field_3 ref_field_4 ref_field_5"
    )
    body = {name: order.value[name] for name in kept.split() if order.has(name)}
    for party in ("destination", "distributor", "sales_rep"):
        # With an id no other field may be sent.
        if order.child_or_empty(party).has("id"):
            ref = order.child(party).ident("id")
            body[party] = {"id": _whole(ref) if party == "sales_rep" else ref}
    body["order_lines"] = [_kept_line(line) for line in order.children("order_lines")]
    body["charges"] = [_kept_amount(row, "value") for row in order.children_or_none("charges")]
    body["discounts"] = [_kept_amount(row, "discount_value") for row in _whole_discounts(order)]
    body["notes"] = [
        _note(
            note.text_or_empty("subject"),
            note.text_or_empty("note"),
            internal=note.flag_or_no("internal_only"),
        )
        for note in order.children_or_none("notes")
    ]
    return {**body, **changes}


def changes_of(order: Fields, update: OutboundUpdate) -> dict[str, Any]:
    """The fields of an order that an update changes, with what stays in them.

    Args:
        order: as Flourish returned it.
        update: what is to be changed.

    Raises:
        Unreadable: the order is not what was expected.
    """
    kept = write_update(order, {})
    changes: dict[str, Any] = {}
    if update.kept_lines is not None:
        values = ("eaches", "unit_price", "lot")
        lines = []
        for line in update.kept_lines:
            new = {_LINE_FIELDS[name]: getattr(line, name) for name in values}
            # A price in the place of the unit price would hold instead of a new one.
            new["discount_price"] = None if line.unit_price is None else Decimal(0)
            lines.append(kept["order_lines"][line.place] | {n: v for n, v in new.items() if v is not None})
        changes["order_lines"] = [*lines, *map(_new_line, update.new_lines)]
    for name, swap in (("charges", update.charges), ("discounts", update.discounts)):
        if swap != Swap():
            changes[name] = _swapped(kept[name], swap)
    if update.notes:
        changes["notes"] = _swapped_notes(kept["notes"], update.notes)
    if update.date_changes:
        day = update.requested_date
        changes["requested_delivery_date"] = day.isoformat() if day else None
    if update.term:
        changes["payment_term"] = update.term
    return changes


_LINE_FIELDS = {"eaches": "order_qty", "unit_price": "unit_price", "lot": "lot_number"}


def _new_line(line: DraftLine) -> dict[str, Any]:
    new = {"item_id": line.item_id, "order_qty": line.eaches, "unit_price": line.unit_price}
    return new | ({"lot_number": line.lot} if line.lot else {})


def _swapped(rows: list[dict[str, Any]], swap: Swap) -> list[dict[str, Any]]:
    """Take dollar amounts away, each once, and add others; of one that Flourish rounded, its cents tell."""
    left = list(rows)
    for amount in swap.gone:
        dollars = [row for row in left if row["method"] == "dollar"]
        alike = [row for row in dollars if row["amount"] == amount]
        alike += [row for row in dollars if cents(row["amount"]) == cents(amount)]
        if alike:
            left.remove(alike[0])
    return [*left, *map(_dollars, swap.new)]


def _swapped_notes(notes: list[dict[str, Any]], swaps: tuple[NoteSwap, ...]) -> list[dict[str, Any]]:
    """Put notes in the place of others, so that the first one stays the first."""
    left = list(notes)
    for swap in swaps:
        subject = _INTERNAL_SUBJECT if swap.is_internal else _NOTE_SUBJECT
        new = [_note(subject, swap.new, internal=swap.is_internal)] if swap.new.strip() else []
        texts = [note["note"] for note in left]
        place = texts.index(swap.gone) if swap.gone and swap.gone in texts else len(left)
        left[place : place + 1] = new
    return left


def _kept_line(line: Fields) -> dict[str, Any]:
    names = ("item_id", "item_variation_pk", "strain_id", "lot_number")
    kept = {name: line.value[name] for name in names if line.has(name)}
    amounts = ("order_qty", "unit_price", "discount_price")
    return {**kept, **{name: line.number(name) for name in amounts if line.has(name)}}


def _kept_amount(row: Fields, percent: str) -> dict[str, Any]:
    """Keep a charge or discount. Of a percentage, `amount` is what it came to in dollars."""
    method = row.text_or_empty("method").lower() or "dollar"
    name = percent if method == "percentage" and row.has(percent) else "amount"
    return {"amount": row.number(name), "method": method}


def write_destination(draft: DestinationDraft) -> dict[str, Any]:
    """Make the body that creates a destination; what the draft does not have is left out, never invented."""
    address = draft.address
    body = {
        "name": draft.name,
        "type": draft.type,
        "license_number": draft.license,
        "company_email": draft.email,
        "company_phone_number": draft.phone,
        "address_line_1": address.line_1,
        "address_line_2": address.line_2,
        "city": address.city,
        "state": address.state,
        "zip_code": address.zip_code,
        "country": _COUNTRY,
        "active": True,
    }
    return {name: value for name, value in body.items() if value != ""}


def write_time(moment: datetime) -> str:
    """Write an aware time as Flourish's filters and fields want it: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dollars(amount: Decimal) -> dict[str, Any]:
    return {"amount": amount, "method": "dollar"}


def _note(subject: str, note: str, *, internal: bool) -> dict[str, Any]:
    return {"subject": subject, "note": note, "internal_only": internal}


def _whole(ref: str) -> int | str:
    """Sales reps have whole numbers as ids, and only there."""
    return int(ref) if ref.isascii() and ref.isdigit() else ref


def _time(fields: Fields, name: str) -> datetime:
    return fields.time(name, naive_is_utc=True)
