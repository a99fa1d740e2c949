"""The plan for an order of a shop: both sides in, one decision out. Pure.

Nobody edits such an order once it is confirmed, and Flourish's API changes no status of a retail order: it is
made once, whole or not at all, and from then on its status goes from Flourish to the shop (AQ-6 to AQ-12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from portal.sync.course import Course
from portal.sync.decisions import (
    CreateCustomer,
    CreateRetailOrder,
    Decision,
    Finding,
    Inquiry,
    ReleaseGoods,
    Rules,
)
from portal.sync.domain import Item, Json
from portal.sync.mapping import follow, identity, intake, telling
from portal.sync.mapping.diff import plain, shared_values
from portal.sync.mapping.findings import in_shop_order, match_items, stuck
from portal.sync.mapping.intake import INTAKE
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.offers import CarriedOffers, carry_offers, compare, difference
from portal.sync.mapping.retail_draft import retail_draft, without_strain
from portal.sync.mapping.shop_holds import BEFORE_PACKING
from portal.sync.questions import (
    BeyondStock,
    CustomerNumbered,
    Facts,
    GoodsTakenOff,
    ItemBySku,
    Question,
    SameLabel,
    StoreFacts,
)
from portal.sync.retail import CustomerLookup, RetailOrder
from portal.sync.shopping import Admission, ShopOrder, Store

Admit = Callable[[ShopOrder, Store, Rules], Admission | Finding]
# What a person said of whose an order is, under this name in `Link.choices`: an id in Flourish, or that
# somebody new is to be made.
CUSTOMER, NEW_CUSTOMER = "customer", "new"
# How long until it is asked again whether Flourish's figures have caught up.
_FIGURES_SECONDS = 120.0
# The setting of what becomes of an order beyond the stock, and the one of its values that holds it.
OVERSOLD, HELD = "oversold", "held"


def plan_shop_order(  # noqa: PLR0913 - all that is known of one order
    order: ShopOrder,
    made: RetailOrder | None,
    *,
    base: Json | None,
    rules: Rules,
    facts: Facts,
    course: Course,
    admit: Admit,
    choices: Mapping[str, Any],
) -> Decision | Inquiry:
    """Decide what is to be done about an order now.

    Args:
        order: the order in the shop.
        made: the order as Flourish has it, None when it was never made.
        base: what both sides last agreed on, None when it was never made or was joined by hand.
        rules: the connection's rules.
        facts: answers to questions that an earlier `Inquiry` asked.
        course: how the shop's order follows Flourish's.
        admit: whether an order may go to Flourish, by its platform's rules.
        choices: what people said of the order.
    """
    if made is None:
        left_alone = intake.left_alone(order, rules, choices.get(INTAKE, ""))
        return left_alone or _Intake(order, rules, facts, choices).plan(admit)
    others = SameLabel(order.number, order.label)
    if others not in facts:
        return Inquiry((others,))
    agreed = base or {"platform": shared_values(order), "joined": True}
    decision = follow.by_flourish(order, made, rules, course)
    decision = replace(decision, drift=_drift(made, agreed), base=agreed if base is None else None)
    decision = follow.with_findings(decision, _discounts(order, made, agreed, rules))
    decision = replace(decision, findings=(*decision.findings, *_same_label(order, facts[others])))
    decision = telling.plan(decision, order, made, base=agreed, rules=rules)
    return _with_release(decision, order, made, rules, facts)


def _with_release(
    decision: Decision, order: ShopOrder, made: RetailOrder, rules: Rules, facts: Facts
) -> Decision | Inquiry:
    """Once Flourish's figure has taken an order's goods off, the shop is to keep none back besides: they
    would be taken off twice (AQ-11)."""
    is_packed = made.is_known and made.status not in BEFORE_PACKING
    keeps = rules.platform_holds and rules.writes and not order.is_released and not order.is_over
    if decision.action is not None or not (is_packed and keeps):
        return decision
    asked = GoodsTakenOff(order.number)
    if asked not in facts:
        return Inquiry((asked,))
    if not facts[asked]:
        return replace(decision, again_in=_FIGURES_SECONDS)
    where = rules.platform_label
    return Decision(
        "release_goods",
        f"End {where}'s own hold of the goods: Flourish has taken them off what it has to sell.",
        f"Trellis tells {where}.",
        "waiting",
        action=ReleaseGoods(order.number),
        findings=decision.findings,
    )


class _Intake:
    """Whether an order that Flourish does not have is made there, and as what."""

    def __init__(self, order: ShopOrder, rules: Rules, facts: Facts, choices: Mapping[str, Any]) -> None:
        self._order, self._rules, self._facts, self._choices = order, rules, facts, choices

    def plan(self, admit: Admit) -> Decision | Inquiry:
        """Ask what must be known, then decide."""
        order, rules = self._order, self._rules
        if not rules.takes_orders:
            return _not_taken()
        wrong = in_shop_order(order, rules)
        if wrong:
            return stuck(wrong)
        questions: list[Question] = [StoreFacts()]
        questions += [ItemBySku(sku_key(line.sku)) for line in order.lines]
        asked = self._unanswered(questions)
        if asked:
            return Inquiry(asked)
        admitted = admit(order, self._facts[StoreFacts()], rules)
        items, wrong = match_items(order, rules, self._facts)
        if isinstance(admitted, Finding):
            return stuck((admitted, *wrong))
        wrong = wrong or list(without_strain(order, items))
        if wrong:
            return stuck(wrong)
        return self._for_customer(admitted, items)

    def _unanswered(self, questions: Sequence[Question]) -> tuple[Question, ...]:
        return tuple(dict.fromkeys(one for one in questions if one not in self._facts))

    def _for_customer(self, admitted: Admission, items: Mapping[str, Item]) -> Decision | Inquiry:
        """Find out whose it is (AQ-7); somebody new is made first."""
        said = self._said()
        if isinstance(said, Inquiry | Decision):
            return said
        found = {
            question: answer
            for question, answer in self._facts.items()
            if isinstance(question, CustomerLookup)
        }
        whose = identity.identify(admitted.shopper, admitted.identity, found, said=said)
        match whose:
            case identity.Ask():
                return Inquiry((whose.lookup,))
            case identity.Review():
                return stuck((whose.finding,))
            case identity.Make():
                return _make_customer(whose)
            case identity.Use():
                return self._within_stock(admitted, items, whose)

    def _said(self) -> identity.Said | Inquiry | Decision | None:
        """What a person said of whose it is."""
        choice = str(self._choices.get(CUSTOMER, ""))
        if not choice:
            return None
        if choice == NEW_CUSTOMER:
            return identity.Said(is_new=True)
        asked = CustomerNumbered(choice)
        if asked not in self._facts:
            return Inquiry((asked,))
        customer = self._facts[asked]
        return stuck((identity.unknown(choice),)) if customer is None else identity.Said(customer)

    def _within_stock(
        self, admitted: Admission, items: Mapping[str, Item], whose: identity.Use
    ) -> Decision | Inquiry:
        """Where orders beyond the stock are held, one that is waits for the goods (AQ-11)."""
        if self._rules.chosen.get(OVERSOLD) == HELD:
            asked = BeyondStock(self._order.number)
            if asked not in self._facts:
                return Inquiry((asked,))
            if self._facts[asked]:
                return _beyond_stock(self._facts[asked])
        return self._bring_in(admitted, items, whose)

    def _bring_in(self, admitted: Admission, items: Mapping[str, Item], whose: identity.Use) -> Decision:
        order, rules = admitted.order, self._rules
        carried = carry_offers(order.offered, order.offers, admitted.rewards)
        draft = retail_draft(
            order,
            rules,
            customer_id=whose.customer_id,
            is_recreational=not admitted.shopper.is_patient,
            carried=carried,
            items=items,
        )
        unusual = " ".join(f"{one.rstrip('.')}." for one in (*admitted.warnings, *carried.warnings))
        sentence = f"Bring it in: {order.status} is a status that brings orders in. {whose.why} {unusual}"
        return Decision(
            "bring_in",
            sentence.strip(),
            "Trellis creates the order in Flourish.",
            "waiting",
            action=CreateRetailOrder(draft, base=_after_creation(order, carried, items)),
        )


def _not_taken() -> Decision:
    return Decision(
        "orders_off",
        "This connection sends no orders to Flourish: that is switched off in its rules.",
        "Switch it on in the connection's rules, and the order goes to Flourish.",
        "waiting",
    )


def _make_customer(whose: identity.Make) -> Decision:
    return Decision(
        "make_customer",
        f"Make its customer in Flourish first: {whose.why[0].lower()}{whose.why[1:]}",
        "Trellis makes the customer, then the order.",
        "waiting",
        action=CreateCustomer(whose.draft, identity.sole_keys(whose.draft.person)),
    )


def _beyond_stock(skus: Sequence[str]) -> Decision:
    step = "Find more of it, and the order goes on by itself; or cancel it in the shop."
    titles = {sku: f"Orders that came first have what there is of {sku}" for sku in skus}
    held = stuck([Finding("oversold", title, step, cause=sku) for sku, title in titles.items()])
    return replace(held, again_in=follow.ASK_AGAIN_SECONDS)


def _same_label(order: ShopOrder, others: Sequence[str]) -> tuple[Finding, ...]:
    """Say that another order is known by the same number (AQ-12). Both are sent: the shop's own id tells them
    apart. It is the shop's to mend, for all of its orders at once."""
    if not others or order.is_over:
        return ()
    count = len(others)
    return (
        Finding(
            "duplicate_order_number",
            f"The order number {order.label} is that of {count} other {'order' if count == 1 else 'orders'}",
            "Switch Randomized Order Number on in the shop's Order Settings. All of them are sent: the first"
            " note in Flourish tells them apart.",
            cause=order.label,
            evidence={"orders": [order.number, *others]},
            is_of_connection=True,
        ),
    )


def _after_creation(order: ShopOrder, carried: CarriedOffers, items: Mapping[str, Item]) -> dict[str, Any]:
    """The base of an order once it is made: also under which id Flourish shows each of its lines, as some
    answers leave SKUs out."""
    return {
        "platform": shared_values(order),
        "lines": [
            [items[line.sku].id, sku_key(line.sku), plain(line.eaches), plain(line.case_price)]
            for line in order.lines
        ],
        "offers": list(carried.warnings),
    }


def _drift(made: RetailOrder, agreed: Json) -> tuple[tuple[str, str, str], ...]:
    """What staff changed of the lines in Flourish, which stays (LL-18)."""
    if "lines" not in agreed:
        return ()
    names = {item_id: sku for item_id, sku, _eaches, _price in agreed["lines"]}
    names |= {line.item_id: line.sku or line.name for line in made.lines if line.item_id not in names}
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for item_id, _sku, eaches, price in agreed["lines"]:
        before.setdefault(item_id, []).append(f"{eaches} at {price}")
    for line in made.lines:
        after.setdefault(line.item_id, []).append(f"{plain(line.eaches)} at {plain(line.unit_price)}")
    return tuple(
        (names[one], " and ".join(sorted(before.get(one, []))), " and ".join(sorted(after.get(one, []))))
        for one in names
        if sorted(before.get(one, [])) != sorted(after.get(one, []))
    )


def _discounts(order: ShopOrder, made: RetailOrder, agreed: Json, rules: Rules) -> tuple[Finding, ...]:
    """What both sides take off, until nobody can correct it any more (AQ-9)."""
    if made.is_over or order.is_over or agreed.get("joined") or _drift(made, agreed):
        return ()
    found = difference(compare(order.discount, made.discount, order.offered), rules.platform_label)
    return () if found is None else (found,)
