"""Flourish's lab results: one of each lot, in the form of either version of the API."""

import pytest

from tests.sandbox.doors import SKU

HEADERS = {"x-api-key": "fl-greenleaf-key"}


def labs(doors, query=""):
    return doors.flourish("GET", f"/lab-test-results?{query}", facility=None).json["data"]


def lot_of(doors):
    return doors.item(SKU)["lot_number"]


def test_each_lot_has_one_final_result(doors):
    (lab,) = labs(doors, f"lot_number={lot_of(doors)}")
    assert (lab["status"], lab["is_final"], lab["lot_number"]) == ("Pass", 1, lot_of(doors))
    assert lab["thc_percentage"] == pytest.approx(
        lab["thca_percentage"] * 0.877 + lab["delta_9_thc_percentage"], abs=0.01
    )
    assert lab["ocimene_percentage"] is None
    assert {each["status"] for each in labs(doors, "limit=50")} <= {"Pass", "Fail"}


def test_version_2_names_the_status_and_knows_fewer_substances(doors):
    (first,) = labs(doors, f"lot_number={lot_of(doors)}")
    path = f"lab-test-results/{first['lab_test_result_id']}"
    second = doors.call("GET", f"/flourish/external/api/v2/{path}", headers=HEADERS).json["data"]
    assert (second["lab_test_result_status"], second["overall_passed"]) == ("Pass", True)
    assert second["thc_percentage"] == first["thc_percentage"]
    assert "beta_eudesmol_percentage" in first
    assert "beta_eudesmol_percentage" not in second
    assert doors.flourish("GET", f"/{path}", facility=None).json["data"] == first


def test_a_lab_tests_a_lot_again(doors):
    asked = {"status": "Fail", "thc_percentage": 1}
    assert doors.control("POST", f"/flourish/retail/labs/{lot_of(doors)}", asked).status_code == 400
    changed = {"status": "Fail", "thc": 1.5, "cbg": None}
    doors.control("POST", f"/flourish/retail/labs/{lot_of(doors)}", changed)
    (lab,) = labs(doors, f"lot_number={lot_of(doors)}&lab_test_result_status=Fail")
    assert (lab["status"], lab["thc_percentage"], lab["cbg_percentage"]) == ("Fail", 1.5, None)
    for wrong in ({"status": "Maybe"}, {"thc": "much"}):
        assert doors.control("POST", f"/flourish/retail/labs/{lot_of(doors)}", wrong).status_code == 400
    assert doors.control("POST", "/flourish/retail/labs/none", {}).status_code == 400
