"""Answers of which something is missing, empty, of another type or too much (rows 26, 29 of the catalogue).

Each is made from a good answer. Whatever the clients make of it, it is a value that the planner can decide
about, or an error that is named by what happens next: never a bug, and never a part of an order.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.sync import strict_json
from portal.sync.answers import Answer, understand
from portal.sync.decisions import Inquiry
from portal.sync.domain import OutboundOrder, SourceOrder
from portal.sync.drafts import LineUpdate, NoteSwap, OutboundUpdate, Swap
from portal.sync.errors import SyncError, Unsettled
from portal.sync.flourish.client import FlourishClient
from portal.sync.flourish.translate import read_webhook as read_flourish_webhook
from portal.sync.mapping.diff import shared_values
from portal.sync.mapping.money import add_up
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.translate import read_webhook as read_leaflink_webhook
from portal.sync.questions import DestinationByLicense, ItemBySku, LotNumbered, RepByEmail, TermNamed
from portal.sync.signing import BadBody, parse_body
from tests.sync.flourish import examples as flourish
from tests.sync.mapping.examples import rules
from tests.sync.platforms.leaflink import examples as leaflink

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
JSON = {"content-type": "application/json"}

# What stands in the place of a value.
_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.just(Decimal("1E+38")),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    st.sampled_from(
        ["", " ", "12.0", "-1", "1e30", "NaN", "true", "0001-01-01T00:00:00Z", "submitted", "null"]
    ),
    st.sampled_from(["9999-12-31T23:59:59-12:00", "2026-02-30", "x" * 5000, "\u202e<b>", "../..", "USD"]),
    st.sampled_from([[], {}, [None], [[]], [{}], {"amount": None}, {"id": {}}, [1, "a"]]),
)


@dataclass(frozen=True)
class Replies:
    """`contract.Calls` that answers every path with one body."""

    body: bytes

    def read(self, _path: str, *, query: Any = None, headers: Any = None) -> Any:
        return self._answer(writing=False)

    def write(self, _method: str, _path: str, body: Any = None, *, headers: Any = None) -> Any:
        return self._answer(writing=True)

    def _answer(self, *, writing: bool) -> Any:
        return understand(Answer(200, JSON, self.body), label="Somebody", writing=writing, now=NOW)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document, as a container and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@st.composite
def mutated(draw: Any, good: dict[str, Any]) -> bytes:
    """A good document with one to four places changed."""
    document = strict_json.read(strict_json.write(good)).value
    for _ in range(draw(st.integers(1, 4))):
        found = places(document)
        if not found:
            break
        container, key = found[draw(st.integers(0, len(found) - 1))]
        how = draw(st.sampled_from(["delete", "replace", "replace", "wrong case", "extra", "wrap"]))
        if how == "delete":
            del container[key]
        elif how == "replace":
            container[key] = copy.deepcopy(draw(_ODD))
        elif how == "wrap":
            container[key] = [container[key]]
        elif isinstance(container, dict):
            container[key.upper() if how == "wrong case" else f"{key}_new"] = copy.deepcopy(container[key])
            if how == "wrong case" and key.upper() != key:
                del container[key]
    return strict_json.write(document)


LEAFLINK_ORDER = leaflink.order(
    discount=10,
    tax_amount="5.00",
    ship_date="2026-11-30T12:00:00-07:00",
    notes="Call first",
    delivery_info={"acquire_type": 2, "manifest_number": "77"},
    delivery_address={"address": "2 Hill Road", "city": "Camden", "state": "NJ", "zipcode": "08101"},
)
LEAFLINK_TERMS = leaflink.order(
    available_payment_options=[
        {
            "id": 1,
            "payment_program": None,
            "payment_method": {"id": 1, "method": "Cash"},
            "payment_term": {"id": 3, "term": "Net 15", "days": 15, "code": "net15"},
        }
    ],
    selected_payment_option={"payment_term": {"id": 3, "term": "Net 15", "days": 15, "code": "net15"}},
)
LEAFLINK_PAGE = {
    "count": 2,
    "next": None,
    "results": [
        {"number": number, "short_id": "4F2A", "modified": "2026-11-20T09:00:00Z"} for number in ("a", "b")
    ],
}
ITEM = {"id": "1", "sku": "PR-1", "item_name": "Pre-Roll", "active": True, "uom": "Each"}
DESTINATION = {"id": "11", "name": "Riverside", "license_number": "RE000123", "active": True}
REP = {"sales_rep_id": 3, "first_name": "Priya", "email": "p@x.example", "facility_id": None, "active": True}
FACILITY = {
    "id": "1",
    "facility_name": "Oakland",
    "timezone": "UTC",
    "active": 1,
    "sales_rep_required_for_outbound": False,
    "license_number": None,
}


def _plan(order: SourceOrder | None, outbound: OutboundOrder | None) -> None:
    if order is not None:
        answer = plan_order(order, outbound, base={}, rules=rules(), facts={}, course=LEAFLINK.course)
        assert isinstance(answer, Inquiry) or answer.sentence
        assert shared_values(order)
        assert add_up(order, 4).shown()


def _read_leaflink(calls: Replies) -> None:
    _plan(LeafLinkClient(calls, lambda *_: None).order("n1"), None)


def _read_flourish(calls: Replies) -> None:
    found = FlourishClient(calls, lambda *_: None).outbound_order("42")
    good = Replies(strict_json.write(LEAFLINK_ORDER))
    _plan(LeafLinkClient(good, lambda *_: None).order("n1"), found)


def _finish_order(calls: Replies) -> None:
    good = FlourishClient(Replies(strict_json.write(flourish.one(flourish.order()))), lambda *_: None)
    known = good.outbound_order("42")
    assert known is not None
    FlourishClient(calls).finish_order(known, requested_date=date(2026, 11, 30), term="Net 7")


EDIT = OutboundUpdate(
    kept_lines=(LineUpdate(0, eaches=Decimal(48)),),
    charges=Swap((Decimal("12.50"),), (Decimal(3),)),
    notes=(NoteSwap("Back door", "Front door", is_internal=False),),
    term="Net 7",
)


def _update_order(calls: Replies) -> None:
    good = FlourishClient(Replies(strict_json.write(flourish.one(flourish.order()))), lambda *_: None)
    known = good.outbound_order("42")
    assert known is not None
    FlourishClient(calls, lambda *_: None).update_order(known, EDIT)


READS: dict[str, tuple[dict[str, Any], Callable[[Replies], object]]] = {
    "LeafLink order": (LEAFLINK_ORDER, _read_leaflink),
    "LeafLink page": (LEAFLINK_PAGE, lambda calls: list(LeafLinkClient(calls).changed_orders(None))),
    "LeafLink product": (
        leaflink.product(),
        lambda calls: LeafLinkClient(calls, lambda *_: None).product("501"),
    ),
    "LeafLink products": (
        {"count": 2, "next": None, "results": [leaflink.product(), leaflink.product(id=502)]},
        lambda calls: list(LeafLinkClient(calls, lambda *_: None).products(None)),
    ),
    "LeafLink strain, made": (
        {"results": [{"id": 7}], "next": None, "id": 4},
        lambda calls: LeafLinkClient(calls, lambda *_: None).create_strain("OG", "na"),
    ),
    "LeafLink stock, set": (
        leaflink.product(),
        lambda calls: LeafLinkClient(calls, lambda *_: None).set_stock("501", "available", Decimal(1)),
    ),
    "LeafLink company": (
        {"results": [{"id": 7, "name": "Acme", "seller": True}]},
        lambda calls: LeafLinkClient(calls).company(),
    ),
    "Flourish order": (flourish.one(flourish.order()), _read_flourish),
    "Flourish order, updated": (flourish.one(flourish.order()), _finish_order),
    "Flourish order, edited": (flourish.one(flourish.order()), _update_order),
    "Flourish lots": (
        flourish.many({"item_id": "1", "lot_number": "L-1"}),
        lambda calls: FlourishClient(calls).answer(LotNumbered("1", "L-1", "7")),
    ),
    "LeafLink order, its term": (
        LEAFLINK_TERMS,
        lambda calls: LeafLinkClient(calls, lambda *_: None).set_term("n1", "Net 15"),
    ),
    "Flourish order, created": (
        flourish.one({"id": "50"}),
        lambda calls: FlourishClient(calls).create_order(flourish.DRAFT),
    ),
    "Flourish orders": (
        flourish.many(flourish.order(), flourish.order(id="43")),
        lambda calls: list(FlourishClient(calls, lambda *_: None).outbound_orders(created_from=NOW)),
    ),
    "Flourish changes": (
        flourish.many(flourish.order()),
        lambda calls: list(FlourishClient(calls).changed_orders(NOW)),
    ),
    "Flourish items": (
        flourish.many(ITEM),
        lambda calls: FlourishClient(calls, lambda *_: None).answer(ItemBySku("PR-1")),
    ),
    "Flourish catalogue": (
        flourish.many(ITEM),
        lambda calls: list(FlourishClient(calls, lambda *_: None).items(NOW)),
    ),
    "Flourish stock": (
        flourish.many({"item_id": "1", "sku": "PR-1", "sellable_qty": 4}),
        lambda calls: list(FlourishClient(calls, lambda *_: None).stock("1")),
    ),
    "Flourish destinations": (
        flourish.many(DESTINATION),
        lambda calls: FlourishClient(calls, lambda *_: None).answer(DestinationByLicense("RE000123")),
    ),
    "Flourish reps": (
        flourish.many(REP),
        lambda calls: FlourishClient(calls, lambda *_: None).answer(
            RepByEmail("p@x.example"), facility_id="1"
        ),
    ),
    "Flourish terms": (
        flourish.many({"order_payment_term": "Net 7"}),
        lambda calls: FlourishClient(calls).answer(TermNamed("Net 7"), facility_id="1"),
    ),
    "Flourish company": (
        flourish.many(FACILITY),
        lambda calls: FlourishClient(calls, lambda *_: None).company(),
    ),
    "LeafLink webhook": (
        {"type": "order", "action": "create", "data": {"number": "n1", "short_id": "4F2A"}},
        lambda calls: read_leaflink_webhook(parse_body(calls.body)),
    ),
    "Flourish webhook": (
        {"resource_type": "order", "action": "update", "data": flourish.order()},
        lambda calls: read_flourish_webhook(parse_body(calls.body)),
    ),
}


@pytest.mark.fault(29)
@pytest.mark.parametrize(("good", "act"), READS.values(), ids=READS)
def test_a_mutated_answer_is_understood_or_named(good, act):
    act(Replies(strict_json.write(good)))

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mutated(good))
    def holds(body: bytes) -> None:
        with suppress(SyncError, BadBody):
            act(Replies(body))

    holds()


@pytest.mark.fault(26)
@pytest.mark.parametrize("name", [name for name in READS if "webhook" not in name])
def test_an_answer_cut_at_any_byte_is_never_read_in_part(name):
    good, act = READS[name]
    body = strict_json.write(good)
    for length in range(len(body)):
        with pytest.raises(SyncError) as caught:
            act(Replies(body[:length]))
        assert ("created" not in name) or isinstance(caught.value, Unsettled)


_SHARED = st.sampled_from(["id", "number", "status", "data", "results", "next", "errors", "meta", "total"])
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_SHARED | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.fault(29)
@pytest.mark.parametrize("read", [name for name in READS if "webhook" not in name])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=_ANY)
def test_any_json_at_all_is_understood_or_named(read, value):
    act = READS[read][1]
    with suppress(SyncError):
        act(Replies(json.dumps(value).encode()))
