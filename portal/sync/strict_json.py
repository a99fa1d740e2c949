"""JSON read and written strictly: no duplicate keys, no NaN, no float, no text that a database refuses."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

MAX_DEPTH = 64
# Of a parsed text, about; a page of fifty large orders has some ten thousand. Ten megabytes of `{},{},` would
# become half a gigabyte of objects.
MAX_VALUES = 300_000
# PostgreSQL's numeric holds more, but no quantity or amount has this many digits.
MAX_DIGITS = 40

_BOM = b"\xef\xbb\xbf"
# PostgreSQL stores neither NUL nor half a surrogate pair in text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Decoded text holds such a character only where JSON escapes one.
_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_REPLACEMENT = "\ufffd"
# Without a call's setting of an encoder, which costs more than the text.
_string = json.JSONEncoder(ensure_ascii=False).encode


class BadJson(Exception):
    """The text is not JSON that can be trusted.

    Args:
        reason: one clause for people, such as "the key 'id' is there twice".
        cut: the text ends too early, as when a connection was lost on the way.
    """

    def __init__(self, reason: str, *, cut: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cut = cut


@dataclass(frozen=True)
class Reading:
    """A parsed text. `repaired` tells that characters which no database stores were replaced."""

    value: Any
    repaired: bool = False


def read(raw: bytes, *, repair: bool = False) -> Reading:
    """Parse JSON text; numbers with a point or an exponent become `Decimal`.

    Args:
        raw: UTF-8 without byte order mark.
        repair: replace NUL and lone surrogates in strings instead of refusing them.

    Raises:
        BadJson: anything that is not strict JSON of at most `MAX_DEPTH` levels and `MAX_VALUES` values.
    """
    if raw.startswith(_BOM):
        raise BadJson("it begins with a byte order mark")
    if sum(raw.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise BadJson(f"it holds more than {MAX_VALUES:,} values")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson("it is not UTF-8", cut=error.reason == "unexpected end of data") from error
    try:
        value = json.loads(
            text,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise BadJson(f"it is not JSON ({error.msg})", cut=_is_cut(text, error)) from error
    except RecursionError as error:
        raise BadJson(f"it is nested more than {MAX_DEPTH} levels deep") from error
    # The walk costs as much as the parsing: most texts cannot have what it looks for.
    if _ESCAPED.search(text) is None:
        if text.count("{") + text.count("[") > MAX_DEPTH:
            _measure(value)
        return Reading(value)
    cleaner = _Cleaner(repair=repair)
    return Reading(cleaner.clean(value, MAX_DEPTH), cleaner.repaired)


def write(value: Any) -> bytes:
    """Write JSON text, `Decimal` as an exact number.

    Raises:
        TypeError: a value has no JSON form here; floats have none, because money never is one.
    """
    return "".join(_pieces(value)).encode("utf-8")


def write_start(value: Any, length: int) -> str:
    """Write the start of what `write` would, whole names and values, and no more than is needed for so many
    characters: all of a long answer would be written to show its first lines."""
    written, so_far = [], 0
    for piece in _pieces(value):
        written.append(piece)
        so_far += len(piece)
        if so_far > length:
            break
    return "".join(written)


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        before = "{"
        for key, item in value.items():
            yield f"{before}{_string(str(key))}:"
            yield from _pieces(item)
            before = ","
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        before = "["
        for item in value:
            yield before
            yield from _pieces(item)
            before = ","
        yield "]" if value else "[]"
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError("only finite numbers can be written")
        return format(value, "f")
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Tell whether more text could have made it right: the parser ran off the end."""
    body = text.rstrip()
    return error.pos >= len(body) or error.msg.startswith("Unterminated string") or body[-1] not in "}]"


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise BadJson("a number is out of range") from error
    if len(text) > 2 * MAX_DIGITS or not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise BadJson("a number is out of range")
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise BadJson("a number is out of range")
    return int(text)


def _constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _times = Counter(key for key, _value in pairs).most_common(1)[0]
        raise BadJson(f"the key {twice[:40]!r} is there twice")
    return found


def _measure(value: Any) -> None:
    """Refuse what is nested too deep, level by level: long lists are shallow, and read again and again."""
    level = [value]
    for _depth in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer if type(outer) is list else ())
            if type(inner) in (dict, list)
        ]
        if not level:
            return
    raise BadJson(f"it is nested more than {MAX_DEPTH} levels deep")


class _Cleaner:
    """Walks a parsed value, measuring its depth and looking at every string."""

    def __init__(self, *, repair: bool) -> None:
        self._repair = repair
        self.repaired = False

    def clean(self, value: Any, levels: int) -> Any:
        if isinstance(value, str):
            return self._string(value)
        if not isinstance(value, dict | list):
            return value
        if levels == 0:
            raise BadJson(f"it is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, list):
            return [self.clean(item, levels - 1) for item in value]
        return {self._string(key): self.clean(item, levels - 1) for key, item in value.items()}

    def _string(self, text: str) -> str:
        if _UNSTORABLE.search(text) is None:
            return text
        if not self._repair:
            raise BadJson("a text holds NUL or half a surrogate pair")
        self.repaired = True
        return _UNSTORABLE.sub(_REPLACEMENT, text)
