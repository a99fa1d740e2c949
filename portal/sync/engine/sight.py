"""Sight: reading both sides of an order fresh, and telling what changed since the last look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, literal, null, or_, update
from sqlalchemy.orm import Session

from portal.models import Delivery, Link
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.domain import SourceOrder, Stage
from portal.sync.engine.accounts import Account
from portal.sync.engine.outlook import ForAPerson
from portal.sync.errors import Retryable
from portal.sync.mapping.diff import changes, shared_values
from portal.sync.mapping.money import add_up, line_total, unit_price
from portal.sync.mapping.renaming import renamed
from portal.sync.mapping.routing import home, reps_of
from portal.sync.retail import HubOrder, RetailOrder
from portal.sync.shopping import ShopOrder


@dataclass(frozen=True)
class Sight:
    """Both sides as just read; `made` is None for an order that was never made in Flourish.

    `own` is the order as its platform has it; `order` has Flourish's values where people said that one of the
    platform's is the same.
    """

    order: SourceOrder
    made: HubOrder | None
    own: SourceOrder


# Reads that lag behind writes do so for seconds.
_SHOWN_SECONDS = 5.0


_DELIVERY = Delivery.metadata.tables["delivery"]
_APPLIED = (
    update(_DELIVERY)
    .where(
        Delivery.link_id == bindparam("link"),
        Delivery.outcome.is_(None),
        Delivery.received_at <= bindparam("until"),
    )
    .values(outcome="applied", outcome_at=func.now())
)


class GoneInFlourish(ForAPerson):
    """Flourish answers that it does not know the order."""

    def __init__(self, finding: Finding, sight: Sight) -> None:
        super().__init__(finding)
        self.sight = sight


def look(
    account: Account,
    number: str,
    flourish_id: str | None,
    *,
    before: Sight | None = None,
    wrote: str = "",
    behind: str | None = None,
) -> Sight:
    """Read both sides: one call each.

    Args:
        account: both sides, open.
        number: the platform's id of the order.
        flourish_id: Flourish's id of it, once it was made there.
        before: what was read a moment ago, if this is a look after a write of ours.
        wrote: the side that was written to; only that one is read again.
        behind: the version of Flourish's order that we wrote over a moment ago.

    Raises:
        ForAPerson: an order that a side had is not there any more.
        SyncError: a side could not be read, or Flourish still shows what was there before our write.
    """
    where = account.platform.label
    own = before.own if before and wrote == "flourish" else account.client.order(number)
    if own is None:
        title = f"{where} does not know this order any more"
        step = f"If it was deleted in {where}, cancel it in Flourish."
        raise ForAPerson(Finding("gone_on_platform", title, step))
    order = renamed(own, account.rules.said)
    if before and wrote == "platform":
        return Sight(order, before.made, own)
    made = account.hub_orders.one(flourish_id) if flourish_id else None
    if flourish_id and made is None:
        title = f"Flourish does not know order {flourish_id} any more"
        step = f"If it was deleted by mistake, enter it again: {where} still has the order."
        raise GoneInFlourish(Finding("gone_in_flourish", title, step), Sight(order, None, own))
    if made and _is_behind(made, before.made if before else None, behind):
        reason = "Flourish does not show yet what was written to it"
        raise Retryable(reason, after=_SHOWN_SECONDS, throttled=True)
    return Sight(order, made, own)


def _is_behind(made: HubOrder, before: HubOrder | None, behind: str | None) -> bool:
    """Whether a read after a write of ours shows the order as it was before it: planned from that, the same
    would be written again and again."""
    if before is not None:
        return made.id == before.id and made.updated_at <= before.updated_at
    return behind is not None and made.updated_at <= datetime.fromisoformat(behind)


def note(session: Session, link: Link, sight: Sight, account: Account, *, how: str) -> None:
    """Write down what was seen, and a row in the story for each change that somebody else made.

    Args:
        session: a session in which the link is locked.
        link: the link.
        sight: what was read.
        account: both sides, for names.
        how: how we came to look, such as "webhook".
    """
    _note_platform(session, link, sight, account, how)
    if sight.made is not None:
        _note_flourish(session, link, sight.made, account, how)
    link.looked_at = func.now()


def _note_platform(session: Session, link: Link, sight: Sight, account: Account, how: str) -> None:
    where, order = account.platform.label, sight.own
    shared = shared_values(order)
    actor = f"{order.changed_by or order.customer.name}, {where}"
    if link.foreign_status is None:
        title = f"Order {order.status.lower()}, {_count(len(order.lines), 'line')}, ${order.total:,.2f}"
        journal.tell(session, link, journal.Entry("platform", actor, title, how=how))
        journal.log(session, link, "info", f"{where} has {title[0].lower()}{title[1:]} ({how})")
    elif link.foreign_status != order.status:
        diff = {"changes": [["Status", link.foreign_status, order.status]]}
        journal.tell(session, link, journal.Entry("platform", actor, order.status, how=how, detail=diff))
        journal.log(session, link, "info", f"{where} says {order.status} ({how})")
    edits = changes(link.snapshot["shared"], shared) if "shared" in link.snapshot else []
    if edits:
        entry = journal.Entry("platform", actor, f"Edited in {where}", how=how, detail={"changes": edits})
        journal.tell(session, link, entry)
        journal.log(session, link, "info", f"Edited in {where} ({how})", raw={"changes": edits})
    link.foreign_status = order.status
    link.foreign_version = order.updated_at.isoformat()
    link.label = order.label
    link.placed_at = order.placed_at
    if order.stage is not Stage.MERGED:
        link.merged_at = None
    elif link.merged_at is None:
        link.merged_at = order.updated_at
    link.snapshot = {**link.snapshot, "shared": shared, **_shown(sight, account)}
    numbers = [order.number, order.label, *order.other_numbers, *order.external_ids.values()]
    words = [order.customer.name, *order.customer.name.split(), order.customer.license]
    words += [order.customer.license_shown, *(line.sku for line in order.lines)]
    words += [line.sku for line in sight.order.lines if sight.order is not order]
    if [*numbers, *words] != link.snapshot.get("words"):
        journal.remember_terms(session, link, words, numbers=numbers)
        link.snapshot = {**link.snapshot, "words": [*numbers, *words]}


def _note_flourish(session: Session, link: Link, made: HubOrder, account: Account, how: str) -> None:
    if link.flourish_status is not None and link.flourish_status != made.status:
        diff = {"changes": [["Status", link.flourish_status, made.status]]}
        entry = journal.Entry("flourish", "Flourish staff", made.status, how=how, detail=diff)
        journal.tell(session, link, entry)
        journal.log(session, link, "info", f"Flourish says {made.status} ({how})")
    if made.id != link.snapshot.get("flourish", {}).get("id"):
        journal.remember_terms(session, link, numbers=[made.id])
    link.flourish_status = made.status
    link.flourish_version = made.updated_at.isoformat()
    kept = {name: value for name, value in link.snapshot.items() if name != "behind"}
    link.snapshot = {
        **kept,
        "flourish": {
            "id": made.id,
            "status": made.status,
            "payment_status": made.payment_status,
            "facility": made.facility_name or account.rules.within(made.facility_id).facility.name,
            "total": str(made.total),
        },
    }


def _shown(sight: Sight, account: Account) -> dict[str, object]:
    """What pages show of the order: no e-mail, phone or address."""
    order, places = sight.own, account.rules.price_places
    return {
        "customer": {"name": order.customer.name, "license": sight.order.customer.license},
        # By sales rep it is known once the order is made, and shown from Flourish's side.
        "facility": "" if account.rules.by_rep else home(order, account.rules).name,
        "total": str(order.total),
        "term": order.term or order.term_shown,
        "has_rep": bool(reps_of(order)),
        "lines": [
            {
                "sku": line.sku,
                # What Flourish calls it, where people said so.
                "item": known.sku if known.sku != line.sku else "",
                "name": line.name,
                "eaches": f"{line.eaches.normalize():f}",
                "unit_price": str(unit_price(line, places)),
                "line_total": str(line_total(line)),
                "lot": line.lot,
                "is_sample": line.is_sample,
                "note": _case_note(line.eaches / line.multiplier, line.multiplier),
            }
            for line, known in zip(order.lines, sight.order.lines, strict=True)
        ],
        "money": add_up(order, places).shown(),
        "platform": {"id": order.number, "status": order.status},
        "is_combination": order.is_combination,
        **({"shop": _shop(order, sight.made, account)} if isinstance(order, ShopOrder) else {}),
    }


def _shop(order: ShopOrder, made: HubOrder | None, account: Account) -> dict[str, object]:
    """What pages show of a person's order; nothing that says who it is."""
    wanted = account.platform.course.target(order, made, account.rules) if made is not None else None
    of_lines = (offer for line in order.offered for offer in line.offers)
    return {
        "fulfilment": order.fulfilment.value if order.fulfilment else "",
        "hand_over": order.hand_over,
        "purpose": "medical" if order.person.patient_id else "adult use",
        "note": wanted.note if wanted else "",
        "discount": str(order.discount),
        "flourish_discount": str(made.discount) if isinstance(made, RetailOrder) else "",
        "offers": list(dict.fromkeys(offer.name for offer in (*order.offers, *of_lines))),
    }


def _case_note(cases: Decimal, multiplier: int) -> str:
    whole = multiplier > 1 and cases == cases.to_integral_value()
    return f"{cases.normalize():f} × case of {multiplier}" if whole else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def close_deliveries(session: Session, link: Link, text: str, *, until: datetime) -> None:
    """Give the deliveries of the link that were there when the look began their outcome; what came later is
    the next look's."""
    session.execute(_APPLIED, {"link": link.id, "until": until, "outcome_text": text})


def close_echoes(session: Session, link: Link, sight: Sight, *, since: datetime) -> int:
    """Close the deliveries that came during the look and tell of nothing that was not seen by its end: mostly
    they are the echo of our own writes.

    Args:
        session: a session in which the link is locked, so that no delivery marks it meanwhile.
        link: the link.
        sight: what was read last.
        since: when the look began.

    Returns:
        How many there were.
    """
    seen = case((Delivery.platform == "flourish", _seen(sight.made)), else_=_seen(sight.order))
    closed = session.execute(
        update(Delivery)
        .where(
            Delivery.link_id == link.id,
            Delivery.outcome.is_(None),
            Delivery.received_at > since,
            Delivery.version <= seen,
            # Not of another Flourish order that only carries this link's note.
            or_(Delivery.platform != "flourish", Delivery.foreign_ref == link.flourish_id),
        )
        .values(outcome="stale", outcome_text="It was read at this version already.", outcome_at=func.now())
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())


def _seen(side: SourceOrder | HubOrder | None) -> ColumnElement[Any]:
    """Up to which version everything was seen. Of a clock that counts whole seconds the last one is left out:
    something may have happened in it after it was read."""
    if side is None:
        return null()
    whole = side.updated_at.microsecond == 0
    return literal(side.updated_at - timedelta(microseconds=1) if whole else side.updated_at)
