"""Routing: to whom an order is credited, and which facility it goes to (LL-3, LL-21, LL-22, OR-13)."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sync.decisions import Finding, Rules
from portal.sync.domain import FacilityFacts, Json, SalesRep, SourceOrder
from portal.sync.mapping.keys import license_key
from portal.sync.questions import Facts, Question, RepByEmail, RepEmail


@dataclass(frozen=True)
class Route:
    """Where an order goes, and the Flourish sales rep that it is credited to; empty for nobody."""

    facility: FacilityFacts
    rep_id: str = ""


def reps_of(order: SourceOrder) -> tuple[str, ...]:
    """The order's own sales reps, or else the customer's default ones (LL-22)."""
    return order.reps or order.customer.reps


def questions(order: SourceOrder, facts: Facts) -> list[Question]:
    """What has to be known about the order's reps; an e-mail comes before the rep that has it."""
    asked: list[Question] = []
    for rep in reps_of(order):
        asked.append(RepEmail(rep))
        if facts.get(RepEmail(rep)):
            asked.append(RepByEmail(facts[RepEmail(rep)]))
    return asked


def kept(order: SourceOrder, facility_id: str) -> Json:
    """What the base keeps of a route: another rep later is a change of it."""
    return {"reps": list(reps_of(order)), "facility": facility_id}


def home(order: SourceOrder, rules: Rules) -> FacilityFacts:
    """The facility of an order that does not go by its rep: the one whose license it is sold under, where
    exactly one has it, or else the one that was chosen for all."""
    places = [one for one in rules.facilities.values() if one.active and is_sold_under(order, one)]
    return places[0] if len(places) == 1 else rules.facility


def is_sold_under(order: SourceOrder, facility: FacilityFacts) -> bool:
    """Whether an order says that it is sold under the license of a facility."""
    own = license_key(order.seller_license)
    return bool(own) and own == license_key(facility.license)


def route(order: SourceOrder, rules: Rules, facts: Facts) -> tuple[Route | None, list[Finding]]:
    """Choose where an order goes, once every question about its reps is answered.

    Returns:
        The route, or None and what is wrong. None with nothing wrong: it has no rep, and needs one.
    """
    if not reps_of(order):
        return _without_rep(order, rules)
    found = [_match(ref, rules, facts) for ref in reps_of(order)]
    wrong = [rep for rep in found if isinstance(rep, Finding)]
    reps = [rep for rep in found if isinstance(rep, SalesRep)]
    if not wrong and len({rep.facility_id for rep in reps}) > 1:
        wrong = [_apart(reps, rules)]
    if wrong:
        return None, wrong
    credited = reps[0]
    if not rules.by_rep:
        return Route(home(order, rules), credited.id), []
    facility = rules.facilities.get(credited.facility_id)
    if facility is None or not facility.active:
        return None, [_unusable(credited, facility)]
    return Route(facility, credited.id), []


def _without_rep(order: SourceOrder, rules: Rules) -> tuple[Route | None, list[Finding]]:
    if rules.by_rep:
        return None, []
    facility = home(order, rules)
    if facility.sales_rep_required:
        title = f"{facility.name} requires a sales rep and the order has none"
        step = (
            f"Set a sales rep on the order in {rules.platform_label}, or a default one on its customer"
            " and look again."
        )
        return None, [Finding("no_rep", title, step)]
    return Route(facility), []


def _match(ref: str, rules: Rules, facts: Facts) -> SalesRep | Finding:
    """LL-3: the rep's id is sent; an e-mail that Flourish does not know would create one."""
    email: str = facts[RepEmail(ref)]
    if not email:
        step = f"Enter the rep's e-mail in {rules.platform_label}: reps are matched by it."
        return Finding("rep_without_email", "The order's sales rep has no e-mail", step, cause=ref)
    found: tuple[SalesRep, ...] = facts[RepByEmail(email)]
    active = [rep for rep in found if rep.active]
    if len(active) == 1 and active[0].facility_id:
        return active[0]
    return _mismatch(email, active, found)


def _mismatch(email: str, active: list[SalesRep], found: tuple[SalesRep, ...]) -> Finding:
    if len(active) > 1:
        title, step = (
            f"{len(active)} sales reps in Flourish have the e-mail {email}",
            "Leave it on one of them.",
        )
        return Finding("rep_twice", title, step, cause=email)
    if active:
        title, step = f"Sales rep {email} has no facility in Flourish", "Give the rep a facility in Flourish."
        return Finding("rep_without_facility", title, step, cause=email)
    if found:
        title, step = f"Sales rep {email} is not active in Flourish", "Activate the rep, or set another one."
        return Finding("rep_inactive", title, step, cause=email)
    title, step = f"Sales rep {email} is unknown in Flourish", "Add the rep in Flourish with this e-mail."
    return Finding("rep_unknown", title, step, cause=email)


def _apart(reps: list[SalesRep], rules: Rules) -> Finding:
    """Nobody may guess which of two facilities is meant."""
    places = {
        rules.facilities[rep.facility_id].name if rep.facility_id in rules.facilities else rep.facility_id
        for rep in reps
    }
    return Finding(
        "several_reps",
        f"The order has {len(reps)} sales reps of different facilities: {', '.join(sorted(places))}",
        f"Leave the reps of one facility on the order in {rules.platform_label}.",
        evidence={"reps": {rep.email: rep.facility_id for rep in reps}},
    )


def _unusable(rep: SalesRep, facility: FacilityFacts | None) -> Finding:
    if facility is None:
        title = f"The facility of sales rep {rep.email} is not one that Trellis knows"
        step = "Give the rep one of the facilities of the Flourish connection, or set another rep."
    else:
        title = f"{facility.name}, the facility of sales rep {rep.email}, is not active"
        step = "Activate the facility in Flourish, or give the rep another one."
    return Finding("rep_facility_unusable", title, step, cause=rep.email)


def removed(rules: Rules) -> Finding:
    """The order had a rep when it was routed, and has none now."""
    where = rules.platform_label
    return Finding(
        "rep_removed",
        f"The order has no sales rep in {where} any more",
        f"Set one on the order in {where}: orders of this connection go to their rep's facility.",
    )
