"""Offers: what a platform takes off an order, as discounts of a Flourish order at list prices (AQ-9).

Half off there is half off here. The discounted price is never sent beside a discount: that would take it off
twice. What cannot be said as one percentage (several offers on one line, "buy one, get one", the same SKU on
two lines) is said in dollars, so that both totals agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.sync.decisions import Finding
from portal.sync.mapping.money import shop_cents
from portal.sync.retail import AppliedDiscount, Offer, OfferedLine

_NOTHING, _WHOLE, _CENT = Decimal(0), Decimal(100), Decimal("0.01")


@dataclass(frozen=True)
class CarriedOffers:
    """An order's offers as Flourish takes them.

    Args:
        discounts: what is sent.
        notes: what a discount cannot say, for the order's notes.
        warnings: what had to be guessed, for the order's page.
    """

    discounts: tuple[AppliedDiscount, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Agreement:
    """What both sides take off one order, in dollars. `allowed` is a cent for each line: percentages are
    rounded line by line here and there."""

    platform: Decimal
    flourish: Decimal
    allowed: Decimal

    @property
    def difference(self) -> Decimal:
        """What Flourish takes off more (or, below zero, less) than the platform."""
        return self.flourish - self.platform

    @property
    def holds(self) -> bool:
        """Whether both are the same but for rounding."""
        return abs(self.difference) <= self.allowed


class _Carrying:
    """Collects discounts, notes and warnings while an order is gone through."""

    def __init__(self, rewards: Mapping[str, str]) -> None:
        self._rewards = rewards
        self.discounts: list[AppliedDiscount] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def add(
        self, offers: Sequence[Offer], listed: Decimal, sku: str = "", *, in_dollars: bool = False
    ) -> None:
        """Carry what takes something off one thing.

        Args:
            offers: all of them.
            listed: what the thing comes to without them, in dollars.
            sku: of which SKU; "" for the whole order.
            in_dollars: whether a percentage would not say the same.
        """
        kept = [offer for offer in offers if self._rewards.get(offer.reward)]
        others = [offer for offer in offers if not self._rewards.get(offer.reward)]
        for offer in kept:
            amount = min(shop_cents(offer.amount), listed)
            self.discounts.append(AppliedDiscount(amount, sku=sku, discount_id=self._rewards[offer.reward]))
        self.warnings += [
            f"The loyalty reward {offer.name} is no discount of Flourish that is chosen in the settings: it"
            " is taken off in dollars"
            for offer in others
            if offer.reward
        ]
        if len(others) == 1 and others[0].is_percentage and not in_dollars and not kept:
            self._add_percentage(others[0], sku)
        elif others:
            self._add_dollars(others, listed, sku)

    def _add_percentage(self, offer: Offer, sku: str) -> None:
        percent = offer.value * _WHOLE
        if offer.value > 1:
            percent = offer.value
            self.warnings.append(f"The offer {offer.name} says {offer.value:f}: it is taken for a percentage")
        # Without an exponent, as it is shown and sent.
        percent = Decimal(f"{min(percent, _WHOLE).normalize():f}")
        self.discounts.append(
            AppliedDiscount(percent, is_percentage=True, sku=sku, promo_code=offer.promo_code)
        )

    def _add_dollars(self, offers: Sequence[Offer], listed: Decimal, sku: str) -> None:
        amount = min(shop_cents(sum((offer.amount for offer in offers), _NOTHING)), listed)
        if amount <= 0:
            return
        code = offers[0].promo_code if len(offers) == 1 else ""
        self.discounts.append(AppliedDiscount(amount, sku=sku, promo_code=code))
        if len(offers) > 1:
            names = ", ".join(dict.fromkeys(offer.name for offer in offers))
            self.notes.append(f"{sku or 'The whole order'}: ${amount} off for {names}")


def carry_offers(
    lines: Sequence[OfferedLine], of_order: Sequence[Offer], rewards: Mapping[str, str]
) -> CarriedOffers:
    """Say an order's offers as Flourish takes them.

    Args:
        lines: the order's lines, each with its own offers.
        of_order: the offers of the order as a whole.
        rewards: a loyalty reward's id on the platform -> the id of Flourish's discount for it.
    """
    carrying = _Carrying(rewards)
    for sku, same in _by_sku(lines).items():
        listed = sum((gross(line) for line in same), _NOTHING)
        offers = [offer for line in same for offer in _offers_of(line)]
        alike = _alike(same)
        if alike is not None:
            carrying.add((alike,), listed, sku)
        else:
            carrying.add(offers, listed, sku, in_dollars=True)
    left = sum((gross(line) for line in lines), _NOTHING) - _off_lines(lines)
    carrying.add(of_order, max(left, _NOTHING))
    return CarriedOffers(tuple(carrying.discounts), tuple(carrying.notes), tuple(carrying.warnings))


def gross(line: OfferedLine) -> Decimal:
    """What a line comes to by its list price, in cents."""
    return shop_cents(line.eaches * line.list_price)


def _by_sku(lines: Iterable[OfferedLine]) -> dict[str, list[OfferedLine]]:
    found: dict[str, list[OfferedLine]] = {}
    for line in lines:
        found.setdefault(line.sku, []).append(line)
    return found


def _alike(lines: Sequence[OfferedLine]) -> Offer | None:
    """The one offer that every line of a SKU has alike, if there is one: it is said of the SKU."""
    offers = [_offers_of(line) for line in lines]
    if any(len(each) != 1 for each in offers):
        return None
    first = offers[0][0]
    if len(lines) == 1:
        return first
    is_same = all(
        each[0].is_percentage and (each[0].name, each[0].value) == (first.name, first.value)
        for each in offers
    )
    return first if is_same else None


def _offers_of(line: OfferedLine) -> tuple[Offer, ...]:
    """A line's offers; where it names none and still costs less than its list price, the difference."""
    off = (
        shop_cents((line.list_price - line.price_paid) * line.eaches)
        if line.price_paid is not None
        else _NOTHING
    )
    if line.offers or off <= 0:
        return line.offers
    return (Offer("Reduced price", off),)


def _off_lines(lines: Iterable[OfferedLine]) -> Decimal:
    offers = ((line, sum((each.amount for each in _offers_of(line)), _NOTHING)) for line in lines)
    return sum((min(shop_cents(off), gross(line)) for line, off in offers), _NOTHING)


def expected_off(lines: Sequence[OfferedLine], discounts: Sequence[AppliedDiscount]) -> Decimal:
    """What Flourish takes off, in dollars: of each SKU first, then of what is left of the whole order. So it
    is assumed; what it answered is compared with `compare` afterwards."""
    rests = {sku: sum((gross(line) for line in same), _NOTHING) for sku, same in _by_sku(lines).items()}
    listed = sum(rests.values(), _NOTHING)
    for each in discounts:
        if each.sku:
            rests[each.sku] -= _off(each, rests[each.sku])
    rest = sum(rests.values(), _NOTHING)
    for each in discounts:
        if not each.sku:
            rest -= _off(each, rest)
    return listed - rest


def _off(discount: AppliedDiscount, rest: Decimal) -> Decimal:
    amount = rest * discount.amount / _WHOLE if discount.is_percentage else discount.amount
    return min(shop_cents(amount), rest)


def compare(platform: Decimal, flourish: Decimal, lines: Sequence[OfferedLine]) -> Agreement:
    """Compare what both sides take off one order, in dollars."""
    return Agreement(shop_cents(platform), shop_cents(flourish), _CENT * len(lines))


def difference(agreement: Agreement, where: str) -> Finding | None:
    """What a person should look at when both sides take off different sums; the order is sent all the same.

    Args:
        agreement: both sums.
        where: the platform's name.
    """
    if agreement.holds:
        return None
    return Finding(
        "discount_differs",
        f"{where} takes ${agreement.platform} off this order and Flourish ${agreement.flourish}",
        "Correct the discounts of the order in Flourish, before its customer pays.",
        cause=str(agreement.difference),
        evidence={"platform": str(agreement.platform), "flourish": str(agreement.flourish)},
    )
