"""One order that was brought in, and how people edit it on either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from portal.sync.decisions import UpdateOrder
from portal.sync.drafts import LineUpdate
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.questions import ItemBySku
from tests.sync.mapping.examples import agreed, decided, item, line, made, order, rules, updated

SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)
A, B = line("A"), line("B", eaches="20")
THEN = order(lines=(A, B), notes="Back door", shipping=Decimal(20), discount=Decimal(5), ship_at=SHIP_AT)
THERE = made(THEN)
NOTES = THERE.notes or ()


def edited(**changed):
    """The order as somebody has edited it on LeafLink; its total is what it comes to."""
    parts = {name: getattr(THEN, name) for name in ("lines", "notes", "shipping", "discount", "ship_at")}
    return order(**(parts | changed))


def there(*, on=None, **changed):
    """Flourish's order as staff have changed it: a line by its place, or fields of the order."""
    lines = [replace(one, **(on or {}).get(place, {})) for place, one in enumerate(THERE.lines)]
    return replace(THERE, **({"lines": tuple(lines)} | changed))


def plan(source, target, *, base=None, facts=None, **chosen):
    base = agreed(THEN) if base is None else base
    facts = {ItemBySku(sku): (item(sku),) for sku in "ABC"} if facts is None else facts
    return plan_order(source, target, base=base, rules=rules(**chosen), facts=facts, course=COURSE)


def written(source, target=THERE, **how):
    decision = decided(plan(source, target, **how))
    assert isinstance(decision.action, UpdateOrder), decision
    return decision.action


KEPT = (LineUpdate(0), LineUpdate(1))


def after(action):
    """Flourish's order once the update is made."""
    return updated(THERE, action.update)


def older(about, *, finished=True):
    """The base as older code wrote it."""
    lines = {
        one.ref: [one.sku, f"{one.eaches.normalize():f}", f"{one.case_price.normalize():f}"]
        for one in about.lines
    }
    values = {
        "lines": lines,
        "notes": about.notes,
        "ship_at": about.ship_at.isoformat() if about.ship_at else "",
        "term": about.term_shown,
        "discount": f"{about.discount.normalize():f}",
        "shipping": f"{about.shipping.normalize():f}",
        "customer": about.customer.license,
    }
    return {"platform": values, "finished": finished}
