"""Consequences: what a rule holds back or changes, counted from our own rows (ON-8).

A setting names its counter in its declaration; pages draw what it says, whatever the platform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, MirroredItem, MirroredProduct
from portal.sync.contract import Platform
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import FacilityFacts
from portal.sync.entered import BY_REP, Setting
from portal.sync.mapping.description import case_price, category_named
from portal.sync.mapping.facts import item_from, product_from

_MOST_NAMED = 4


@dataclass(frozen=True)
class Effect:
    """What a value does to what is there now: to how many things, and in words."""

    number: int
    words: str


@dataclass(frozen=True)
class Change:
    """What becomes different by another value of a setting."""

    setting: Setting
    before: Effect
    after: Effect


@dataclass(frozen=True)
class _Look:
    """What a counter counts over: a connection with values of its settings, saved or not."""

    session: Session
    connection: Connection
    platform: Platform
    chosen: Mapping[str, Any]
    setting: Setting

    @property
    def value(self) -> Any:
        return self.chosen[self.setting.name]

    @property
    def open_orders(self) -> ColumnElement[bool]:
        """Orders that Flourish does not have yet and that are on their way."""
        return and_(
            Link.tenant_id == self.connection.tenant_id,
            Link.connection_id == self.connection.id,
            Link.kind == "order",
            Link.flourish_id.is_(None),
            Link.state.in_(("new", "waiting", "stuck")),
        )

    def count(self, condition: ColumnElement[bool]) -> int:
        """How many open orders are so."""
        found = self.session.scalar(select(func.count()).where(self.open_orders, condition))
        return found or 0

    def rules(self) -> CatalogueRules | None:
        """The rules of the catalogue by these values; None where there is none."""
        place = self.connection.facility
        if self.platform.catalogue is None or place is None:
            return None
        facts = FacilityFacts(
            id=place.flourish_id,
            name=place.name,
            license=place.license_number or "",
            timezone=place.timezone,
            sales_rep_required=place.sales_rep_required,
            active=place.active,
        )
        return self.platform.catalogue.rules(self.chosen, str(self.connection.id), facts)


def effects(session: Session, connection: Connection, platform: Platform) -> dict[str, Effect]:
    """What the rules in force do, by name of the setting; what matters only when it changes is left out.

    Args:
        session: a session inside the tenant.
        connection: with its facility.
        platform: its declaration.
    """
    chosen = platform.chosen(connection.settings)
    return {
        one.name: COUNTERS[one.counts](_Look(session, connection, platform, chosen, one))
        for one in platform.settings
        if one.counts and one.counts not in _ON_CHANGE
    }


def changes(
    session: Session, connection: Connection, platform: Platform, values: Mapping[str, Any]
) -> list[Change]:
    """What other values would make different, before they are saved; each counter speaks once.

    Args:
        session: a session inside the tenant.
        connection: with its facility.
        platform: its declaration.
        values: parsed, by name of the setting; those that are missing stay.
    """
    before = platform.chosen(connection.settings)
    after = {**before, **values}
    found: dict[str, Change] = {}
    for one in platform.settings:
        if not one.counts or one.counts in found or after[one.name] == before[one.name]:
            continue
        count = COUNTERS[one.counts]
        was, will = (count(_Look(session, connection, platform, chosen, one)) for chosen in (before, after))
        if was != will and (was.number or will.number):
            found[one.counts] = Change(one, was, will)
    return list(found.values())


def _by_status(look: _Look) -> Effect:
    """Open orders in statuses that could bring them in and were not chosen."""
    chosen = set(look.value)
    rows = look.session.execute(
        select(Link.foreign_status, func.count())
        .where(look.open_orders, Link.foreign_status.in_(look.setting.choices))
        .group_by(Link.foreign_status)
    ).all()
    waiting = {str(status): number for status, number in rows if status not in chosen}
    total = sum(waiting.values())
    if not total:
        return Effect(0, "No open order waits for another status.")
    return Effect(total, f"{_orders(total)} {_waits(total)} in {look.platform.label}: {_named(waiting)}.")


def _without_rep(look: _Look) -> Effect:
    number = look.count(Link.snapshot["has_rep"].astext == "false")
    if look.value == BY_REP:
        words = f"{_orders(number)} without a sales rep {_does(number)} not sync." if number else ""
        return Effect(number, words or "Every open order has a sales rep.")
    would = f"{_orders(number)} without a sales rep would wait by sales rep." if number else ""
    return Effect(0, would or "No open order lacks a sales rep.")


def _with_samples(look: _Look) -> Effect:
    number = look.count(Link.snapshot.contains({"lines": [{"is_sample": True}]}))
    if look.value == "hold":
        return Effect(number, f"{_orders(number)} with sample lines {_waits(number)} until entered by hand.")
    return Effect(0, f"{_orders(number)} with sample lines {_comes(number)} in.")


def _without_category(look: _Look) -> Effect:
    rules = look.rules()
    if rules is None or "category" not in rules.fields:
        return Effect(0, "No category is written while Trellis does not write product descriptions.")
    facts = MirroredItem.facts
    category, custom, below = (
        facts[name].astext for name in ("category", "custom_category", "custom_subcategory")
    )
    rows = look.session.execute(
        select(category, custom, below, func.count())
        .where(
            MirroredItem.hub_id == look.connection.hub_id,
            MirroredItem.gone_at.is_(None),
            MirroredItem.active,
            MirroredItem.ecommerce,
            facts.is_not(None),
        )
        .group_by(category, custom, below)
    ).all()
    missing: dict[str, int] = {}
    for own, other, narrower, number in rows:
        if not category_named(own or "", other or "", narrower or "", rules):
            name = other or own or "no category"
            missing[name] = missing.get(name, 0) + number
    total = sum(missing.values())
    if not total:
        return Effect(0, "Every item for shops has a category.")
    noun = "item is in a category" if total == 1 else "items are in categories"
    return Effect(total, f"{total:,} {noun} without a row: {_named(missing)}.")


def _prices(look: _Look) -> Effect:
    """Products whose price is another one than would be written."""
    rules = look.rules()
    if rules is None or "price" not in rules.fields:
        return Effect(0, "No price is written.")
    pairs = look.session.execute(
        select(MirroredItem.facts, MirroredProduct.facts)
        .select_from(Link)
        .join(
            MirroredItem,
            and_(MirroredItem.hub_id == Link.hub_id, MirroredItem.flourish_id == Link.base["item"].astext),
        )
        .join(
            MirroredProduct,
            and_(
                MirroredProduct.connection_id == Link.connection_id,
                MirroredProduct.foreign_id == Link.base["product"].astext,
            ),
        )
        .where(Link.connection_id == look.connection.id, Link.kind == "item")
        .where(MirroredItem.facts.is_not(None), MirroredProduct.facts.is_not(None))
    )
    number = sum(_price_differs(item, product, rules) for item, product in pairs)
    noun = "product gets" if number == 1 else "products get"
    return Effect(number, f"{number:,} {noun} another price.")


def _price_differs(item: Mapping[str, Any], product: Mapping[str, Any], rules: CatalogueRules) -> bool:
    there = product_from(dict(product))
    price = case_price(item_from(dict(item)), there, rules)
    return bool(price) and price != there.price


COUNTERS: Mapping[str, Callable[[_Look], Effect]] = {
    "orders by status": _by_status,
    "orders without a rep": _without_rep,
    "orders with samples": _with_samples,
    "items without a category": _without_category,
    "prices": _prices,
}
# They read every product: for a page that is about to change something.
_ON_CHANGE = frozenset({"prices"})


def _named(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    more = f" and {len(most) - _MOST_NAMED} more" if len(most) > _MOST_NAMED else ""
    return ", ".join(f"{number:,} {name}" for name, number in most[:_MOST_NAMED]) + more


def _orders(number: int) -> str:
    return "1 open order" if number == 1 else f"{number:,} open orders"


def _waits(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _does(number: int) -> str:
    return "does" if number == 1 else "do"


def _comes(number: int) -> str:
    return "comes" if number == 1 else "come"
