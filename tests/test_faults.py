"""The catalogue of faults: each row has its tests or its reason, and the page says what is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.page import CATALOGUE, PAGE, PARTS, faults_page
from tests.marks import FAULTS

MARKED = FAULTS.tests()


def test_the_catalogue_has_each_fault_once_and_in_order():
    numbers = [fault.number for part in PARTS.values() for fault in part]
    assert numbers == list(range(1, 85))


@pytest.mark.parametrize("number", CATALOGUE)
def test_a_fault_that_is_survived_has_a_test_and_one_that_is_not_has_a_reason(number):
    fault = CATALOGUE[number]
    if fault.then:
        assert MARKED.get(str(number)), f"no test is marked with fault {number}"
    else:
        assert fault.later, f"fault {number} has neither what Trellis does nor why it does nothing"
        assert str(number) not in MARKED, f"a test proves fault {number}: say what Trellis does"


def test_every_marked_number_is_in_the_catalogue():
    assert MARKED.keys() <= {str(number) for number in CATALOGUE}


def test_the_page_is_what_the_generator_makes():
    assert PAGE.read_text(encoding="utf-8") == faults_page(), "run `make faults`"


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: str(fault.number))
def test_a_row_fits_its_table(fault):
    for text in (fault.what, fault.then, fault.later):
        assert "|" not in text
        assert "\n" not in text


SOURCE = """
import pytest

pytestmark = [pytest.mark.processes, pytest.mark.fault(79)]

@pytest.mark.fault(2, 1)
@pytest.mark.parametrize("case", [1, pytest.param(2, marks=pytest.mark.fault(3))])
def test_one(case): ...

def test_two(): ...

def helper(): ...

@pytest.mark.fault(4)
class TestAll:
    @pytest.mark.fault(5)
    def test_three(self): ...
"""


def test_markers_of_a_module_a_class_a_test_and_a_case_are_found(tmp_path: Path):
    _write(tmp_path, SOURCE)

    found = {number: [test.name for test in tests] for number, tests in FAULTS.tests(tmp_path).items()}

    three = "TestAll::test_three"
    assert found == {
        "1": ["test_one"],
        "2": ["test_one"],
        "3": ["test_one"],
        "4": [three],
        "5": [three],
        "79": ["test_one", "test_two", three],
    }


@pytest.mark.parametrize("written", ["", "*NUMBERS", "'1'", "NUMBER"])
def test_a_marker_that_names_no_number_is_refused(tmp_path: Path, written: str):
    _write(tmp_path, f"@pytest.mark.fault({written})\ndef test_it(): ...\n")

    with pytest.raises(ValueError, match=r"tests/test_it\.py:1"):
        FAULTS.tests(tmp_path)


def _write(root: Path, source: str) -> None:
    (root / "tests").mkdir()
    (root / "tests/test_it.py").write_text(source, encoding="utf-8")
