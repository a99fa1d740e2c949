"""Presentation: how values look in a page, and the words for states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g
from markupsafe import Markup

from portal.models import utc_now
from portal.queries import bounded
from portal.sync.blame import blame_of
from portal.sync.personal import hide, hide_change

# state -> (word, tone). A tone is never alone: the word is always beside it.
Words = Mapping[str, tuple[str, str]]
ORDER_WORDS: Words = {
    "new": ("New", "info"),
    "waiting": ("Waiting", "warn"),
    "settled": ("Agrees", "ok"),
    "skipped": ("Not taken", "idle"),
    "stuck": ("Stuck", "bad"),
}
PLACE_WORDS: Words = {
    "in_flourish": ("In Flourish", "ok"),
    "waiting": ("Waiting", "warn"),
    "skipped": ("Not taken", "idle"),
    "stuck": ("Stuck", "bad"),
}
PLACE_FILTERS = {place: words for place, (words, _) in PLACE_WORDS.items()} | {
    "earlier": "From before go-live"
}
PRODUCT_WORDS: Words = {
    "settled": ("Linked", "ok"),
    "waiting": ("Waiting", "warn"),
    "skipped": ("Not synced", "idle"),
    "stuck": ("Stuck", "bad"),
    "new": ("New", "info"),
}
SIDE_WORDS = {
    "both": "On both sides",
    "flourish": "Only in Flourish",
    "platform": "Only on the platform",
}
CONNECTION_WORDS: Words = {
    "draft": ("Draft", "idle"),
    "checking": ("Checking", "info"),
    "ready": ("Ready", "info"),
    "live": ("Live", "ok"),
    "paused": ("Paused", "warn"),
    "needs_credentials": ("Needs a key", "bad"),
    "disconnected": ("Disconnected", "idle"),
}
CONNECTION_MEANING: Mapping[str, str] = {
    "draft": "It does nothing yet. It has to be tested first.",
    "checking": "It reads both sides to check them. It writes nothing.",
    "ready": "It reads both sides. It writes nothing until it goes live.",
    "live": "It reads and writes on both sides.",
    "paused": "It still takes deliveries in and reads both sides. It writes nothing until it is resumed.",
    "needs_credentials": "Its key was refused. Deliveries are still taken in; nothing else happens"
    " until there is a new key.",
    "disconnected": "It does nothing any more. Its history stays.",
}
RUN_WORDS: Words = {
    "running": ("Running", "info"),
    "done": ("Done", "ok"),
    "failed": ("Failed", "bad"),
    "lost": ("Worker lost", "bad"),
}
RUN_KINDS: Mapping[str, str] = {
    "drain": "Worked through what was due",
    "poll": "Asked for changes",
    "assessment": "Ran the checks",
    "preview": "Previewed the first sync",
}
CHECK_WORDS: Words = {
    "action_needed": ("Action needed", "bad"),
    "cannot_start": ("Cannot start yet", "idle"),
    "check_advised": ("Check advised", "warn"),
    "later": ("For later", "idle"),
    "not_checked": ("Not checked", "idle"),
    "checking": ("Checking", "info"),
    "waived": ("Waived", "info"),
    "ready": ("Ready", "ok"),
}
CHECK_MARKS: Mapping[str, str] = {
    "action_needed": "!",
    "cannot_start": "·",
    "check_advised": "!",
    "later": "·",
    "not_checked": "·",
    "checking": "…",
    "waived": "–",
    "ready": "✓",
}
FOUND_WORDS: Words = {
    "ready": ("Ready", "ok"),
    "wrong": ("Not ready", "warn"),
    "unknown": ("Not known", "idle"),
}
SEVERITY_WORDS: Mapping[str, str] = {
    "blocks": "It keeps the connection from going live.",
    "warning": "Somebody should look; the connection may go live all the same.",
    "later": "It can be seen to after going live.",
}
# What became of things under a match key; {} is what people call the platform.
MATCH_WORDS: Words = {
    "near": ("Near", "warn"),
    "ambiguous": ("Ambiguous", "bad"),
    "missing_right": ("Missing in Flourish", "warn"),
    "missing_left": ("Missing in {}", "warn"),
    "matched": ("Matched", "ok"),
    "excluded": ("Left out", "idle"),
}
# What becomes of a thing in a preview, and how that is told in its list.
PREVIEW_WORDS: Words = {
    "create": ("Created", "ok"),
    "change": ("Changed", "info"),
    "stuck": ("Needs you", "bad"),
    "skip": ("Not synced", "idle"),
    "earlier": ("Listed only", "idle"),
    "nothing": ("Agrees", "ok"),
}
# How a value stands between both sides: its word, its mark, and what that means.
OUTCOME_OF_VALUE: Mapping[str, tuple[str, str, str]] = {
    "agrees": ("Agrees", "ok", "the same on both sides"),
    "corrected": ("Will be corrected", "info", "the owner has it otherwise; Trellis writes it"),
    "expected": ("Expected", "idle", "different by a rule, and not written"),
    "conflict": ("Needs you", "bad", "a person decides"),
}
REPORT_WORDS: Words = {
    "orders": ("Working", "info"),
    "items": ("Working", "info"),
    "done": ("Done", "ok"),
    "failed": ("Did not work", "bad"),
}
NOTICE_WORDS: Words = {
    "collecting": ("Collecting", "info"),
    "waiting": ("Trying again", "warn"),
    "sent": ("Taken", "ok"),
    "given_up": ("Not taken", "bad"),
}
PROOF_WORDS: Words = {
    "held": ("Held", "ok"),
    "partial": ("In part", "warn"),
    "failed": ("Failed", "bad"),
}
PROOF_MEANING: Mapping[str, str] = {
    "held": "Everything was read, and every promise held.",
    "partial": "Nothing was found broken, but not everything could be read: this proves only a part.",
    "failed": "Promises are broken. Each thing is named below, with its page.",
}
PROOF_HOW: Mapping[str, str] = {"schedule": "by itself", "command": "by hand"}
LEVEL_WORDS: Words = {
    "info": ("info", "idle"),
    "done": ("done", "ok"),
    "wait": ("wait", "warn"),
    "stuck": ("stuck", "bad"),
    "bug": ("bug", "bad"),
}
OUTCOME_WORDS: Words = {
    "applied": ("Applied", "ok"),
    "stale": ("Older than known", "idle"),
    "ignored": ("Ignored", "idle"),
    "problem": ("Problem", "bad"),
}
# Of a write: what became of it, and the same to choose by (queries/writes.py).
WRITE_WORDS: Words = {
    "intent": ("On its way", "info"),
    "unknown": ("Being looked for", "warn"),
    "ok": ("Done", "ok"),
    "refused": ("Refused", "bad"),
    "abandoned": ("Took no effect", "idle"),
}
WRITE_FILTERS: Mapping[str, str] = {
    "done": "Done",
    "refused": "Refused",
    "unclear": "On its way, or being looked for",
    "abandoned": "Took no effect",
}
ROLE_WORDS: Mapping[str, tuple[str, str]] = {
    "owner": ("Owner", "Everything, with people, keys, export and deletion."),
    "admin": ("Admin", "Everything but owners, export and deletion."),
    "viewer": ("Viewer", "Looks, and changes nothing."),
}
# Whose failure a problem is, and what is meant by that.
BLAME_WORDS: Words = {
    "trellis": ("Trellis failed", "bad"),
    "refused": ("Refused", "bad"),
    "account": ("Connection", "warn"),
    "data": ("Your data", "warn"),
    "decision": ("Your decision", "info"),
}
BLAME_MEANING: Mapping[str, str] = {
    "trellis": "A worker died, or Trellis has a bug. Your data is not the reason.",
    "refused": "The other system said no to what was written. It says why.",
    "account": "A key, a webhook or the other system does not work as it should.",
    "data": "Something in one of your two systems has to be corrected there.",
    "decision": "Both systems work. Somebody has to say how it goes on.",
}
PROBLEM_WORDS: Words = {
    "open": ("Open", "bad"),
    "ignored": ("Ignored", "idle"),
    "closed": ("Closed", "ok"),
}
WHO_WORDS: Mapping[str, str] = {
    "tenant": "Somebody of your company",
    "support": "Trellis support",
    "operator": "The operator of Trellis",
}


def install(app: Flask) -> None:
    """Give the filters and the words to all templates."""
    app.jinja_env.filters.update(
        ago=ago,
        badge=badge,
        changes=changes,
        clock=clock,
        day=day,
        iso=iso,
        minute=minute,
        moment=moment,
        money=money,
        pretty=pretty,
        span=span,
        tally=tally,
        time_of_day=time_of_day,
    )
    app.jinja_env.globals.update(
        BLAME_MEANING=BLAME_MEANING,
        BLAME_WORDS=BLAME_WORDS,
        PROBLEM_WORDS=PROBLEM_WORDS,
        blame_of=blame_of,
        CHECK_MARKS=CHECK_MARKS,
        CHECK_WORDS=CHECK_WORDS,
        CONNECTION_MEANING=CONNECTION_MEANING,
        MATCH_WORDS=MATCH_WORDS,
        CONNECTION_WORDS=CONNECTION_WORDS,
        FOUND_WORDS=FOUND_WORDS,
        LEVEL_WORDS=LEVEL_WORDS,
        ORDER_WORDS=ORDER_WORDS,
        OUTCOME_WORDS=OUTCOME_WORDS,
        PLACE_FILTERS=PLACE_FILTERS,
        PLACE_WORDS=PLACE_WORDS,
        PRODUCT_WORDS=PRODUCT_WORDS,
        SIDE_WORDS=SIDE_WORDS,
        NOTICE_WORDS=NOTICE_WORDS,
        PREVIEW_WORDS=PREVIEW_WORDS,
        PROOF_HOW=PROOF_HOW,
        PROOF_MEANING=PROOF_MEANING,
        PROOF_WORDS=PROOF_WORDS,
        REPORT_WORDS=REPORT_WORDS,
        ROLE_WORDS=ROLE_WORDS,
        RUN_KINDS=RUN_KINDS,
        RUN_WORDS=RUN_WORDS,
        SEVERITY_WORDS=SEVERITY_WORDS,
        VALUE_WORDS=OUTCOME_OF_VALUE,
        WHO_WORDS=WHO_WORDS,
        WRITE_FILTERS=WRITE_FILTERS,
        WRITE_WORDS=WRITE_WORDS,
        now=utc_now,
    )


def iso(at: datetime) -> str:
    """Write a time for machines."""
    return at.isoformat(timespec="milliseconds")


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Write a time for people, in the tenant's zone, which is named."""
    local = at.astimezone(zone)
    year = f", {local.year}" if local.year != utc_now().astimezone(zone).year else ""
    return f"{local:%b} {local.day}{year}, {local:%H:%M:%S %Z}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """Write the day in the tenant's zone, and the zone."""
    local = at.astimezone(zone)
    return f"{local:%b} {local.day} {local:%Z}"


def time_of_day(at: datetime, zone: ZoneInfo) -> str:
    """Write the time of day in the tenant's zone."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Write a time to the millisecond, for a log whose page names the zone."""
    local = at.astimezone(zone)
    return f"{local:%b} {local.day} {local:%H:%M:%S}.{local.microsecond // 1000:03}"


def minute(at: datetime, zone: ZoneInfo) -> str:
    """Write hour and minute in the tenant's zone, which is named."""
    return f"{at.astimezone(zone):%H:%M %Z}"


def ago(at: datetime) -> str:
    """Say how long ago something was, or in how long it will be."""
    seconds = (utc_now() - at).total_seconds()
    if abs(seconds) < 1:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def span(length: float | timedelta) -> str:
    """Say how long something takes, in the two largest units at most."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 5 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    unit = "day" if days == 1 else "days"
    return f"{days} {unit} {hours} h" if hours and days < 7 else f"{days} {unit}"


def tally(number: int) -> str:
    """Write a count that may have ended at its bound."""
    return f"more than {bounded.MOST:,}" if number > bounded.MOST else f"{number:,}"


def badge(number: int) -> str:
    """Write a count of every page's frame, in little room."""
    return f"{bounded.FEW:,}+" if number > bounded.FEW else f"{number:,}"


def money(amount: str | Decimal | float | None) -> str:
    """Write an amount of dollars; what is no amount is shown as it came."""
    if amount is None:
        return "–"
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        return str(amount)
    if not value.is_finite():
        return str(amount)
    places = 2 if value == round(value, 2) else 4
    return f"{'-' if value < 0 else ''}${abs(value):,.{places}f}"


def shown(value: Any) -> Any:
    """What is written for a value: to Trellis's own people inside a company, no personal data."""
    return hidden(value) if hides() else value


def hidden(value: Any) -> Any:
    """What is written for a value to whom personal data is not shown."""
    # Markup was made here, of values that came through here.
    return hide(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def hides() -> bool:
    """Whether what is shown in this request is shown without personal data."""
    here = g.get("here")
    return here is not None and here.masked


def changes(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Rows of what differs: what it is, and its values before and after, or on each side."""
    if not hides():
        return rows
    return [(what, *(hide_change(what, value) for value in values)) for what, *values in rows]


def pretty(value: Any) -> str:
    """Write JSON for people to read."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
