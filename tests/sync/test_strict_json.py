"""JSON as strict as it must be: rows 26, 30, 46 and 47 of the catalogue of faults."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync import strict_json
from portal.sync.strict_json import BadJson

REFUSED = [
    # raw, part of the reason
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"{'a': 1}", "not JSON"),
    (b"[1, 2,]", "not JSON"),
    (b'{"a": 1} x', "not JSON"),
    (b"[NaN]", "NaN is not a number"),
    (b"[Infinity]", "Infinity is not a number"),
    (b"[-Infinity]", "-Infinity is not a number"),
    (b"[1e400]", "out of range"),
    (b"[1e-400]", "out of range"),
    (b"[1e99999999999999999999]", "out of range"),
    (b"[" + b"9" * 5000 + b"]", "out of range"),
    (b"[0." + b"1" * 5000 + b"]", "out of range"),
    (b'{"a": 1, "a": 1}', "there twice"),
    (b'{"x": {"a": 1, "b": 2, "a": 3}}', "there twice"),
    (rb'["a\u0000b"]', "NUL"),
    (rb'{"a\u0000b": 1}', "NUL"),
    (rb'["\ud800"]', "surrogate"),
    (rb'["\udc00\ud800"]', "surrogate"),
    (b"\xef\xbb\xbf{}", "byte order mark"),
    ("{}".encode("utf-16"), "UTF-8"),
    (b'["\xff"]', "UTF-8"),
    (b'["\xed\xa0\x80"]', "UTF-8"),
    (b'["\x00"]', "not JSON"),
    (b"[" * 65 + b"]" * 65, "levels deep"),
    (b"[" * 2000 + b"]" * 2000, "levels deep"),
    (b"[" * 1_000_000, "more than 300,000 values"),
    (b"[" + b"{}," * 200_000 + b"{}]", "more than 300,000 values"),
    (b'{"a":' * 100 + b"1" + b"}" * 100, "levels deep"),
    (b"[[], " * 64 + b"[]" + b"]" * 64, "levels deep"),
    (rb'["\u0041", ' * 64 + b"[]" + b"]" * 64, "levels deep"),
]


@pytest.mark.fault(30, 46, 47)
@pytest.mark.parametrize(("raw", "reason"), REFUSED, ids=[f"{raw[:20]!r} {len(raw)}" for raw, _ in REFUSED])
def test_what_is_not_strict_json_is_refused_with_a_reason(raw, reason):
    with pytest.raises(BadJson, match=reason):
        strict_json.read(raw)


def test_what_is_strict_is_read_with_exact_numbers():
    reading = strict_json.read(b'{"a": [1, -2.50, 1E+2, true, null, "\\ud83d\\ude00"], "b": {}}')
    assert reading.value == {"a": [1, Decimal("-2.50"), Decimal(100), True, None, "😀"], "b": {}}
    assert not reading.repaired
    assert strict_json.read(b"[" * 64 + b"]" * 64).value
    assert strict_json.read(b"[[], " * 63 + b"[]" + b"]" * 63).value


@pytest.mark.fault(47, 64)
def test_repairing_replaces_what_no_database_stores_and_says_so():
    reading = strict_json.read(rb'{"a\u0000": ["\ud800", "fine"]}', repair=True)
    assert reading.value == {"a�": ["�", "fine"]}
    assert reading.repaired


@pytest.mark.fault(26)
@pytest.mark.parametrize("raw", [b'{"a": [1, {"b": "x}"}], "c": 2.5}', '["é", "ü"]'.encode()])
def test_a_text_cut_anywhere_is_known_as_cut(raw):
    for length in range(1, len(raw)):
        with pytest.raises(BadJson) as caught:
            strict_json.read(raw[:length])
        assert caught.value.cut, raw[:length]


@pytest.mark.parametrize("raw", [b"[1, , 2]", b'{"a" 1}', b'{"a": 1}}'])
def test_nonsense_is_not_taken_for_cut(raw):
    with pytest.raises(BadJson) as caught:
        strict_json.read(raw)
    assert not caught.value.cut


def test_writing_keeps_decimals_exact_and_refuses_floats():
    value = {"a": Decimal("1.10"), "b": [Decimal("1E+3"), None, True, 7], "é": "ü"}
    assert strict_json.write(value) == '{"a":1.10,"b":[1000,null,true,7],"é":"ü"}'.encode()
    for wrong in (1.5, Decimal("NaN"), object(), {"a": float("inf")}):
        with pytest.raises(TypeError):
            strict_json.write(wrong)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | _TEXTS
    | st.decimals(min_value=-(10**9), max_value=10**9, places=4),
    lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner),
    max_leaves=20,
)


@given(_VALUES)
def test_what_is_written_is_read_back(value):
    assert strict_json.read(strict_json.write(value)).value == value


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(raw):
    for repair in (False, True):
        try:
            value = strict_json.read(raw, repair=repair).value
        except BadJson:
            continue
        json.dumps(value, default=str)


@pytest.mark.parametrize("length", [0, 1, 17, 60, 10_000])
def test_the_start_of_a_text_is_that_of_the_whole_and_ends_after_a_whole_value(length):
    value = {"a": [1, Decimal("2.50"), None, True], "b": {"c": "x" * 20, "d": []}, "e": {}, "f": "ö\n"}
    whole = strict_json.write(value).decode("utf-8")

    start = strict_json.write_start(value, length)

    assert whole.startswith(start)
    assert start == whole or length < len(start) <= length + 22
