"""One order with both sides in view (I2, I4, I5, I6, I14). Each function says what is wrong, "" for nothing,
or None where its promise does not concern the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from portal.models import Link
from portal.sync.course import Blocked
from portal.sync.decisions import Inquiry
from portal.sync.domain import CANCELLED, OVER, OutboundOrder, SourceOrder, Stage
from portal.sync.engine import plans
from portal.sync.engine.accounts import Account
from portal.sync.mapping.agreement import HeldLine, arrived, held_of, lines_of
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.money import add_up, cents, unit_price
from portal.sync.mapping.offers import compare
from portal.sync.questions import OwnQuestion, Question
from portal.sync.retail import HubOrder, RetailOrder
from portal.sync.shopping import ShopOrder

_MOST_INQUIRIES = 6
# The decision about an order that nobody touches any more, because workers died on it (engine/outlook.py).
QUARANTINED = "worker_died"

# SKU, eaches, price of one each.
_Line = tuple[str, Decimal, Decimal]


@dataclass(frozen=True)
class Case:
    """One order as both sides and our rows have it.

    Args:
        account: both sides, open.
        link: our row, read after both sides.
        order: the platform's side, None when it does not know the order.
        made: Flourish's side, None when there is none.
        has_problem: a person has been told.
        is_busy: it will be looked at again by itself, or is being looked at.
        is_pending: busy, or it may not write now, or something changed since the last look at all changes.
    """

    account: Account
    link: Link
    order: SourceOrder | None
    made: HubOrder | None
    has_problem: bool
    is_busy: bool
    is_pending: bool

    @property
    def is_excused(self) -> bool:
        """Whether a difference is known and on its way to somebody."""
        return self.has_problem or self.is_pending

    @property
    def is_moving(self) -> bool:
        """Whether it is cancelled in one facility and not made in the other yet."""
        return self.link.flourish_id in self.link.former_ids


def none_lost(case: Case) -> str | None:
    """I2: it is in Flourish, or its page says why not and what comes next."""
    link = case.link
    if link.decision_code == QUARANTINED and not (case.has_problem or case.is_busy):
        return "workers died on it, and no problem says so"
    if case.has_problem or case.is_busy:
        return ""
    if link.flourish_id and case.made is not None and not _is_left_behind(case):
        return ""
    if link.flourish_id and not case.is_moving:
        return f"Flourish does not know order {link.flourish_id}, and no problem says so"
    if link.state not in ("waiting", "skipped"):
        return f"it is {link.state} and not in Flourish, and nothing says why"
    words = (link.decision_code, link.decision_text, link.next_step)
    if not all(word and word.strip() for word in words):
        return f"it is {link.state} and does not say why, or what comes next"
    return ""


def _is_left_behind(case: Case) -> bool:
    """Whether it was cancelled to move, and nothing on its platform says that it is over."""
    return case.is_moving and case.order is not None and case.order.stage not in OVER


def one_facility(case: Case) -> str | None:
    """I4: a live Flourish order is in the facility that it was routed to."""
    made, rules = case.made, case.account.rules
    if made is None or made.status == CANCELLED:
        return None
    is_routed = rules.by_rep or (case.order is not None and bool(case.order.seller_license))
    route = (case.link.base or {}).get("route") if is_routed else None
    facility = rules.within(route["facility"]).facility if route else rules.facility
    if made.facility_id != facility.id:
        shown = made.facility_name or made.facility_id
        return f"Flourish order {made.id} is in {shown}, not in {facility.name}"
    return ""


def statuses_agree(case: Case) -> str | None:
    """I5: the platform has nothing to do about Flourish's status, nor Flourish about a cancelled order."""
    if case.order is None or case.made is None:
        return None
    if case.is_excused or _is_left_behind(case):
        return ""  # what is left behind is no side of it any more: I2 judges that
    return _disagreement(case.order, case.made, case.account)


def _disagreement(order: SourceOrder, made: HubOrder, account: Account) -> str:
    where = account.platform.label
    both = f"{order.status} in {where}, {made.status} in Flourish"
    # What a person cancelled in a shop nobody but staff can cancel in Flourish; its course says so.
    if order.stage in (Stage.CANCELLED, Stage.MERGED) and not account.platform.is_retail:
        return "" if made.status == CANCELLED else both
    course = account.platform.course
    wanted = course.target(order, made, account.rules)
    if wanted.finding is not None:
        return f"{both}, and no problem says: {wanted.finding.title}"
    move = course.next_move(order, wanted.status) if wanted.status else None
    if isinstance(move, Blocked):
        return f"{both}, and no problem says that {where} does not offer {wanted.status}"
    return both if move is not None else ""


def lines_and_money(case: Case) -> str | None:
    """I6: the same lines and, to the cent, the same total but for tax."""
    order, made = case.order, case.made
    if order is None or made is None or made.status == CANCELLED or order.stage is Stage.CANCELLED:
        return None
    if case.is_excused:
        return ""
    if (case.link.base or {}).get("joined"):
        return None  # a person said that they are one, whatever its lines
    if isinstance(made, RetailOrder):
        return _of_a_shop(case, order, made)
    places = case.account.rules.price_places
    here = Counter((sku_key(line.sku), line.eaches, unit_price(line, places)) for line in order.lines)
    drifted = _changed_there(case, order, made)
    there = Counter((line.sku, line.eaches, line.price) for line in drifted or lines_of(made))
    label = case.account.platform.label
    if here != there:
        parts = (f"only in {label}: {_words(here - there)}", f"only in Flourish: {_words(there - here)}")
        return "; ".join(
            part for part, lines in zip(parts, (here - there, there - here), strict=True) if lines
        )
    if drifted:
        return ""
    money = add_up(order, places)
    expected = cents(money.total - money.tax)
    if cents(made.total) != expected:
        return f"Flourish has a total of {made.total}; {label} has {expected} without tax"
    return ""


def _of_a_shop(case: Case, order: SourceOrder, made: RetailOrder) -> str | None:
    """The same of a retail order: list prices, and what is taken off. What staff changed stays theirs."""
    if not isinstance(order, ShopOrder):
        raise TypeError("a retail order is a person's")
    sold: list[list[str]] = (case.link.base or {}).get("lines", [])
    names = {item_id: sku for item_id, sku, _eaches, _price in sold}
    expected = Counter((sku, Decimal(eaches), Decimal(price)) for _id, sku, eaches, price in sold)
    here = Counter((sku_key(line.sku), line.eaches, line.case_price) for line in order.lines)
    there = Counter(
        (names.get(line.item_id, line.sku or line.name), line.eaches, line.unit_price) for line in made.lines
    )
    if here != expected:
        return f"it was sent with other lines: {_words(expected)}"
    if there != expected:
        return ""  # changed by staff, which the order's page shows
    agreement = compare(order.discount, made.discount, order.offered)
    where = case.account.platform.label
    return "" if agreement.holds else f"{where} takes {agreement.platform} off, Flourish {agreement.flourish}"


def _changed_there(case: Case, order: SourceOrder, made: OutboundOrder) -> tuple[HeldLine, ...]:
    """The lines that were written, where staff changed lines or amounts in Flourish since, and theirs stay
    (LL-18); empty elsewhere."""
    base = arrived(case.link.base or {}, order, made)
    if "flourish" not in base:
        return ()
    held, now = held_of(base["flourish"]), lines_of(made)
    amounts = [sorted(map(str, each)) for each in (made.charges, made.discounts)]
    is_same = Counter(now) == Counter(held.lines) and amounts == [
        sorted(held.charges),
        sorted(held.discounts),
    ]
    return () if is_same else held.lines


def _words(lines: Counter[_Line]) -> str:
    return ", ".join(f"{eaches:f} x {sku} at {price:f}" for sku, eaches, price in lines.elements())


def idempotent_rerun(case: Case) -> str | None:
    """I14: planning a settled order again asks for no write."""
    if case.link.state != "settled" or case.order is None or case.made is None:
        return None
    action = "" if case.is_excused else _planned(case, case.order)
    return f"looked at again, Trellis would {action}" if action else ""


def _planned(case: Case, order: SourceOrder) -> str:
    """What the planner would do now, in a word; questions are asked of both sides, nothing is written."""
    facts: dict[Question, object] = {}
    account = case.account
    for _ in range(_MOST_INQUIRIES):
        answer = plans.plan(
            account,
            order,
            case.made,
            base=case.link.base,
            facts=facts,
            is_moving=case.is_moving,
            choices=case.link.choices,
        )
        if not isinstance(answer, Inquiry):
            return answer.code if answer.action is not None else ""
        facts |= {question: _answered(account, question) for question in answer.questions}
    return "keep asking"


def _answered(account: Account, question: Question) -> object:
    """What our own rows say of other orders decides no write of an order that is settled."""
    return () if isinstance(question, OwnQuestion) else account.answer(question)


ORDER_INVARIANTS: dict[str, Callable[[Case], str | None]] = {
    "I2": none_lost,
    "I4": one_facility,
    "I5": statuses_agree,
    "I6": lines_and_money,
    "I14": idempotent_rerun,
}


def wrongs(case: Case) -> dict[str, str | None]:
    """What each invariant says of one order.

    Raises:
        SyncError: a question of the planner could not be answered.
    """
    return {code: look(case) for code, look in ORDER_INVARIANTS.items()}
