"""What AIQ shows of a lab's findings: each substance, its names, its unit, and what is left out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.sync.platforms.aiq.labs import CANNABINOIDS, DELTA_9_THC, TERPENES, labs_of, substance
from portal.sync.retail import LabResult
from portal.sync.shopping import Claims
from tests.sync.platforms.aiq.examples import NOON

pytestmark = pytest.mark.promise("AQ-5")


def result(lot="L1", *, status="Pass", is_final=True, hours=0, **percentages):
    amounts = {name: Decimal(str(value)) for name, value in percentages.items()}
    return LabResult(f"lab-{lot}-{hours}", lot, status, is_final, NOON + timedelta(hours=hours), amounts)


def labs(*results, lots=None, claims=None, **chosen):
    return labs_of(results, lots or {}, claims or Claims(), **chosen)


def shown(**percentages):
    found = labs(result(**percentages))
    return {**found.cannabinoids, **found.terpenes}


# What Flourish calls it, the key in AIQ.
TERPENE_FIELDS = [
    ("delta_3_carene", "threeCarene"),
    ("alpha_pinene", "alphaPinene"),
    ("beta_caryophyllene", "betaCaryophyllene"),
    ("beta_eudesmol", "betaEudesmol"),
    ("myrcene", "betaMyrcene"),
    ("beta_pinene", "betaPinene"),
    ("alpha_bisabolol", "bisabolol"),
    ("caryophyllene_oxide", "caryophylleneOxide"),
    ("guaiol", "guaiol"),
    ("alpha_humulene", "humulene"),
    ("limonene", "limonene"),
    ("linalool", "linalool"),
    ("ocimene", "ocimene"),
    ("terpinolene", "terpinolene"),
    ("alpha_terpinene", "terpinene"),
    ("gamma_terpinene", "terpinene"),
    ("nerolidol", "transNerolidol"),
]
ALIASES = [
    ("δ-3-carene", "threeCarene"),
    ("delta-3-carene", "threeCarene"),
    ("Carene", "threeCarene"),
    ("α-Pinene", "alphaPinene"),
    ("a-pinene", "alphaPinene"),
    ("β-caryophyllene", "betaCaryophyllene"),
    ("trans-caryophyllene", "betaCaryophyllene"),
    ("caryophyllene", "betaCaryophyllene"),
    ("β-eudesmol", "betaEudesmol"),
    ("β-myrcene", "betaMyrcene"),
    ("β-pinene", "betaPinene"),
    ("α-bisabolol", "bisabolol"),
    ("levomenol", "bisabolol"),
    ("α-humulene", "humulene"),
    ("d-limonene", "limonene"),
    ("β-ocimene", "ocimene"),
    ("cis-ocimene", "ocimene"),
    ("trans-ocimene", "ocimene"),
    ("α-terpinene", "terpinene"),
    ("γ-terpinene", "terpinene"),
    ("trans-nerolidol", "transNerolidol"),
    # One character in place of two: NFKC tells.
    ("ﬁ", ""),
]
CANNABINOID_FIELDS = [
    ("thc", "thc"),
    ("thca", "thcA"),
    ("cbd", "cbd"),
    ("cbda", "cbdA"),
    ("cbg", "cbg"),
    ("cbn", "cbn"),
]


@pytest.mark.parametrize(("name", "key"), TERPENE_FIELDS + CANNABINOID_FIELDS)
def test_each_field_of_flourish_has_its_key_and_its_unit(name, key):
    assert shown(**{name: 1.5}) == {key: Decimal("1.5"), f"{key}ContentUnit": "%"}
    assert shown(**{f"{name}_percentage": 1.5}) == {key: Decimal("1.5"), f"{key}ContentUnit": "%"}


@pytest.mark.parametrize(("name", "key"), ALIASES)
def test_a_name_is_known_however_labs_write_it(name, key):
    assert shown(**{name: 2}) == ({key: 2, f"{key}ContentUnit": "%"} if key else {})


def test_there_are_six_cannabinoids_and_sixteen_terpenes():
    assert len(CANNABINOIDS) == 6
    assert len(TERPENES) == 16
    assert {key for _name, key in TERPENE_FIELDS} == set(TERPENES)
    assert {key for _name, key in CANNABINOID_FIELDS} == set(CANNABINOIDS)


@pytest.mark.parametrize(
    "name",
    ["delta_guaiene", "limonene_oxide", "terpineol", "alpha_terpineol", "camphene", "valencene", "cbga",
     "cbc", "thcv", "delta_8_thc", "cbdv", "tac"],
)  # fmt: skip
def test_what_aiq_has_no_place_for_is_dropped_and_counted(name):
    found = labs(result(**{name: 0.3}))

    assert (found.cannabinoids, found.terpenes, found.dropped) == ({}, {}, (name,))


def test_what_was_not_found_is_neither_shown_nor_counted():
    found = labs(result(limonene=0, camphene=0, cbd=0))

    assert (found.cannabinoids, found.terpenes, found.dropped) == ({}, {}, ())


@pytest.mark.parametrize("name", ["base_cbd", "moisture"])
def test_what_is_no_substance_is_passed_over(name):
    assert labs(result(**{name: 3})).dropped == ()


def test_the_total_is_thc_unless_the_setting_says_delta_9_and_never_both():
    lab = result(thca=23.33, delta_9_thc=0.24, thc=20.7)

    assert labs(lab).cannabinoids["thc"] == Decimal("20.7")
    assert labs(lab, thc_source=DELTA_9_THC).cannabinoids["thc"] == Decimal("0.24")
    assert labs(lab).cannabinoids["thcA"] == Decimal("23.33")
    assert labs(lab).dropped == ()


def test_where_one_thc_was_not_measured_the_other_is_shown():
    assert shown(delta_9_thc=0.4)["thc"] == Decimal("0.4")
    assert labs(result(thc=9), thc_source=DELTA_9_THC).cannabinoids["thc"] == 9


def test_both_terpinenes_are_added_up_and_somebody_is_told():
    found = labs(result(alpha_terpinene=0.2, gamma_terpinene=0.3))

    assert found.terpenes["terpinene"] == Decimal("0.5")
    assert len(found.warnings) == 1


def test_of_two_names_of_one_thing_the_higher_counts():
    assert shown(**{"ocimene": 0.2, "trans-ocimene": 0.7})["ocimene"] == Decimal("0.7")


@pytest.mark.parametrize("value", [-0.1, 100.1, 1000])
def test_what_cannot_be_is_not_shown(value):
    found = labs(result(limonene=value, cbd=1))

    assert found.terpenes == {}
    assert found.cannabinoids["cbd"] == 1
    assert "limonene" in found.warnings[0]


def test_milligrams_in_a_gram_are_shares_and_those_of_a_serving_are_not():
    assert shown(limonene_mg_per_g=15) == {"limonene": Decimal("1.5"), "limoneneContentUnit": "%"}
    found = labs(result(limonene_mg_per_serving=15))
    assert found.terpenes == {}
    assert "serving" in found.warnings[0]


@pytest.mark.parametrize("status", ["Fail", "Retest", ""])
def test_labs_of_a_test_that_did_not_pass_are_not_shown(status):
    found = labs(result(status=status, thc=20), claims=Claims(thc_percent=Decimal(20)))

    assert (found.cannabinoids, found.terpenes) == ({}, {})
    assert "L1" in found.warnings[0]


def test_a_final_result_counts_and_the_newest_of_them():
    draft = result(is_final=False, hours=3, thc=9)
    assert labs(result(hours=1, thc=1), result(hours=2, thc=2), draft).cannabinoids["thc"] == 2
    assert labs(draft).cannabinoids == {}


def test_a_later_test_that_failed_takes_the_earlier_one_away():
    assert labs(result(hours=1, thc=1), result(hours=2, status="Fail", thc=2)).cannabinoids == {}


def test_of_several_lots_the_one_of_which_most_is_left_is_told_of():
    results = (result("L1", hours=5, thc=1), result("L2", thc=2), result("L3", thc=3))

    assert (
        labs(*results, lots={"L1": Decimal(4), "L2": Decimal(40), "L4": Decimal(90)}).cannabinoids["thc"] == 2
    )
    # Nobody knows what is left: the newest.
    assert labs(*results).cannabinoids["thc"] == 1


@pytest.mark.parametrize(
    ("claims", "expected", "warnings"),
    [
        (Claims(thc_percent=Decimal("21.5")), {"thc": Decimal("21.5"), "thcContentUnit": "%"}, 0),
        (Claims(cbd_percent=Decimal(3)), {"cbd": 3, "cbdContentUnit": "%"}, 0),
        (Claims(thc_per_unit=Decimal(10), thc_unit="mg"), {"thc": 10, "thcContentUnit": "mg"}, 0),
        (Claims(cbd_per_unit=Decimal(5), cbd_unit="MG"), {"cbd": 5, "cbdContentUnit": "mg"}, 0),
        (Claims(thc_per_unit=Decimal(1), thc_unit="kg"), {}, 1),
        (Claims(thc_per_unit=Decimal(1), thc_unit=""), {}, 1),
        (Claims(thc_per_unit=Decimal(0), thc_unit="mg"), {}, 0),
        (Claims(thc_percent=Decimal(-1)), {}, 0),
        # One field, one unit: the share, if there is one.
        (
            Claims(thc_percent=Decimal(20), thc_per_unit=Decimal(10), thc_unit="mg"),
            {"thc": 20, "thcContentUnit": "%"},
            0,
        ),
        (Claims(), {}, 0),
    ],
)
def test_without_a_lab_the_item_says_it(claims, expected, warnings):
    found = labs(claims=claims)

    assert found.cannabinoids == expected
    assert len(found.warnings) == warnings


def test_a_name_is_written_in_one_way():
    assert substance("Δ9-THC_percentage".replace("Δ", "δ")) == "delta9thc"
    assert substance("Beta Caryophyllene_mg_per_g") == "betacaryophyllene"
