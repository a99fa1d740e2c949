"""How a company fares, for Trellis's own people: its signs, each a word, a mark and a number, worst first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.queries.dashboard import OVERDUE
from portal.queries.support import Account, TenantHealth
from portal.sync import registry
from portal.sync.contract import Throttle
from portal.sync.engine.accounts import hub_owner, platform_owner
from portal.sync.engine.budget import Budget, Use
from portal.sync.flourish import FLOURISH

# A look reads each side once, and often writes.
_CALLS_A_LOOK = 2
# A backlog that takes longer at the pace that is allowed is told.
_LONG_MINUTES = 5
_RANKS = {"bad": 0, "warn": 1, "idle": 2, "ok": 3}
# What the list can be narrowed to -> how people call it.
TONES: Mapping[str, str] = {"bad": "In trouble", "warn": "To watch", "idle": "Not running", "ok": "Well"}


@dataclass(frozen=True)
class Sign:
    """One thing that is wrong, or how much of something is used."""

    tone: str
    word: str
    text: str


@dataclass(frozen=True)
class Health:
    """A company with its signs, the worst first, and what its rate budgets hold."""

    company: TenantHealth
    tone: str
    word: str
    signs: Sequence[Sign]
    budgets: Sequence[Sign]

    @property
    def deliveries(self) -> list[tuple[str, datetime | None]]:
        """Each system that is to send webhooks, by its label, and when it last did; a platform that sends
        none is left out."""
        known = self.company.deliveries.items()
        platforms = [(registry.platform(key), at) for key, at in sorted(known) if key != FLOURISH.key]
        hub = [(FLOURISH.label, at) for key, at in known if key == FLOURISH.key]
        return hub + [(one.label, at) for one, at in platforms if one.webhook is not None]


def worst_first(
    companies: Sequence[TenantHealth],
    accounts: Mapping[UUID, Sequence[Account]],
    budget: Budget,
    now: datetime,
) -> list[Health]:
    """Judge companies and sort them.

    Args:
        companies: as `queries.support` counts them.
        accounts: what those call that have much to do.
        budget: where the use of rate budgets is read.
        now: the time.
    """
    throttles = {owner: throttle for own in accounts.values() for owner, _, throttle in map(_account, own)}
    use = budget.use(throttles) if throttles else {}
    judged = [_judge(one, accounts.get(one.id, ()), use, now) for one in companies]
    return sorted(judged, key=lambda one: (_RANKS[one.tone], -len(one.signs), one.company.name.casefold()))


def _account(account: Account) -> tuple[str, str, Throttle]:
    """By what an account's budget is known, what people call its system, and how often it may be called."""
    system, owner, calls = account
    if system == "flourish":
        return hub_owner(UUID(owner)), FLOURISH.label, FLOURISH.throttle.agreed(calls)
    platform = registry.platform(system)
    return platform_owner(system, owner), platform.label, platform.throttle.agreed(calls)


def _judge(
    company: TenantHealth, accounts: Sequence[Account], use: Mapping[str, Use], now: datetime
) -> Health:
    budgets = [
        _budget(label, use[owner], company.due) for owner, label, _ in map(_account, accounts) if owner in use
    ]
    signs = [*_signs(company, now), *(one for one in budgets if one.tone != "ok")]
    signs.sort(key=lambda one: _RANKS[one.tone])
    if signs:
        return Health(company, signs[0].tone, TONES[signs[0].tone], signs, budgets)
    tone = "ok" if company.connections.get("live") else "idle"
    return Health(company, tone, TONES[tone], (), budgets)


def _signs(company: TenantHealth, now: datetime) -> list[Sign]:
    refused = company.connections.get("needs_credentials", 0)
    is_late = company.oldest_due is not None and now - company.oldest_due > OVERDUE
    works = company.connections.get("live", 0) + company.connections.get("paused", 0)
    found = (
        (
            company.proof is not None and company.proof[0] == "failed",
            Sign("bad", "Check failed", f"{company.proof[2] if company.proof else 0} lost or doubled"),
        ),
        (refused, Sign("bad", "Key needed", f"{_count(refused, 'connection')} refused")),
        (is_late and works, Sign("bad", "Work stands still", f"{company.due:,} due")),
        (company.silent, Sign("warn", "Webhook silent", f"{_count(company.silent, 'webhook')} silent")),
        (company.stale, Sign("warn", "Polls late", f"{_count(company.stale, 'list')} late")),
        (
            company.orders.get("stuck"),
            Sign("warn", "Orders stuck", _count(company.orders.get("stuck", 0), "order")),
        ),
        (company.stopped, Sign("warn", "Stopped", "nothing is written")),
        (not company.members, Sign("warn", "No owner yet", "nobody has joined")),
    )
    return [sign for applies, sign in found if applies]


def _budget(label: str, use: Use, due: int) -> Sign:
    """How much of an account's rate budget is used, and when the backlog is through at this pace."""
    used = f"{label}: {use.share:.0%} used, {use.per_second:.3g} calls/s"
    if use.held_seconds:
        return Sign("warn", "Held back", f"{used}; nobody calls for {math.ceil(use.held_seconds)} s")
    minutes = math.ceil(due * _CALLS_A_LOOK / use.per_second / 60)
    if due and minutes > _LONG_MINUTES:
        return Sign("warn", "Rate used up", f"{used}; {due:,} due are through in {minutes:,} min")
    return Sign("ok", "Within rate", used)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
