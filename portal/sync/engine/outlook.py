"""Outlooks: how a look at a link ended, in words, and when to look again."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime

from portal.models import Link
from portal.sync.decisions import Decision, Finding
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import DueAt, in_seconds
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable

_FIRST_RETRY_SECONDS = 5.0
# Asked to wait without being told how long: nobody failed, so it is short.
_THROTTLED_SECONDS = 1.0
_NOT_NOW = "Not now,"


@dataclass(frozen=True)
class Outlook:
    """What is decided about a link, and when to look again by itself: in so many seconds, at a time, or not
    before the next mark. `failed` counts towards backoff and breaker. Not `conclusive`: the look broke off,
    so it neither closes a known problem nor proves that the account answers."""

    decision: Decision
    again_in: float | None = None
    again_at: datetime | None = None
    failed: bool = False
    conclusive: bool = True
    # Nothing but a wait: the other side asked for it, and what was decided before still holds.
    is_wait: bool = False


class ForAPerson(Exception):
    """What was seen is nothing that Trellis may decide. It looks again in so many seconds, or never."""

    def __init__(self, finding: Finding, *, again_in: float | None = None) -> None:
        super().__init__(finding.title)
        self.finding = finding
        self.again_in = again_in


def after_wait(link: Link, decision: Decision) -> Decision:
    """What is decided about a link while it is asked to wait.

    What Trellis is about to do stays decided, so that a storm of 429 is not told with each try; only the next
    step says what it waits for. What held it back before may be over by now: that is not said again.
    """
    code, sentence = link.decision_code, link.decision_text
    if link.state != "waiting" or not (code and sentence) or sentence.startswith(_NOT_NOW):
        return decision
    waits_for = f"{decision.sentence} {decision.next_step}"
    return replace(decision, code=code, sentence=sentence, next_step=waits_for)


def held_back(decision: Decision, obstacle: str) -> Decision:
    """What would be done, and why it is not done now."""
    return replace(
        decision,
        sentence=f"{_NOT_NOW} {obstacle}: {decision.sentence}",
        next_step="It is done once that is over: resume the connection, switch the stop off, or release it.",
        state="stuck" if decision.state == "stuck" else "waiting",
        action=None,
    )


def unknown(reason: str, account: Account, *, until: datetime | None = None) -> Outlook:
    """A write may or may not have taken effect."""
    decision = Decision(
        "unknown",
        f"{reason}: nobody knows yet whether the last write took effect.",
        f"Trellis looks {round(account.settle_seconds)} s after it was sent, before it sends anything more.",
        "waiting",
    )
    return Outlook(decision, again_in=account.settle_seconds, again_at=until, conclusive=False)


def retry(error: Retryable | ConnectionBroken) -> Outlook:
    """It did not work this time and may work later."""
    decision = Decision("retry", f"{error.reason}.", "Trellis tries again by itself.", "waiting")
    throttled = isinstance(error, Retryable) and error.throttled
    after = error.after if isinstance(error, Retryable) else None
    again_in = after or (_THROTTLED_SECONDS if throttled else None)
    return Outlook(decision, again_in=again_in, failed=not throttled, conclusive=False, is_wait=throttled)


def stuck(finding: Finding, *, again_in: float | None = None) -> Outlook:
    """A person has to see to it."""
    decision = Decision(finding.code, f"{finding.title}.", finding.next_step, "stuck", findings=(finding,))
    return Outlook(decision, again_in=again_in)


def broken(error: ConnectionBroken) -> Outlook:
    """The key is refused; the link stays due, and nobody claims it until the key is replaced."""
    decision = Decision(
        "credentials",
        f"The connection's key was refused: {error.reason}.",
        "An admin replaces the key; everything waiting then goes on.",
        "waiting",
    )
    return Outlook(decision, again_in=0.0, conclusive=False)


def refused(error: Rejected) -> Finding:
    """The other side said no for good."""
    return Finding(
        "refused",
        f"It was refused: {error}",
        "Correct what is named, then press Retry; an order that changes is tried again by itself.",
        cause=error.field,
        evidence={"field": error.field, "reason": error.reason, "status": error.http_status},
    )


def unreadable(error: Unreadable) -> Finding:
    """The other side said something that cannot be understood."""
    return Finding(
        "unreadable",
        f"An answer could not be read: {error}",
        "Trellis tries again; if it stays, send this page to support.",
        cause=error.field,
        who="support",
        evidence={"field": error.field, "excerpt": error.excerpt},
    )


def loop(what: str, times: int) -> Finding:
    """Writes that undo each other."""
    return Finding(
        "loop",
        f"Trellis was about to {what} for the {times}th time in a few minutes",
        "Look at its story for two rules that undo each other. Trellis looks again in ten minutes.",
        who="support",
    )


def died(times: int) -> Finding:
    """Workers die on this link, and on no other that they had with it."""
    return Finding(
        "worker_died",
        f"The worker died {times} times on this order",
        "Nothing is sent for it any more. An operator looks at the worker's log; Retry tries it once more.",
        who="operator",
    )


def due_at(link: Link, view: Outlook, cap_seconds: float) -> DueAt:
    """When a link is due again by itself, by the database's clock; None for not before the next mark."""
    if view.again_at is not None:
        return view.again_at
    seconds = view.again_in
    if view.failed:
        seconds = max(seconds or 0.0, backoff(link.attempts, cap_seconds))
    return None if seconds is None else in_seconds(seconds)


def backoff(attempts: int, cap_seconds: float) -> float:
    """Seconds to wait after so many failures in a row: full jitter under a doubling ceiling."""
    ceiling = min(cap_seconds, _FIRST_RETRY_SECONDS * 2 ** min(attempts, 12))
    return random.uniform(min(1.0, ceiling), ceiling)  # noqa: S311 - spreads retries; nothing secret
