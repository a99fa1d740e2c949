"""Findings: what is wrong with an order, each in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.sync.decisions import Decision, Finding, Rules
from portal.sync.domain import Destination, Item, Line, SourceOrder
from portal.sync.mapping.draft import missing_for_destination
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.money import add_up, rounding_allowed
from portal.sync.questions import Facts, ItemBySku, LotNumbered


def stuck(findings: Sequence[Finding]) -> Decision:
    """The order is held until a person has seen to each finding."""
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Decision(
        code=first.code,
        sentence=f"{first.title}{more}. The order is held.",
        next_step=first.next_step,
        state="stuck",
        findings=tuple(findings),
    )


def in_order(order: SourceOrder, rules: Rules) -> list[Finding]:
    """What is wrong with the order by itself, before anything is asked of Flourish."""
    where = rules.platform_label
    findings = in_wrapping(order, rules)
    if not order.customer.license:
        findings.append(
            Finding(
                "no_license",
                f"Customer {order.customer.name} has no license number",
                f"Enter it on the customer in {where}: orders are matched by license, never by name.",
                cause=order.customer.ref,
                evidence={"shown": order.customer.license_shown},
            )
        )
    findings += [*in_lines(order, rules), *in_money(order, rules)]
    return findings


def in_content(order: SourceOrder, rules: Rules) -> list[Finding]:
    """What is wrong with what the order consists of: also an edit of it is held until that is right."""
    return [*in_wrapping(order, rules), *in_lines(order, rules), *in_money(order, rules)]


def in_wrapping(order: SourceOrder, rules: Rules) -> list[Finding]:
    """What is wrong with the lines as a whole."""
    findings = [
        Finding("not_supported", f"The order carries {what}", todo, cause=what, who="tenant")
        for what, todo in order.unsupported
    ]
    samples = ", ".join(line.sku for line in order.lines if line.is_sample)
    if samples and rules.holds_samples:
        step = "Enter this order in Flourish by hand, or let samples in by the connection's settings."
        findings.append(Finding("samples_held", f"The order has samples: {samples}", step))
    if not order.lines:
        step = f"Add lines in {rules.platform_label}, or cancel it."
        findings.append(Finding("no_lines", "The order has no lines", step))
    return findings


def in_shop_order(order: SourceOrder, rules: Rules) -> list[Finding]:
    """What is wrong with an order of a shop by itself: nothing of it is sold by the case, and both totals are
    compared once Flourish has it (AQ-9)."""
    found = [*in_wrapping(order, rules), *in_lines(order, rules)]
    return [finding for finding in found if finding.code != "quantity_does_not_divide"]


def in_lines(order: SourceOrder, rules: Rules) -> list[Finding]:
    """What is wrong with lines: no SKU, no quantity, cases that are not full (LL-20)."""
    findings = []
    for line in order.lines:
        if not sku_key(line.sku):
            findings.append(
                Finding(
                    "no_sku",
                    f"The line {line.name or line.ref} has no SKU",
                    f"Give the product in {rules.platform_label} the SKU of its item in Flourish.",
                    cause=line.ref,
                )
            )
        if line.eaches <= 0:
            findings.append(
                Finding(
                    "no_quantity",
                    f"The line {line.sku} has a quantity of {line.eaches}",
                    f"Correct the quantity in {rules.platform_label}.",
                    cause=sku_key(line.sku),
                )
            )
        elif line.eaches % line.multiplier and not line.is_sample:
            # A sample may be a single unit of what is sold by the case.
            findings.append(
                Finding(
                    "quantity_does_not_divide",
                    f"The quantity of {line.sku} does not fill cases of {line.multiplier}",
                    f"Correct the quantity or the units per case in {rules.platform_label}.",
                    cause=sku_key(line.sku),
                )
            )
    return findings


def in_money(order: SourceOrder, rules: Rules) -> list[Finding]:
    """LL-13: the parts must come to the total, and rounding may only be rounding."""
    money = add_up(order, rules.price_places)
    if not money.holds:
        return [
            Finding(
                "sum_does_not_hold",
                f"The lines do not add up to the order's total: {money.expected} against {money.total}",
                f"Check prices, discount, shipping and tax of the order in {rules.platform_label}.",
                evidence=money.shown(),
            )
        ]
    if abs(money.rounding) > rounding_allowed(order.lines):
        return [
            Finding(
                "rounding_too_large",
                f"Unit prices in Flourish would differ by {money.rounding} from the order's lines",
                "Choose four decimals for prices in the connection's rules.",
                evidence=money.shown(),
            )
        ]
    return []


def match_items(order: SourceOrder, rules: Rules, facts: Facts) -> tuple[dict[str, Item], list[Finding]]:
    """LL-1: exactly one live item with the SKU; anything else stops the order."""
    items: dict[str, Item] = {}
    findings: dict[str, Finding] = {}
    for line in order.lines:
        sku = sku_key(line.sku)
        found: tuple[Item, ...] = facts[ItemBySku(sku)]
        exact = [item for item in found if sku_key(item.sku) == sku]
        live = [item for item in exact if item.active]
        if len(live) == 1:
            items[line.sku] = live[0]
        else:
            findings[sku] = _item_finding(sku, live, exact, found, rules)
    return items, list(findings.values())


def _item_finding(
    sku: str, live: list[Item], exact: list[Item], found: tuple[Item, ...], rules: Rules
) -> Finding:
    where = rules.platform_label
    if len(live) > 1:
        names = ", ".join(item.name for item in live)
        return Finding(
            "sku_twice",
            f"{len(live)} items in Flourish have the SKU {sku}",
            "Leave the SKU on one of them in Flourish.",
            cause=sku,
            text=f"They are {names}.",
        )
    if exact:
        return Finding(
            "item_inactive",
            f"The item {sku} is not active in Flourish",
            f"Activate it in Flourish, or take the line off the order in {where}.",
            cause=sku,
        )
    near = [item.sku for item in found]
    return Finding(
        "sku_unknown",
        f"SKU {sku} is unknown in Flourish",
        f"Give the item this SKU in Flourish, or correct the SKU in {where}.",
        cause=sku,
        text=f"Near: {', '.join(near)}." if near else "",
        evidence={"near": near},
    )


def lot_questions(lines: Sequence[Line], rules: Rules, facts: Facts) -> list[LotNumbered]:
    """What must be known of the lines' lots in a facility, once it is known which items they are of."""
    found = []
    for line in lines:
        known: tuple[Item, ...] = facts.get(ItemBySku(sku_key(line.sku)), ())
        item = next((one for one in known if one.active and sku_key(one.sku) == sku_key(line.sku)), None)
        if line.lot and item is not None:
            found.append(LotNumbered(item.id, line.lot, rules.facility.id))
    return found


def in_lots(lines: Sequence[Line], items: Mapping[str, Item], rules: Rules, facts: Facts) -> list[Finding]:
    """LL-7: a line's batch must be a lot that Flourish has of the item, by exactly its number."""
    where = rules.platform_label
    named = [line for line in lines if line.lot and line.sku in items]
    place = rules.facility.id
    missing = [line for line in named if not facts[LotNumbered(items[line.sku].id, line.lot, place)]]
    return [
        Finding(
            "lot_missing",
            f"Flourish has no lot {line.lot} of {sku_key(line.sku)} in {rules.facility.name}",
            f"Choose a batch in {where} whose number is a lot in Flourish, or correct the number there.",
            cause=f"{sku_key(line.sku)} {line.lot}",
            evidence={"lot": line.lot, "sku": sku_key(line.sku)},
        )
        for line in missing
    ]


def term_missing(term: str) -> Finding:
    """LL-19: asked for once, whatever number of orders have the term."""
    return Finding(
        "term_missing",
        f"Flourish has no payment term {term}",
        f"Add the term {term} in Flourish, or name your own in the connection's settings; the orders are"
        " there, and only their term is missing.",
        cause=term,
        is_of_connection=True,
    )


def in_destinations(order: SourceOrder, destinations: tuple[Destination, ...], rules: Rules) -> list[Finding]:
    """LL-2: one destination by license; none is made once, from complete data only."""
    license_number = order.customer.license
    if len(destinations) > 1:
        names = ", ".join(f"{destination.name} ({destination.id})" for destination in destinations)
        return [
            Finding(
                "license_twice",
                f"{len(destinations)} destinations in Flourish have the license {license_number}",
                "Leave the license on one of them in Flourish.",
                cause=license_number,
                text=f"They are {names}.",
            )
        ]
    if destinations and not destinations[0].active:
        step = "Activate it in Flourish."
        title = f"The destination {destinations[0].name} is not active in Flourish"
        return [Finding("destination_inactive", title, step, cause=license_number)]
    missing = () if destinations else missing_for_destination(order)
    if missing:
        return [
            Finding(
                "destination_incomplete",
                f"{order.customer.name} is new to Flourish and lacks its {', '.join(missing)}",
                f"Complete the customer in {rules.platform_label}, or make the destination in Flourish.",
                cause=license_number,
                evidence={"missing": list(missing)},
            )
        ]
    return []
