import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.secrets import CannotOpen, key_id_of, open_sealed, seal

OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32, "k1": b"1" * 32}
PLACE = {"tenant_id": "t1", "owner_id": "c1", "field": "api_key"}


@given(st.text(st.characters(codec="utf-8")))
def test_a_secret_comes_back_as_it_was(plain):
    assert open_sealed(OLD, seal(OLD, plain, **PLACE).ciphertext, **PLACE) == plain


@pytest.mark.fault(81)
def test_the_first_key_seals_and_every_key_opens():
    before = seal(OLD, "an old secret", **PLACE)
    after = seal(NEW, "a new secret", **PLACE)
    assert (before.key_id, after.key_id) == ("k1", "k2")
    assert key_id_of(after.ciphertext) == "k2"
    assert open_sealed(NEW, before.ciphertext, **PLACE) == "an old secret"
    with pytest.raises(CannotOpen, match="k2"):
        open_sealed(OLD, after.ciphertext, **PLACE)


def test_one_secret_sealed_twice_looks_different_and_shows_nothing():
    first, second = (seal(OLD, "canary-secret-1234", **PLACE) for _ in range(2))
    assert first.ciphertext != second.ciphertext
    assert b"canary" not in first.ciphertext
    assert first.last_four == "1234"


def test_a_short_secret_shows_no_part_of_itself():
    assert seal(OLD, "short", **PLACE).last_four == ""


@pytest.mark.parametrize("name", ["tenant_id", "owner_id", "field"])
def test_a_secret_moved_to_another_place_cannot_be_opened(name):
    sealed = seal(OLD, "secret", **PLACE)
    with pytest.raises(CannotOpen, match="another place"):
        open_sealed(OLD, sealed.ciphertext, **{**PLACE, name: "other"})


def test_names_that_run_together_are_told_apart():
    sealed = seal(OLD, "secret", tenant_id="a", owner_id="bc", field="d")
    with pytest.raises(CannotOpen):
        open_sealed(OLD, sealed.ciphertext, tenant_id="ab", owner_id="c", field="d")


def test_a_change_of_any_byte_is_noticed():
    ciphertext = seal(OLD, "secret", **PLACE).ciphertext
    for index in range(len(ciphertext)):
        changed = bytearray(ciphertext)
        changed[index] ^= 1
        with pytest.raises(CannotOpen):
            open_sealed(OLD, bytes(changed), **PLACE)


@pytest.mark.fault(81)
def test_another_key_under_the_same_name_cannot_open_it():
    sealed = seal(OLD, "secret", **PLACE)
    with pytest.raises(CannotOpen):
        open_sealed({"k1": b"x" * 32}, sealed.ciphertext, **PLACE)


@given(st.binary(max_size=80))
def test_what_is_no_sealed_secret_is_refused(raw):
    with pytest.raises(CannotOpen):
        open_sealed(OLD, raw, **PLACE)


@pytest.mark.parametrize("keys", [{}, {"k1": b"short"}, {"": b"1" * 32}, {"k" * 256: b"1" * 32}])
def test_a_key_that_cannot_seal_is_a_wrong_call(keys):
    with pytest.raises(ValueError, match="key"):
        seal(keys, "secret", **PLACE)
