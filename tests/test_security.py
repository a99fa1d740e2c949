"""docs/security.md says the truth about itself: every point once, every test there."""

import ast
import re

import pytest

from tests.lints.finding import ROOT

PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
POINTS = 46


def test_every_point_has_one_row():
    assert [int(number) for number, *_ in ROWS] == list(range(1, POINTS + 1))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_point_has_a_proof_that_is_there(row):
    _, _, built_in, proof = row
    tests = re.findall(r"`([^`]+)::(\w+)`", proof)
    assert tests or "not built: " in proof
    for path, name in tests:
        parsed = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(parsed) if isinstance(node, ast.FunctionDef)}, path
    for path in re.findall(r"`([^`]+)`", built_in):
        assert (ROOT / path).exists(), path
