"""Drafts: what is written to Flourish."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sync.domain import Address
from portal.sync.mapping.draft import (
    destination_draft,
    destination_type,
    marker,
    missing_for_destination,
    outbound_draft,
    requested_date,
)
from tests.sync.mapping.examples import CONNECTION, customer, facility, item, line, order, rules


@pytest.mark.parametrize(
    ("license_type", "kind"),
    [
        ("Adult Use Retailer", "Dispensary"),
        ("Medical DISPENSARY", "Dispensary"),
        ("Storefront", "Dispensary"),
        ("Delivery Only", "Dispensary"),
        ("Distributor", "Distributor"),
        ("Wholesaler", "Distributor"),
        ("Manufacturing Level 2", "Manufacturer"),
        ("Processor", "Processor"),
        ("Cultivation - Tier 1", "Grower"),
        ("Testing Laboratory", "Laboratory"),
        ("Microbusiness", "Microbusiness"),
        ("Event Organizer", ""),
        ("", ""),
    ],
)
def test_a_destinations_type_comes_from_the_word_that_tells_and_is_never_guessed(license_type, kind):
    assert destination_type(license_type) == kind


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({}, ()),
        ({"name": ""}, ("name",)),
        ({"license": ""}, ("license number",)),
        ({"license_type": ""}, ("license type (none given)",)),
        ({"license_type": "Event Organizer"}, ("license type (Event Organizer)",)),
        ({"address": Address("", "", "Oakland", "CA", "94601")}, ("address",)),
        ({"address": Address("1 Main St", "", "", "", "")}, ("city", "state", "zip code")),
        ({"email": "", "phone": ""}, ()),
    ],
)
def test_what_a_destination_needs_is_named_when_it_is_missing(changed, missing):
    assert missing_for_destination(order(customer=customer(**changed))) == missing


def test_a_destination_draft_repeats_the_customer():
    draft = destination_draft(order())

    assert (draft.name, draft.license, draft.type) == ("Corner Dispensary", "C10-0000001-LIC", "Dispensary")
    assert draft.address.zip_code == "94601"


def test_an_order_draft_says_whose_it_is_in_its_first_internal_note():
    draft = _draft(order())

    assert (
        draft.internal_notes[0]
        == f"Trellis {CONNECTION} 8f14e45f-ceea-467f"
        == marker(rules(), order().number)
    )
    assert draft.original_order_id == "4F2A-1187"
    assert draft.facility_id == "7"


@pytest.mark.parametrize(
    ("notes", "written"),
    [("", ()), ("   \n", ()), ("Ring twice", ("Ring twice",)), ("=CMD()", ("=CMD()",))],
)
def test_the_buyers_notes_go_along_as_they_are(notes, written):
    assert _draft(order(notes=notes)).notes == written


@pytest.mark.parametrize(
    ("parts", "charges", "discounts", "note"),
    [
        ({}, (), (), None),
        ({"shipping": "20"}, ("20.00",), (), "shipping +20.00"),
        ({"discount": "5"}, (), ("5.00",), "discount -5.00"),
        ({"credits": "3"}, (), ("3.00",), "credits -3.00"),
        ({"tax": "7"}, (), (), "tax on the platform, not in this order +7.00"),
        (
            {"shipping": "20", "discount": "5", "credits": "3", "tax": "7"},
            ("20.00",),
            ("5.00", "3.00"),
            "shipping +20.00; discount -5.00; credits -3.00; tax on the platform, not in this order +7.00",
        ),
    ],
)
def test_amounts_go_on_without_a_name_and_the_note_names_them(parts, charges, discounts, note):
    draft = _draft(order(**{name: Decimal(amount) for name, amount in parts.items()}))

    assert draft.charges == tuple(map(Decimal, charges))
    assert draft.discounts == tuple(map(Decimal, discounts))
    assert draft.internal_notes[1:] == ((note,) if note else ())


@pytest.mark.parametrize(
    ("case", "charges", "discounts", "note"),
    [(3, ("0.0001",), (), "rounding +0.0001"), (6, (), ("0.0002",), "rounding -0.0002")],
)
def test_rounding_is_a_charge_or_a_discount_of_its_own(case, charges, discounts, note):
    draft = _draft(order(lines=(line(eaches=str(case), case=case, price="10.00"),)))

    assert (draft.charges, draft.discounts) == (tuple(map(Decimal, charges)), tuple(map(Decimal, discounts)))
    assert draft.internal_notes[1:] == (note,)


@pytest.mark.fault(65)
@pytest.mark.parametrize(
    ("ship_at", "zone", "day"),
    [
        (datetime(2026, 4, 1, 6, 59, tzinfo=UTC), "America/Los_Angeles", "2026-03-31"),
        (datetime(2026, 4, 1, 7, 0, tzinfo=UTC), "America/Los_Angeles", "2026-04-01"),
        # Daylight saving time begins on 8 March and ends on 1 November 2026.
        (datetime(2026, 3, 8, 7, 59, tzinfo=UTC), "America/Los_Angeles", "2026-03-07"),
        (datetime(2026, 3, 9, 7, 0, tzinfo=UTC), "America/Los_Angeles", "2026-03-09"),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), "America/Los_Angeles", "2026-11-01"),
        (datetime(2026, 11, 2, 7, 30, tzinfo=UTC), "America/Los_Angeles", "2026-11-01"),
        (datetime(2026, 4, 1, 23, 30, tzinfo=UTC), "America/New_York", "2026-04-01"),
        (datetime(2026, 4, 2, 3, 30, tzinfo=UTC), "America/New_York", "2026-04-01"),
        (datetime(2026, 4, 2, 3, 30, tzinfo=UTC), "America/Phoenix", "2026-04-01"),
        (None, "America/Los_Angeles", ""),
    ],
)
def test_the_requested_date_is_the_ship_dates_day_at_the_facility(ship_at, zone, day):
    assert requested_date(order(ship_at=ship_at), rules(facility=facility(timezone=zone))) == day


def _draft(source):
    return outbound_draft(
        source,
        rules(),
        destination_id="d1",
        sales_rep_id="",
        items={one.sku: item(one.sku) for one in source.lines},
    )
