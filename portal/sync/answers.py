"""What an answer of a foreign API means for what happens next: a value, or an error of `errors`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from portal.sync import strict_json
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, SyncError, Unreadable, Unsettled
from portal.sync.redaction import excerpt, redact_text, shorten

# No API is obeyed for longer than this when it asks to wait.
MAX_WAIT = 900.0

_NO_CONTENT = 204
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TIMED_OUT = 408
_TOO_EARLY = 425
_TOO_MANY = 429
_UNAVAILABLE = 503
# A time stamp is larger than this, a number of seconds to wait is smaller.
_EPOCH = 1_000_000_000
_REASON_BYTES = 500
# Keys under which APIs put a refusal that names no field.
_FIELDLESS = ("detail", "message", "error", "non_field_errors", "__all__")
_ENVELOPE = ("status", "status_code", "code")
# A body that has one of these, and not an empty one, is no data: neither system's things have such a field.
_COMPLAINTS = ("errors", "error")


@dataclass(frozen=True)
class Answer:
    """One complete answer. Header names are looked up in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def understand(answer: Answer, *, label: str, writing: bool, now: datetime) -> Any:
    """Turn an answer into its parsed value; None for 404 when reading.

    Args:
        answer: the whole answer.
        label: the system's name for people, such as "LeafLink".
        writing: whether the call may have changed something.
        now: for waiting times that are given as a date.

    Raises:
        Retryable, Unsettled, Rejected, ConnectionBroken, Unreadable.
    """
    if 200 <= answer.status < 300:
        return _value(answer, label, writing=writing)
    if answer.status == _NOT_FOUND and not writing:
        return None
    raise _error(answer, label, writing=writing, now=now)


def _value(answer: Answer, label: str, *, writing: bool) -> Any:
    # No call of ours is answered with 204 by its description, so one says as little as an empty 200.
    if answer.status == _NO_CONTENT or not answer.body.strip():
        raise lost(f"{label} sent an empty answer", writing=writing, status=answer.status)
    if not _is_json(answer.headers):
        raise lost(f"{label} sent a page instead of data", writing=writing, status=answer.status)
    try:
        value = strict_json.read(answer.body, repair=True).value
    except strict_json.BadJson as error:
        if writing or error.cut:
            reason = f"{label} sent an answer that cannot be read: {error.reason}"
            raise lost(reason, writing=writing, status=answer.status) from error
        raise Unreadable("", error.reason, excerpt=excerpt(answer.body)) from error
    if value is None:
        # Not taken for "there is no such thing", which only a 404 says.
        raise lost(f"{label} answered with nothing", writing=writing, status=answer.status)
    complaint = _complaint(value)
    if complaint and writing:
        # Whether it was done in part, nobody knows: looking is safe, taking it for refused is not.
        raise Unsettled(f"{label} answered with errors: {complaint}", http_status=answer.status)
    if complaint:
        raise Unreadable("errors", f"came instead of data: {complaint}", excerpt=excerpt(answer.body))
    return value


def _complaint(value: Any) -> str:
    """Find what a body complains of although HTTP calls it a success; empty when it does not."""
    if not isinstance(value, Mapping):
        return ""
    found = next((value[name] for name in _COMPLAINTS if value.get(name)), None)
    return (first_message(found)[1] or "without a reason") if found else ""


def _error(answer: Answer, label: str, *, writing: bool, now: datetime) -> SyncError:
    status = answer.status
    wait = asked_wait(answer.headers, now)
    if status == _TOO_MANY:
        return Retryable(f"{label} asked to call less often", after=wait, throttled=True)
    if status == _TOO_EARLY or (status == _UNAVAILABLE and wait is not None):
        return Retryable(f"{label} asked to wait", after=wait)
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return ConnectionBroken(f"{label} does not accept the key ({status})", http_status=status)
    if 300 <= status < 400:
        # Never followed: the key would go along. After a write nobody knows what was done first.
        return lost(f"{label} answered with a redirect ({status})", writing=writing, status=status)
    if status >= 500 or status == _TIMED_OUT or status < 200:
        return lost(f"{label} failed ({status})", writing=writing, status=status)
    field, reason = refusal(answer)
    return Rejected(reason or f"{label} refused without a reason ({status})", field=field, http_status=status)


def lost(reason: str, *, writing: bool, status: int | None = None) -> Retryable | Unsettled:
    """Name a call whose answer is of no use: a read is made again, a write has to be settled."""
    return Unsettled(reason, http_status=status) if writing else Retryable(reason)


def refusal(answer: Answer) -> tuple[str, str]:
    """Find the field that a refusal names, and its reason; both empty when it says nothing readable.

    Django REST framework answers `{"detail": ...}` or fields with lists of messages, nested lines in the
    order of the request; Flourish answers `{"message": ..., "status": ...}`; others name the field beside its
    message, as `{"error": {"code": ..., "message": ..., "field": ...}}`.
    """
    if not _is_json(answer.headers):
        return "", ""
    try:
        body = strict_json.read(answer.body, repair=True).value
    except strict_json.BadJson:
        return "", ""
    return first_message(body)


def first_message(body: Any, path: str = "") -> tuple[str, str]:
    """Find the first message in a refusal's parsed body, and the path of its field."""
    if isinstance(body, str):
        return path, shorten(redact_text(body.strip()), _REASON_BYTES)
    if isinstance(body, list):
        # A list of messages belongs to the field itself; a list of objects has one per line.
        found = (
            first_message(item, f"{path}[{index}]" if isinstance(item, dict | list) else path)
            for index, item in enumerate(body)
        )
    elif isinstance(body, dict) and _names_its_field(body):
        found = (first_message(body["message"], _below(path, name)) for name in (body["field"],))
    elif isinstance(body, dict):
        found = (first_message(body[name], _below(path, name)) for name in _in_order(body))
    else:
        return "", ""
    return next((pair for pair in found if pair[1]), ("", ""))


def _names_its_field(body: Mapping[str, Any]) -> bool:
    """Whether an object is one refusal that names its field beside its message, as `{message, field}`."""
    return all(isinstance(body.get(name), str) and body[name] for name in ("message", "field"))


def _in_order(body: Mapping[str, Any]) -> list[str]:
    """Fields first: they say more than the general message beside them."""
    names = [name for name in body if name not in _ENVELOPE]
    return sorted(names, key=lambda name: name in _FIELDLESS)


def _below(path: str, name: str) -> str:
    if name in _FIELDLESS:
        return path
    return f"{path}.{name}" if path else name


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read how many seconds an API asks to wait: seconds or a date in Retry-After, else RateLimit-Reset.

    None when it says nothing, or nothing sensible; never more than `MAX_WAIT`.
    """
    for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset"):
        seconds = _seconds(headers.get(name, "").strip(), now)
        if seconds is not None:
            return min(seconds, MAX_WAIT)
    return None


def _seconds(text: str, now: datetime) -> float | None:
    whole, _, fraction = text.partition(".")
    if text.isascii() and whole.isdigit() and (not fraction or fraction.isdigit()):
        # A part of a second is waited for whole: a call that comes too early is refused again.
        number = int(whole[:20]) + bool(fraction.strip("0"))
        seconds = number - now.timestamp() if number > _EPOCH else number
    else:
        date = http_date(text)
        if date is None:
            return None
        seconds = (date - now).total_seconds()
    return float(seconds) if seconds >= 0 else None


def http_date(text: str) -> datetime | None:
    """Read the date of a header; None when it is none."""
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _is_json(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")
