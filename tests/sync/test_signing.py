import base64
import hashlib
import hmac
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.contract import Webhook
from portal.sync.signing import BadBody, Proof, examine, parse_body, sign, verify


def read_nothing(payload):
    raise AssertionError(f"nobody reads a body to check it: {payload}")


BASE64 = Webhook("LL-Signature", "base64", "webhook_key", read_nothing)
HEX = Webhook("Auth-Signature", "hex", "webhook_key", read_nothing)
SCHEMES = pytest.mark.parametrize("scheme", [BASE64, HEX], ids=["base64", "hex"])
BODY = b'{"type": "order", "data": {"number": "n1"}}'


@SCHEMES
def test_a_body_signed_with_a_key_in_force_is_accepted(scheme):
    signature = sign(scheme, "new", BODY)
    assert verify(scheme, ["new"], BODY, [signature])
    assert verify(scheme, ["old", "new"], BODY, [signature])
    assert verify(scheme, ["new", "old"], BODY, [sign(scheme, "old", BODY)])


def test_the_signature_is_what_both_vendors_describe():
    digest = hmac.new(b"key", BODY, hashlib.sha256)
    assert sign(BASE64, "key", BODY) == base64.b64encode(digest.digest()).decode()
    assert sign(HEX, "key", BODY) == digest.hexdigest()


@SCHEMES
def test_another_key_body_or_encoding_is_refused(scheme):
    signature = sign(scheme, "key", BODY)
    assert not verify(scheme, ["other"], BODY, [signature])
    assert not verify(scheme, ["key"], BODY + b" ", [signature])
    assert not verify(scheme, ["key"], BODY, [sign(HEX if scheme is BASE64 else BASE64, "key", BODY)])


@SCHEMES
def test_an_empty_key_never_matches(scheme):
    forged = hmac.digest(b"", BODY, "sha256")
    for signature in (forged.hex(), base64.b64encode(forged).decode()):
        assert not verify(scheme, [""], BODY, [signature])
        assert not verify(scheme, [], BODY, [signature])
    with pytest.raises(ValueError, match="empty key"):
        sign(scheme, "", BODY)


UNSIGNED = Webhook.unsigned(read_nothing, "nowhere")


@pytest.mark.parametrize("sent", [[], ["forged"], ["one", "two"]])
def test_where_nothing_is_signed_nothing_is_asked_for(sent):
    shown = examine(Proof(UNSIGNED, ()), BODY, lambda _name: sent)

    assert (shown.is_enough, shown.is_newest, shown.fault) == (True, True, "")


def test_a_header_is_asked_for_where_nothing_is_signed_too():
    proof = Proof(UNSIGNED, (), {"X-Side": ("a",)})

    assert examine(proof, BODY, lambda _name: ["a"]).is_enough
    assert examine(proof, BODY, lambda _name: ["b"]).fault == "the header X-Side is wrong"


@SCHEMES
def test_a_signed_webhook_whose_key_was_lost_lets_nobody_in(scheme):
    assert not examine(Proof(scheme, ()), BODY, lambda _name: []).is_enough
    assert not examine(Proof(scheme, ()), BODY, lambda _name: [sign(scheme, "key", BODY)]).is_enough


MALFORMED = [
    "",
    " ",
    "é",
    "\ud800",
    "=",
    "====",
    "!!!!",
    "00",
    "sha256=",
    "null",
    "\x00",
    "A" * 100_000,
]


@SCHEMES
@pytest.mark.parametrize("signature", MALFORMED, ids=repr)
def test_what_is_no_signature_is_refused_without_an_error(scheme, signature):
    assert not verify(scheme, ["key"], BODY, [signature[:20]])
    assert not verify(scheme, ["key"], BODY, [signature])


@SCHEMES
def test_a_right_signature_written_otherwise_is_refused(scheme):
    right = sign(scheme, "key", BODY)
    for wrong in (f"sha256={right}", f"{right},{right}", f" {right}", f"{right}\n", right[:-2], right + "00"):
        assert not verify(scheme, ["key"], BODY, [wrong])
    if scheme is HEX:
        assert not verify(scheme, ["key"], BODY, [right.upper()])


@SCHEMES
def test_no_header_and_the_header_twice_are_refused(scheme):
    right = sign(scheme, "key", BODY)
    assert not verify(scheme, ["key"], BODY, [])
    assert not verify(scheme, ["key"], BODY, [right, right])
    assert not verify(scheme, ["key"], BODY, ["wrong", right])


@SCHEMES
def test_a_key_of_any_characters_works(scheme):
    for key in ("ключ", "\ud800", "a\x00b"):
        assert verify(scheme, [key], BODY, [sign(scheme, key, BODY)])


@given(st.sampled_from([BASE64, HEX]), st.text(), st.binary(max_size=50), st.text())
def test_no_header_raises_or_is_accepted_by_chance(scheme, signature, body, key):
    assert verify(scheme, [key], body, [signature]) is False


def test_a_body_is_parsed_with_exact_numbers():
    assert parse_body(b'{"type": "order", "data": {"total": 1.10}}') == {
        "type": "order",
        "data": {"total": Decimal("1.10")},
    }


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"", "not JSON"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "twice"),
        (rb'{"a": "\u0000"}', "NUL"),
        (rb'{"a": "\udfff"}', "surrogate"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b'{"a": ' + b"[" * 100_000, "levels deep"),
        (b'{"a": ' + b"1" * 5000 + b"}", "out of range"),
    ],
)
def test_a_body_that_cannot_be_trusted_is_refused_with_a_reason(raw, reason):
    with pytest.raises(BadBody, match=reason) as caught:
        parse_body(raw)
    assert caught.value.reason


SIGNED = {"Auth-Signature": [sign(HEX, "key", BODY)], "One": ["1" * 32], "Two": ["2" * 32]}
PROOF = Proof(HEX, ("key",), {"One": ("1" * 32,), "Two": ("2" * 32,)})
# While they are replaced: the newest first.
BOTH = Proof(HEX, ("new", "key"), {"One": ("new one", "1" * 32), "Two": ("new two", "2" * 32)})


def shown(proof, **headers):
    given = {**SIGNED, **headers}
    return examine(proof, BODY, lambda name: given.get(name, []))


@pytest.mark.promise("OR-3")
def test_a_delivery_with_signature_and_both_headers_is_enough():
    assert shown(PROOF).is_enough
    assert shown(PROOF).is_newest
    assert shown(PROOF).fault == ""


FAULTS: tuple[tuple[dict[str, list[str]], str], ...] = (
    ({"One": []}, "the header One is missing"),
    ({"One": [""]}, "the header One is missing"),
    ({"Two": ["2"]}, "the header Two is wrong"),
    ({"Two": ["é" * 32]}, "the header Two is wrong"),
    ({"Two": ["\udcff"]}, "the header Two is wrong"),
    ({"One": ["1" * 32] * 2}, "the header One is wrong"),
    ({"One": ["2" * 32], "Two": ["1" * 32]}, "the header One and the header Two are wrong"),
    ({"Auth-Signature": []}, "the signature is missing"),
    ({"Auth-Signature": ["0" * 64]}, "the signature is wrong"),
    ({"Auth-Signature": [], "Two": ["x"]}, "the signature is missing; the header Two is wrong"),
    (
        {"Auth-Signature": [], "One": [], "Two": []},
        "the signature, the header One and the header Two are missing",
    ),
)


@pytest.mark.promise("OR-3")
@pytest.mark.parametrize(("headers", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_what_is_missing_or_wrong_is_named(headers, fault):
    found = shown(PROOF, **headers)

    assert not found.is_enough
    assert not found.is_newest
    assert found.fault == fault


@pytest.mark.promise("OR-3")
def test_while_they_are_replaced_old_and_new_are_taken_and_told_apart():
    new = {"Auth-Signature": [sign(HEX, "new", BODY)], "One": ["new one"], "Two": ["new two"]}

    assert (shown(BOTH).is_enough, shown(BOTH).is_newest) == (True, False)
    assert (shown(BOTH, **new).is_enough, shown(BOTH, **new).is_newest) == (True, True)
    mixed = shown(BOTH, One=["new one"])
    assert (mixed.is_enough, mixed.is_newest) == (True, False)
    assert shown(BOTH, One=["neither"]).fault == "the header One is wrong"


def test_headers_that_were_never_made_may_be_missing_while_they_are_made():
    proof = Proof(HEX, ("key",), {"One": ("1" * 32, "")})

    assert shown(proof, One=[]).is_enough
    assert not shown(proof, One=[]).is_newest
    assert shown(proof).is_newest
    assert shown(proof, One=["x"]).fault == "the header One is wrong"


def test_without_a_key_nothing_is_believed():
    assert shown(Proof(HEX, ())).fault == "the signature is wrong"
    assert shown(Proof(HEX, ("",))).fault == "the signature is wrong"


@given(st.lists(st.text(), max_size=2), st.lists(st.text(), max_size=2), st.binary(max_size=50))
def test_no_headers_raise_or_are_believed_by_chance(signatures, claimed, body):
    given_ = {"Auth-Signature": signatures, "One": claimed}

    assert not examine(PROOF, body, lambda name: given_.get(name, [])).is_enough
