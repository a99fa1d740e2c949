"""Credentials at rest: AES-256-GCM, bound to the tenant, the owner and the field that they belong to.

A sealed secret is `version (1 byte) | length of key id (1) | key id | nonce (12) | ciphertext and tag`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32
# Four characters of a short secret would give too much of it away.
_SHOWS_LAST_FOUR = 12


class CannotOpen(Exception):
    """A sealed secret cannot be opened: its key is gone, or it was changed or moved to another row."""


@dataclass(frozen=True)
class Sealed:
    """A secret as it is stored. `last_four` is for people to recognise it by; empty for short ones."""

    ciphertext: bytes
    key_id: str
    last_four: str


def seal(keys: Mapping[str, bytes], plain: str, *, tenant_id: str, owner_id: str, field: str) -> Sealed:
    """Encrypt a secret with the first key.

    Args:
        keys: encryption keys of 32 bytes by id; the first encrypts.
        plain: the secret.
        tenant_id: whose it is.
        owner_id: the connection or hub that it belongs to.
        field: the credential field's name.

    Raises:
        ValueError: there is no key, or it is not 32 bytes long.
    """
    if not keys:
        raise ValueError("there is no key to encrypt with")
    key_id, key = next(iter(keys.items()))
    name = key_id.encode("utf-8")
    if len(key) != _KEY_BYTES or not 0 < len(name) < 256:
        raise ValueError(f"the key {key_id!r} is not a key of {_KEY_BYTES} bytes with a short name")
    head = head_of(key_id)
    nonce = os.urandom(_NONCE_BYTES)
    bound = _bound(head, tenant_id, owner_id, field)
    ciphertext = head + nonce + AESGCM(key).encrypt(nonce, plain.encode("utf-8"), bound)
    return Sealed(ciphertext, key_id, plain[-4:] if len(plain) >= _SHOWS_LAST_FOUR else "")


def open_sealed(
    keys: Mapping[str, bytes], ciphertext: bytes, *, tenant_id: str, owner_id: str, field: str
) -> str:
    """Decrypt a secret with the key that it names.

    Args:
        keys: encryption keys of 32 bytes by id.
        ciphertext: as `seal` returned it.
        tenant_id: whose it is.
        owner_id: the connection or hub that it belongs to.
        field: the credential field's name.

    Raises:
        CannotOpen: the key is not there, or the secret was not sealed for this tenant, owner and field.
    """
    key_id, head_length = _head(ciphertext)
    key = keys.get(key_id)
    if key is None:
        raise CannotOpen(f"the encryption key {key_id!r} is not configured")
    head, rest = ciphertext[:head_length], ciphertext[head_length:]
    try:
        plain = AESGCM(key).decrypt(
            rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _bound(head, tenant_id, owner_id, field)
        )
    except InvalidTag as error:
        raise CannotOpen("it was sealed with another key or for another place, or was changed") from error
    return plain.decode("utf-8")


def head_of(key_id: str) -> bytes:
    """What every secret begins with that is sealed with this key."""
    name = key_id.encode("utf-8")
    return bytes([_VERSION, len(name)]) + name


def key_id_of(ciphertext: bytes) -> str:
    """Name the key that a secret was sealed with.

    Raises:
        CannotOpen: this is no sealed secret.
    """
    return _head(ciphertext)[0]


def _head(ciphertext: bytes) -> tuple[str, int]:
    """Read the key id, and where it ends."""
    end = 2 + ciphertext[1] if len(ciphertext) > 1 else 0
    if not end or ciphertext[0] != _VERSION or len(ciphertext) < end + _NONCE_BYTES + _TAG_BYTES:
        raise CannotOpen("it is not a sealed secret of a version that is known here")
    try:
        return ciphertext[2:end].decode("utf-8"), end
    except UnicodeDecodeError as error:
        raise CannotOpen("it names no key") from error


def _bound(head: bytes, *names: str) -> bytes:
    """Join what the secret is bound to; each part with its length, so that no two joins are alike."""
    parts = [head, *(name.encode("utf-8") for name in names)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
