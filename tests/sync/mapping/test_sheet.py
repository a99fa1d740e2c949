"""Sheets: written so that no spreadsheet reads a formula, and read so that nothing wrong gets in."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.mapping import sheet
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.sheet import Known, NoSheet, read, write

KNOWN = Known(
    sku_key,
    left={"A", "B", "=1+1", "OLD"},
    right={"A-1", "B-1", "-7", "N-1"},
    aliases={"OLD": "N-1"},
    excluded={"OUT"},
)
HEAD = "platform value,flourish value,decision\r\n"


def decisions(*rows, head=HEAD):
    return read((head + "".join(f"{row}\r\n" for row in rows)).encode(), KNOWN)


@pytest.mark.promise("ON-3")
def test_each_decision_is_read_and_rows_without_one_are_left_as_they_are():
    found = decisions("A,A-1,same", "OLD,N-1,undo", "B,,leave out", "OUT,,include", ",N-1,", "", "x,y,")

    assert found.wrong == []
    assert (found.same, found.undo) == ([("A", "A-1")], ["OLD"])
    assert (found.leave_out, found.include) == (["B"], ["OUT"])
    assert found.count == 4


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("A,A-1,sam", "sam is no decision. Write one of: same, undo, leave out, include."),
        ("Z,A-1,same", "The platform has no Z, as far as was read."),
        (",A-1,same", "The platform has no empty value, as far as was read."),
        ("A,Z-1,same", "Flourish has no Z-1, as far as was read."),
        ("OLD,A-1,same", "OLD is said to be N-1 already: undo that first."),
        ("A,N-1,undo", "Nobody said that A is the same as anything."),
        ("Z,,leave out", "Z is on neither side."),
        ("A,,include", "A is not left out."),
        ("=1+1,A-1,same", "=1+1 begins as formulas do. Put an apostrophe (') before it."),
        ("@SUM(A1),A-1,same", "@SUM(A1) begins as formulas do. Put an apostrophe (') before it."),
        ("A", "It has fewer cells than the first row."),
        (f"{'A' * 501},A-1,same", "A cell has more than 500 characters."),
    ],
)
@pytest.mark.promise("ON-3")
def test_what_is_wrong_is_told_with_the_number_of_its_row(row, says):
    assert decisions("B,B-1,same", row).wrong == [(3, says)]


def test_two_rows_that_contradict_each_other_are_wrong_and_the_same_one_twice_is_one():
    found = decisions("A,A-1,same", "A ,A-1,SAME", "A,B-1,same", "A,,leave out")

    assert found.same == [("A", "A-1")]
    assert found.wrong == [(4, "A is decided otherwise in row 2."), (5, "A is decided otherwise in row 2.")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n", "The file is empty."),
        ((HEAD + "A,A-1,same").encode("utf-16"), "The file is in UTF-16"),
        ((HEAD + "B,B-1,same\r\nPi\u00f1a,A-1,same").encode("latin-1"), "Row 3 is not in UTF-8"),
        (b"PK\x03\x04\x00\x00", "This is no text file"),
        (b"sku,item\r\nA,A-1\r\n", "columns: platform value, flourish value, decision"),
        ((HEAD + 'A,"A-1,same\r\nB,B-1,same\r\n').encode(), "a quotation mark has no second one"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(content, says):
    with pytest.raises(NoSheet, match=says):
        read(content, KNOWN)


def test_a_file_has_at_most_a_hundred_thousand_rows(monkeypatch):
    monkeypatch.setattr(sheet, "MOST_ROWS", 3)
    assert decisions("A,A-1,", "A,A-1,", "A,A-1,").wrong == []

    with pytest.raises(NoSheet, match="more than 3 rows"):
        decisions("A,A-1,", "A,A-1,", "A,A-1,", "A,A-1,")


def test_semicolons_and_other_columns_do_no_harm():
    found = decisions(
        "near;A;Flower, dried;A-1;same", head="state;platform value;name;flourish value;decision\r\n"
    )

    assert found.same == [("A", "A-1")]


def test_no_cell_is_a_formula_and_each_is_read_as_it_was():
    row = ("near", "=1+1", "@name", "-7", "+name", "a \N{EM DASH} b", "same")
    content = "".join(write([row]))

    cells = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))[1]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert read(content.encode(), KNOWN).same == [("=1+1", "-7")]


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5))
def test_whatever_is_written_is_read_again(pairs):
    pairs = [pair for pair in dict(pairs).items() if all(sku_key(one) and "\x00" not in one for one in pair)]
    values = {sku_key(one): sku_key(other) for one, other in pairs}
    known = Known(sku_key, set(values), set(values.values()), {}, set())
    rows = [("near", left, "", right, "", "", "same") for left, right in pairs]

    found = read("".join(write(rows)).encode("utf-8", "surrogatepass"), known)

    assert found.wrong == [] or len(values) < len(pairs)
    assert {sku_key(left): sku_key(right) for left, right in found.same}.items() <= values.items()
