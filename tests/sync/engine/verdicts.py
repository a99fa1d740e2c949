"""What must hold of a shop after every step, at every write, and once everything has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from portal.models import Connection, Delivery, Link, Operation, Problem
from portal.sync.domain import SourceOrder
from portal.sync.mapping.diff import shared_values
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.leaflink.status import LADDER, TERMINAL
from portal.sync.platforms.ordo import ORDO
from portal.sync.retail import HubOrder
from portal.sync.shopping import ShopOrder
from tests.sync.engine.shop import Shop

CREATES = ("create_destination", "create_order")
OPEN = ("intent", "unknown")
ENDINGS = ("Cancelled", "Rejected", "CANCELLED")
# By these an order is over in Flourish without having been sold.
NOT_SOLD = ("Cancelled", "Undeliverable")
# An order that ended otherwise on the other side, where no call can bring both together.
APART = {"cancelled_after_shipping", "cancel_in_flourish", "reopened_in_flourish", "ended_otherwise"}
# What only people can put right: everything else must be gone once both sides answer again.
FOR_PEOPLE = {
    "cancel_in_flourish",
    "ended_otherwise",
    "reopened_in_flourish",
    "route_for_pickup",
    "cancelled_after_delivery",
    "refunded_after_paid",
    "unshipped_after_delivery",
    "allocated_before_finished",
    "cancelled_after_shipping",
    "edited_after_allocation",
    "edited_on_both_sides",
    "move_not_offered",
    "sku_unknown",
}
# What LeafLink's status must be, at the least, for what Flourish has.
FOLLOWS = {
    "Partially Allocated": "Accepted",
    "Allocated": "Fulfilled",
    "Shipped": "Shipped",
    "Completed": "Complete",
}


@dataclass(frozen=True)
class Ways:
    """How orders go on at a platform: its ladder, its ends, and which status is the least for what Flourish
    has; empty for any. `takes_lines`: its lines are those of Flourish, whoever changed them."""

    ladder: Sequence[str]
    ends: Collection[str]
    follows: Callable[[SourceOrder, HubOrder], str]
    drafts: str
    takes_lines: bool = False

    def is_forwards(self, before: str, after: str) -> bool:
        """Whether a move goes up the ladder, or ends an order that had not ended."""
        if before in self.ends:
            return False
        here = self.ladder.index("Submitted" if before == "Backorder" else before)
        return after in ENDINGS or self.ladder.index(after) > here


def _ordo_follows(order: SourceOrder, outbound: HubOrder) -> str:
    if outbound.status not in ("Shipped", "Completed"):
        return "Awaiting Delivery"
    is_paid = order.term_shown == "Cash" or outbound.payment_status == "Paid"
    return "Paid" if is_paid else "Delivered"


# What AIQ's status must be, at the least, for what Flourish has; a delivery that is packed waits.
AIQ_FOLLOWS = {"Packed": "READY_FOR_PICKUP", "Out for Delivery": "OUT_FOR_DELIVERY", "Completed": "CLOSED"}


def _aiq_follows(order: SourceOrder, made: HubOrder) -> str:
    waits = isinstance(order, ShopOrder) and order.hand_over == "DELIVERY" and made.status == "Packed"
    return "" if waits else AIQ_FOLLOWS.get(made.status, "")


WAYS = {
    "aiq": Ways(AIQ.status_ladder, ("CANCELLED", "CLOSED"), _aiq_follows, "PENDING"),
    "leaflink": Ways(LADDER, TERMINAL, lambda _order, there: FOLLOWS.get(there.status, ""), "Draft"),
    "ordo": Ways(ORDO.status_ladder, ("Cancelled",), _ordo_follows, "Pending", takes_lines=True),
}


def ours(shop: Shop, orders: Iterable[HubOrder]) -> Counter[str]:
    """Count Flourish orders by the LeafLink order that their note names."""
    prefix = f"Trellis {shop.connection_id} "
    return Counter(
        order.notes[0].removeprefix(prefix)
        for order in orders
        if order.notes and order.notes[0].startswith(prefix)
    )


# Calls that more than one kind of operation makes.
KINDS = {
    "cancel_order": ("cancel_order", "cancel_to_move"),
    "tell": ("tell_platform",),
    "create_customer": ("make_customer",),
    "release": ("release_goods",),
}


@dataclass
class Watch:
    """Watches one shop from the first step to the last."""

    shop: Shop
    _fences: dict[UUID, int] = field(default_factory=dict)

    @property
    def ways(self) -> Ways:
        """How orders go on at the shop's platform."""
        return WAYS[self.shop.platform.key]

    def at_write(self, name: str, about: str) -> None:
        """A write is about to take effect: its intent stands committed, and it was allowed."""
        query = (
            select(Operation)
            .where(
                Operation.kind.in_(KINDS.get(name, (name,))),
                Operation.natural_key.endswith(about, autoescape=True),
            )
            .order_by(Operation.intent_at.desc())
            .limit(1)
        )
        with self.shop.desk.sessions.tenant(self.shop.tenant_id) as session:
            intent = session.scalar(query)
            connection = session.get_one(Connection, self.shop.connection_id)
            states = connection.state, connection.hub.state
        assert intent is not None, f"{name} {about} without an intent"
        assert intent.sent_at is not None, f"{name} {about} with an intent that is not marked as sent"
        if name in CREATES:
            # One open at a time on a link (uq_operation_open), so this is the one.
            assert intent.status in OPEN, f"{name} {about} while its operation is {intent.status}"
        assert states == ("live", "live"), f"{name} {about} while the connection is {states}"

    def after_step(self) -> None:
        """What holds at any moment, whatever has happened."""
        self._worlds()
        with self.shop.desk.sessions.tenant(self.shop.tenant_id) as session:
            links = session.scalars(select(Link)).all()
            operations = session.scalars(select(Operation)).all()
        for link in links:
            self._link(link, [one for one in operations if one.link_id == link.id])

    def _worlds(self) -> None:
        made = ours(self.shop, self.shop.flourish.orders.values())
        assert not made or max(made.values()) == 1, f"made more than once: {made}"
        licenses = Counter(one.license for one in self.shop.flourish.destinations)
        assert max(licenses.values()) == 1, f"made more than once: {licenses}"
        for number, before, after in self.shop.leaflink.moves:
            assert self.ways.is_forwards(before, after), f"{number} was moved from {before} back to {after}"

    def _link(self, link: Link, operations: list[Operation]) -> None:
        assert link.fence >= self._fences.get(link.id, 0)
        self._fences[link.id] = link.fence
        assert link.done_seq <= link.dirty_seq
        assert sum(one.status in OPEN for one in operations) <= 1
        written = [one.base for one in operations if one.base]
        written += [base["sent"]["agreed"] for base in written if "sent" in base]
        agreed = [_values(base) for base in written]
        # What people made the same on both sides is agreed on without a write.
        agreed += map(shared_values, self._seen(link))
        assert (link.flourish_id is None) == (link.base is None)
        assert link.base is None or _values(link.base) in agreed, "a base that nobody agreed on"

    def _seen(self, link: Link) -> Iterable[SourceOrder]:
        """Every state in which LeafLink ever had an order."""
        orders = (one for one in self.shop.leaflink.news if isinstance(one, SourceOrder))
        return (one for one in orders if one.number == link.foreign_id)

    def at_rest(self) -> None:
        """Nothing is open, nothing lost, both sides agree, and a new look at everything writes nothing."""
        self.after_step()
        self._nothing_is_open()
        live = ours(self.shop, self.shop.flourish.live())
        by_number = {link.foreign_id: link for link in self.links()}
        assert set(by_number) == set(self.shop.leaflink.orders), "an order without a link"
        for number, order in self.shop.leaflink.orders.items():
            self._accounted_for(order, by_number[number], live[number])
        writes = self.shop.writes()
        for number in by_number:
            self.shop.mark(number)
        self.shop.look_until_quiet(most=20)
        assert self.shop.writes() == writes, "a second look wrote something"

    def made(self) -> bool:
        """Whether an order is in Flourish already."""
        return bool(self.shop.flourish.orders)

    def links(self) -> list[Link]:
        """Read all links."""
        with self.shop.desk.sessions.tenant(self.shop.tenant_id) as session:
            return list(session.scalars(select(Link).order_by(Link.foreign_id)))

    def _nothing_is_open(self) -> None:
        with self.shop.desk.sessions.tenant(self.shop.tenant_id) as session:
            opened = session.scalars(select(Operation.kind).where(Operation.status.in_(OPEN))).all()
            waiting = session.scalars(select(Delivery.topic).where(Delivery.outcome.is_(None))).all()
            held = session.scalars(select(Link.foreign_id).where(Link.lease_until.is_not(None))).all()
            bugs = session.scalars(select(Problem.title).where(Problem.code == "bug")).all()
        assert (opened, waiting, held, bugs) == ([], [], [], [])

    def _accounted_for(self, order: SourceOrder, link: Link, live: int) -> None:
        with self.shop.desk.sessions.tenant(self.shop.tenant_id) as session:
            query = select(Problem.code).where(Problem.link_id == link.id, Problem.closed_at.is_(None))
            problems = set(session.scalars(query))
        told = f"{order.number}: {link.state}, {link.decision_code}, {problems}, {live} live"
        assert link.due_at is None, told
        assert link.done_seq == link.dirty_seq, told
        assert problems <= FOR_PEOPLE, told
        assert (link.state == "stuck") == bool(problems), told
        if link.flourish_id is None:
            assert live == 0, told
            assert link.state in ("skipped", "stuck") or order.status == self.ways.drafts, told
            return
        assert self.shop.flourish.orders[link.flourish_id].notes, told
        outbound = self.shop.flourish.orders[link.flourish_id]
        self._agree(order, outbound, problems)
        drift = {row[0] for row in link.snapshot.get("drift", ())}
        if outbound.status == "Created" and not problems and order.status not in ENDINGS:
            _same_content(order, outbound, drift)

    def _agree(self, order: SourceOrder, outbound: HubOrder, problems: set[str]) -> None:
        told = f"{order.number} is {order.status}, {outbound.id} is {outbound.status}"
        if order.status in ENDINGS:
            assert outbound.status in NOT_SOLD or problems & APART, told
        elif outbound.status in NOT_SOLD:
            ended = problems & {"move_not_offered", "cancelled_after_delivery", "ended_otherwise"}
            assert order.status == "Complete" or ended, told
        elif target := self.ways.follows(order, outbound):
            ladder = self.ways.ladder
            reached = ladder.index(order.status) >= ladder.index(target)
            assert reached or "move_not_offered" in problems, told
        if self.ways.takes_lines and not problems and outbound.status != "Cancelled":
            here, there = ({(one.sku, one.eaches) for one in side.lines} for side in (order, outbound))
            assert here == there, told


def _same_content(order: SourceOrder, outbound: HubOrder, drift: set[str]) -> None:
    """Edits have arrived: what differs was changed in Flourish, and is shown as such."""
    told = f"{order.number} and {outbound.id}"
    if "Note" not in drift:
        assert not order.notes or order.notes in (outbound.notes or ()), told
    there = {line.sku: line.eaches for line in outbound.lines}
    for line in order.lines:
        assert there.get(line.sku) == line.eaches or f"{line.sku} eaches" in drift, told


def _values(base: object) -> object:
    assert isinstance(base, dict)
    return base.get("platform")
