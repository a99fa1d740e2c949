"""How both sides of an order stand, field by field, each with its owner (MO-6). Pure.

Nothing is decided here: each row is what the planner itself compares, and its decision says what follows.
What nobody named agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.sync.course import Course
from portal.sync.decisions import (
    CancelToMove,
    Decision,
    Finding,
    FinishOrder,
    Rules,
    UpdateOrder,
)
from portal.sync.domain import CANCELLED, OVER, Json, OutboundOrder, SourceOrder
from portal.sync.mapping import edits, follow, older, returning, telling, terms
from portal.sync.mapping.agreement import arrived
from portal.sync.mapping.draft import requested_date
from portal.sync.mapping.outcomes import (
    CONFLICT,
    CORRECTED,
    EXPECTED,
    FLOURISH,
    ORDER,
    Standing,
    Standings,
)
from portal.sync.mapping.weighing import Row

_STATUS, _CUSTOMER, _LINES, _TERM, _DATE = "Status", "Customer", "Lines", "Payment term", "Requested date"
_ID, _PAID, _FACILITY = "Id in Flourish", "Paid", "Facility"
# Every other name that a comparison gives is of a line.
_OF_ORDER = (_STATUS, _CUSTOMER, _TERM, _DATE, "Charges", "Discounts", "Note", "Internal note")


def of_order(
    order: SourceOrder,
    outbound: OutboundOrder,
    *,
    base: Json,
    rules: Rules,
    course: Course,
    decision: Decision,
) -> Standings:
    """Compare an order that both sides have.

    Args:
        order: the order on its platform.
        outbound: the order in Flourish.
        base: what both sides last agreed on.
        rules: the connection's rules.
        course: how the platform's order follows Flourish's.
        decision: what the planner decided of the same two.
    """
    return _Order(order, outbound, base, rules, course, decision).compare()


class _Order:
    """The comparison of one order."""

    def __init__(
        self,
        order: SourceOrder,
        outbound: OutboundOrder,
        base: Json,
        rules: Rules,
        course: Course,
        decision: Decision,
    ) -> None:
        self._order, self._outbound, self._rules = order, outbound, rules
        self._course, self._decision, self._base = course, decision, base
        self._rows: dict[tuple[str, str], Standing] = {}
        self._is_followed = order.stage not in OVER and outbound.status != CANCELLED
        self._compared = [_STATUS]
        # Codes of what a person is asked about the status.
        self._of_status: set[str] = set()

    def compare(self) -> Standings:
        """Say of each field how it stands."""
        self._status()
        self._asked()
        if self._is_followed and not self._base.get("joined"):
            self._content()
        if self._is_followed:
            self._told()
        named = {row.field for row in self._rows.values()}
        return Standings(tuple(self._rows.values()), tuple(one for one in self._compared if one not in named))

    def _status(self) -> None:
        standing = follow.by_status(self._order, self._outbound, self._rules, self._course)
        values = ("", self._order.status, self._outbound.status)
        self._of_status = {finding.code for finding in standing.findings}
        if standing.state == "stuck":
            self._add(_STATUS, (_STATUS, *values), CONFLICT, standing.findings[0])
        elif standing.action is not None:
            self._add(_STATUS, (_STATUS, *values), CORRECTED, standing)

    def _asked(self) -> None:
        """What a person is asked, by the fields that the question names."""
        for finding in self._decision.findings:
            if finding.code in self._of_status:
                continue
            rows: Sequence[Sequence[str]] = finding.evidence.get("difference", ())
            for what, agreed, here, there in rows:
                self._add(_field(what), (what, agreed, here, there), CONFLICT, finding)
            for what, before, now in finding.evidence.get("changes", ()):
                self._add(_field(what), (what, before, now, ""), CONFLICT, finding)
            if not rows and "changes" not in finding.evidence:
                name = _TERM if finding.code.startswith("term_") else ORDER
                self._add(name, (name, "", "", ""), CONFLICT, finding)

    def _content(self) -> None:
        """What is compared of an order after it was brought in, by the planner's own comparison."""
        order, outbound, rules = self._order, self._outbound, self._rules
        agreed = older.raised(arrived(self._base, order, outbound), order, outbound, rules)
        self._compared += [_CUSTOMER, _LINES, "Charges", "Discounts", "Note", _DATE, _TERM]
        compared = edits.compare(order, outbound, base=agreed, rules=rules)
        found = compared.found
        self._spread(found.edits, CORRECTED if self._writes_content else CONFLICT)
        self._spread(found.conflicts, CONFLICT)
        if self._course.takes_lines:
            lines = returning.plan(order, outbound, base=agreed, found=compared, rules=rules)
            named = {what for what, _was, _now in lines.changes} if lines else set()
            self._spread((row for row in found.drift if row[0] in named), CORRECTED)
        self._spread(found.drift, EXPECTED)
        if agreed["finished"]:
            self._term(terms.compare(order, outbound, base=agreed, rules=rules))
        elif isinstance(action := self._decision.action, FinishOrder):
            day = outbound.requested_date.isoformat() if outbound.requested_date else ""
            if action.requested_date is not None:
                self._add(_DATE, (_DATE, "", requested_date(order, rules), day), CORRECTED, self._decision)
            if action.term:
                self._add(_TERM, (_TERM, "", order.term, outbound.term), CORRECTED, self._decision)

    @property
    def _writes_content(self) -> bool:
        return isinstance(self._decision.action, UpdateOrder | FinishOrder | CancelToMove)

    def _spread(self, rows: Iterable[Row], outcome: str) -> None:
        for row in rows:
            self._add(_field(row[0]), row, outcome, self._decision)

    def _term(self, standing: terms.TermStanding) -> None:
        if standing.row is None:
            return
        if standing.is_drift:
            self._add(_TERM, standing.row, EXPECTED, self._decision)
        elif standing.to_platform or (standing.to_flourish and self._writes_content):
            self._add(_TERM, standing.row, CORRECTED, self._decision)
        else:
            self._add(_TERM, standing.row, CONFLICT, standing.finding or self._decision)

    def _told(self) -> None:
        """What the platform cannot know by itself, and where the order is to be."""
        order, outbound, rules = self._order, self._outbound, self._rules
        ids, is_paid = telling.lacking(order, outbound, self._base, rules)
        if rules.external_id_key:
            self._compared.append(_ID)
        if rules.write_paid:
            self._compared.append(_PAID)
        if ids:
            there = order.external_ids.get(rules.external_id_key) or ""
            self._add(_ID, (_ID, "", there, outbound.id), CORRECTED, self._decision)
        if is_paid and not order.paid:
            self._add(_PAID, (_PAID, "", "no", "yes"), CORRECTED, self._decision)
        if isinstance(action := self._decision.action, CancelToMove):
            row = (_FACILITY, "", action.to_facility_name, action.facility_name)
            self._add(_FACILITY, row, CORRECTED, self._decision)

    def _add(self, field: str, row: Row, outcome: str, reason: Decision | Finding) -> None:
        """Take a value in, unless a person is asked about it already."""
        what, agreed, here, there = row
        if (field, what) in self._rows:
            return
        why, next_step = _reason(outcome, reason)
        self._rows[field, what] = Standing(
            field, what, self._owner(field), outcome, agreed, here, there, why, next_step
        )

    def _owner(self, field: str) -> str:
        where = self._rules.platform_label
        if field in (_ID, _PAID):
            return FLOURISH
        if field == _STATUS:
            return FLOURISH if self._is_followed else where
        if field == _TERM:
            return f"{where} until it is allocated, Flourish at any time"
        if field in (_CUSTOMER, _FACILITY, ORDER):
            return where
        if self._course.takes_lines or self._outbound.is_touched:
            return FLOURISH
        return f"{where} until it is allocated"


def _field(what: str) -> str:
    """Under which field a value is counted: what is none of the order itself is of one of its lines."""
    return what if what in _OF_ORDER else _LINES


def _reason(outcome: str, reason: Decision | Finding) -> tuple[str, str]:
    """Why a value stands as it does, and what is next."""
    if outcome == EXPECTED:
        return "Changed in Flourish, which stays: its staff's own changes are never written over.", "Nothing."
    if isinstance(reason, Finding):
        return reason.title, reason.next_step
    if outcome == CORRECTED:
        return reason.sentence, "Trellis writes it at its next look."
    return reason.sentence, reason.next_step
