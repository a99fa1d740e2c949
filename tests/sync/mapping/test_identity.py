"""Which customer of Flourish a shopper is: each row of the rules, and that nothing shows who somebody is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from portal.sync.mapping.identity import (
    Ask,
    Make,
    Review,
    Said,
    Use,
    age_on,
    identify,
    sole_key,
    sole_keys,
)
from portal.sync.retail import CustomerLookup, RetailCustomer
from portal.sync.shopping import IdentityRules
from tests.sync.mapping.shoppers import (
    BORN,
    BY_EMAIL,
    BY_PATIENT_ID,
    BY_PHONE,
    adult,
    customer,
    patient,
    person,
)

pytestmark = pytest.mark.promise("AQ-7")

STRICT, LAX = IdentityRules(), IdentityRules(is_strict=False)
SAME = customer("7")
SPOUSE = customer("8", person=person(first_name="Bo", born=date(1988, 5, 6), patient_id=""))
OTHER_NAME = customer("9", person=person(last_name="Ito", patient_id=""))
NAMELESS = customer("10", person=person(last_name="", patient_id=""))
BANNED = customer("11", discipline="Banned")
INACTIVE = customer("12", is_active=False)
OTHER_PATIENT = customer("13", person=person(patient_id="MMJ-2"))
PATIENT = customer("14", person=person())
OLDER_PATIENT = customer("15", person=person(born=date(1988, 5, 6), patient_id="mmj-1"))


def ended(answer):
    """How it ended, in one word, and which customer or problem it names."""
    match answer:
        case Use(customer_id):
            return f"use {customer_id}"
        case Make():
            return "make"
        case Ask(lookup):
            return f"ask {lookup.by}"
        case Review(finding):
            return finding.code


def found(patient_id=(), phone=(), email=()):
    return {BY_PATIENT_ID: tuple(patient_id), BY_PHONE: tuple(phone), BY_EMAIL: tuple(email)}


# What is found by each thing; then how it ends strictly, and how when one hit is believed.
ROWS = [
    ("nobody", found(), "make", "make"),
    ("one by phone, the same", found(phone=[SAME]), "use 7", "use 7"),
    ("one by e-mail, the same", found(email=[SAME]), "use 7", "use 7"),
    ("phone goes before e-mail", found(phone=[SAME], email=[SPOUSE]), "use 7", "use 7"),
    ("a spouse's phone, own e-mail", found(phone=[SPOUSE], email=[SAME]), "use 7", "use 8"),
    ("a spouse's phone, e-mail nobody's", found(phone=[SPOUSE]), "customer_phone_of_another", "use 8"),
    ("a reused number", found(phone=[OTHER_NAME]), "customer_phone_of_another", "use 9"),
    ("a phone of nobody who says a name", found(phone=[NAMELESS]), "customer_phone_of_another", "use 10"),
    ("another's e-mail", found(email=[OTHER_NAME]), "customer_differs", "use 9"),
    ("both another's", found(phone=[SPOUSE], email=[OTHER_NAME]), "customer_differs", "use 8"),
    ("several by phone, one the same", found(phone=[SPOUSE, SAME]), "use 7", "use 7"),
    ("several by phone, none the same", found(phone=[SPOUSE, OTHER_NAME], email=[SAME]), "customer_several",
     "customer_several"),
    ("several by phone, two the same", found(phone=[SAME, replace(SAME, id="70")]), "customer_several",
     "customer_several"),
    ("several by e-mail, none the same", found(email=[SPOUSE, OTHER_NAME]), "customer_several",
     "customer_several"),
    ("an inactive profile and the same", found(phone=[INACTIVE, SAME]), "use 7", "use 7"),
    ("an inactive profile alone", found(phone=[INACTIVE], email=[INACTIVE]), "make", "make"),
    ("a banned customer", found(phone=[BANNED]), "customer_banned", "customer_banned"),
    ("a patient, as an adult", found(phone=[PATIENT]), "use 14", "use 14"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "answers", "strictly", "laxly"), ROWS, ids=[row[0] for row in ROWS])
def test_an_adult_is_found_by_phone_then_by_e_mail(what, answers, strictly, laxly):
    assert ended(identify(adult(), STRICT, answers)) == strictly
    assert ended(identify(adult(), LAX, answers)) == laxly


PATIENTS = [
    ("by patient id, the same", found(patient_id=[PATIENT]), "use 14", "use 14"),
    ("by patient id, another birth date", found(patient_id=[OLDER_PATIENT]), "customer_differs",
     "use 15"),
    ("several by patient id", found(patient_id=[PATIENT, replace(PATIENT, id="15")]), "customer_several",
     "customer_several"),
    ("patient id unknown, found by phone", found(phone=[SAME]), "use 7", "use 7"),
    ("patient id unknown, found by e-mail", found(email=[SAME]), "use 7", "use 7"),
    ("who has the phone has another patient id", found(phone=[OTHER_PATIENT]), "customer_other_patient",
     "customer_other_patient"),
    ("who has the e-mail has another patient id", found(email=[OTHER_PATIENT]), "customer_other_patient",
     "customer_other_patient"),
    ("a banned patient", found(patient_id=[replace(PATIENT, discipline="banned")]), "customer_banned",
     "customer_banned"),
    ("nobody", found(), "make", "make"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "answers", "strictly", "laxly"), PATIENTS, ids=[row[0] for row in PATIENTS])
def test_a_patient_is_found_by_patient_id_first(what, answers, strictly, laxly):
    assert ended(identify(patient(), STRICT, answers)) == strictly
    assert ended(identify(patient(), LAX, answers)) == laxly


ORDERS = [
    (adult(), ["phone", "email"]),
    (patient(), ["patient_id", "phone", "email"]),
    (patient(patient_id=" "), ["phone", "email"]),
    (adult(phone=""), ["email"]),
    (adult(email="no mail"), ["phone"]),
]


@pytest.mark.parametrize(("shopper", "asked"), ORDERS, ids=lambda each: str(each)[:40])
def test_flourish_is_asked_one_thing_after_the_other_and_only_while_it_has_to_be(shopper, asked):
    answers: dict[CustomerLookup, tuple[RetailCustomer, ...]] = {}
    seen = []
    while isinstance(answer := identify(shopper, STRICT, answers), Ask):
        seen.append(answer.lookup.by)
        answers[answer.lookup] = ()
    assert seen == asked
    assert isinstance(identify(adult(), STRICT, {BY_PHONE: (SAME,)}), Use)


NUMBERS = [
    ("4155550100", "4155550100"), ("+1 415 555 0100", "4155550100"), ("1-415-555-0100", "4155550100"),
    ("555-0100", None), ("0000000000", None), ("888-888-8888", None), ("(555) 555-5555", None), ("", None),
    ("+44 20 7946 0958", None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "asked"), NUMBERS)
def test_a_phone_is_looked_for_by_its_digits_if_it_can_be_somebody_s(written, asked):
    answer = identify(adult(phone=written), STRICT, {})
    assert isinstance(answer, Ask)
    assert answer.lookup == (CustomerLookup("phone", asked) if asked else BY_EMAIL)


@pytest.mark.parametrize("written", [" NIA@Guests.Example ", "nia@guests.example"])
def test_an_e_mail_is_looked_for_in_small_letters(written):
    assert identify(adult(phone="", email=written), STRICT, {}) == Ask(BY_EMAIL)


SAME_NAMES = [("quist", True), (" Quist ", True), ("QUIST", True), ("Quíst", True), ("Quist-Ito", False)]


@pytest.mark.parametrize(("written", "is_same"), SAME_NAMES)
def test_last_names_are_one_whatever_their_case_and_accents(written, is_same):
    hit = customer("7", person=person(last_name=written, patient_id=""))
    assert isinstance(identify(adult(), STRICT, found(phone=[hit])), Use) is is_same


UNMADE = [
    (adult(email=""), "customer_no_email"),
    (adult(email="nobody"), "customer_no_email"),
    (adult(email="a@b"), "customer_no_email"),
    (adult(first_name=" "), "customer_incomplete"),
    (adult(last_name=""), "customer_incomplete"),
    (adult(born=None), "customer_incomplete"),
    (replace(patient(), state=""), "customer_incomplete"),
    (adult(born=date(2005, 11, 29)), "customer_too_young"),
    (patient(born=date(2008, 11, 29)), "customer_too_young"),
]


@pytest.mark.parametrize(("shopper", "code"), UNMADE, ids=[code for _, code in UNMADE])
def test_nobody_is_made_without_what_flourish_wants_and_nothing_is_invented(shopper, code):
    assert ended(identify(shopper, STRICT, found())) == code


def test_who_is_just_old_enough_may_order():
    assert ended(identify(adult(born=date(2005, 11, 28)), STRICT, found())) == "make"
    assert ended(identify(patient(born=date(2008, 11, 28)), STRICT, found())) == "make"
    assert ended(
        identify(patient(born=date(2008, 11, 28)), replace(STRICT, least_patient_age_years=21), found())
    ) == ("customer_too_young")
    assert [age_on(date(2004, 2, 29), day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [21, 22]


def test_who_is_too_young_is_not_looked_for():
    assert ended(identify(adult(born=date(2015, 1, 1)), STRICT, {})) == "customer_too_young"


@pytest.mark.promise("AQ-8")
@pytest.mark.parametrize(("verifies", "flag"), [(True, False), (False, None)])
def test_everybody_new_is_to_be_checked_if_the_shop_wants_it_and_else_nothing_is_said(verifies, flag):
    for shopper in (adult(), patient()):
        made = identify(shopper, replace(STRICT, verifies_new=verifies), found())
        assert isinstance(made, Make)
        assert made.draft.is_verified is flag


@pytest.mark.promise("AQ-8")
def test_who_is_there_already_is_only_named_so_no_flag_can_be_lowered():
    assert identify(adult(), replace(STRICT, verifies_new=True), found(phone=[SAME])) == Use(
        "7", "Flourish has one customer with this phone number, birth date and last name."
    )


def test_a_new_customer_has_a_patient_id_only_from_a_medical_order():
    as_adult, as_patient = (identify(each, STRICT, found()) for each in (adult(), patient()))
    assert isinstance(as_adult, Make)
    assert isinstance(as_patient, Make)
    assert (as_adult.draft.person.patient_id, as_adult.draft.person.card_expires) == ("", None)
    assert (as_patient.draft.person.patient_id, as_patient.draft.state) == ("MMJ-1", "CA")


SAID = [
    (Said(customer=SPOUSE), "use 8"),
    (Said(customer=OTHER_PATIENT), "use 13"),
    (Said(customer=BANNED), "customer_banned"),
    (Said(is_new=True), "make"),
    (Said(), "customer_phone_of_another"),
]


@pytest.mark.parametrize(("said", "end"), SAID, ids=[end for _, end in SAID])
def test_a_person_decides_and_a_ban_holds_all_the_same(said, end):
    assert ended(identify(patient(), STRICT, found(phone=[SPOUSE]), said=said)) == end


def test_two_orders_of_somebody_new_wait_for_each_other():
    first, second = adult(), adult(email="NIA@guests.example", phone="+1 415 555 0100")
    assert sole_keys(first.person) == sole_keys(second.person)
    assert sole_keys(adult(phone="888-888-8888", patient_id="").person) == ("email:nia@guests.example",)
    assert sole_keys(patient().person)[0] == sole_key(CustomerLookup("patient_id", "mmj-1"))


def test_nothing_that_is_decided_shows_who_somebody_is():
    ends = [identify(patient(), STRICT, answers) for _, answers, _, _ in (*ROWS, *PATIENTS)]
    ends += [identify(shopper, STRICT, found()) for shopper, _ in UNMADE]
    shown = repr([*ends, identify(adult(), STRICT, {}), SAME, adult()])
    for told in ("Nia", "Quist", "guests", "555", "MMJ", "1990", repr(BORN)):
        assert told not in shown
