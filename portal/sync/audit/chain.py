"""The chain: how a row is bound to all rows before it. Pure.

`hash n = HMAC-SHA256(key of the chain, hash n-1 | canonical JSON of row n)` (reliability.md 5.1, 37).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# What a row's hash covers: everything that it says, and its place.
FIELDS = (
    "chain",
    "seq",
    "at",
    "actor_id",
    "actor",
    "role",
    "address",
    "reference",
    "action",
    "subject_kind",
    "subject_id",
    "subject",
    "detail",
)


def link_hash(key: bytes, before: bytes, row: Mapping[str, Any]) -> bytes:
    """Hash one row onto the one before it.

    Args:
        key: of the chain, 32 bytes.
        before: the hash of the row before it; empty for the first.
        row: the row's fields, as in FIELDS; others are ignored.
    """
    return hmac.new(key, before + canonical(row), hashlib.sha256).digest()


def canonical(row: Mapping[str, Any]) -> bytes:
    """Write a row so that equal rows are equal bytes, whoever reads them from where."""
    values = {name: _plain(row[name]) for name in FIELDS}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if value is None or isinstance(value, str | int | dict | list):
        return value
    return str(value)
