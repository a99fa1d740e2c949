"""A shop to which anything may happen: the rules by which Hypothesis makes up stories (see test_machine)."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from portal.models import Connection
from portal.sync import connecting
from portal.sync.audit import Actor
from portal.sync.engine import marks
from portal.sync.engine.crash import LOOK, SETTLING, WRITE
from portal.sync.engine.gate import is_open, may_work
from portal.sync.engine.reconcile import reconcile
from portal.sync.engine.sweep import sweep
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.mapping.money import line_total
from tests.sync.engine.crashing import CrashNow
from tests.sync.engine.doors import Street
from tests.sync.engine.verdicts import OPEN, Watch
from tests.sync.engine.worlds import LEADS_TO
from tests.sync.mapping.examples import customer, line, order

LEASE_SECONDS = 46
SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)
MOST_ORDERS = 4
KINDS_OF_ORDER: tuple[dict[str, Any], ...] = (
    {},
    {"ship_at": SHIP_AT, "term": "Net 30"},
    {"customer": customer(license="C10-NEW-9")},
    {"customer": customer(license="C10-NEW-9"), "ship_at": SHIP_AT, "reps": ("77",)},
    {"lines": (line("FL-1"), line("GONE"))},
    {"status": "Draft"},
)
# What people do in LeafLink: what it offers, and taking an acceptance back.
BY_PEOPLE = LEADS_TO | {"Accepted": (*LEADS_TO["Accepted"], "Submitted")}
BY_STAFF = {
    "Created": ("Partially Allocated", "Allocated", "Cancelled"),
    "Partially Allocated": ("Allocated", "Created", "Cancelled"),
    "Allocated": ("Shipped", "Created", "Cancelled"),
    "Shipped": ("Completed",),
}
READS = ("leaflink.order", "flourish.outbound_order", "flourish.outbound_orders", "flourish.answer")
WRITES = (
    "leaflink.move",
    "flourish.create_order",
    "flourish.create_destination",
    "flourish.finish_order",
    "flourish.update_order",
    "flourish.cancel_order",
)
BUSY = Retryable("It is busy")
WAIT = Retryable("It asked to wait", after=2, throttled=True)
LOST = Unsettled("It answered 502", http_status=502)
REFUSED = Rejected("is not in stock", field="order_lines[0]", http_status=422)
NO_KEY = ConnectionBroken("Invalid token", http_status=401)
ON_READS = (BUSY, WAIT, NO_KEY, Unreadable("status", "is missing"))
ON_WRITES = (
    (LOST, True),
    (LOST, False),
    (LOST, "late"),
    (BUSY, False),
    (WAIT, False),
    (REFUSED, False),
    (NO_KEY, False),
)

# What a create whose answer is lost has done.
LOST_CREATES: dict[str, bool | str] = {"lost, made": True, "lost, not made": False, "lost, made late": "late"}

some = st.integers(0, 11)
quantities = st.sampled_from((10, 20, 40))
kinds = st.sampled_from(range(len(KINDS_OF_ORDER)))
create_answers = st.sampled_from(("comes", *LOST_CREATES))
telling = st.sampled_from(("and a worker looks", "a webhook", "nobody"))
turns = st.integers(1, 3)
points_of_a_look = st.sampled_from((*LOOK, *WRITE, *SETTLING))
batches = st.sampled_from((1, 3))


class Trellis(RuleBasedStateMachine):
    """One story."""

    # Of the platform: what kinds of orders there are, what its people do with them and until when they edit
    # them, and the calls that write onto it.
    kinds_of_order: Sequence[Mapping[str, Any]] = KINDS_OF_ORDER
    by_people: Mapping[str, Sequence[str]] = BY_PEOPLE
    edited_while: Collection[str] = LEADS_TO
    writes: Sequence[str] = WRITES
    # What staff do in Flourish, and until when they edit lines there.
    by_staff: Mapping[str, Sequence[str]] = BY_STAFF
    edited_there_while = "Created"

    def __init__(self, street: Street) -> None:
        super().__init__()
        self.doors = street.open()
        self.shop, self.points = self.doors.shop, self.doors.points
        self.account = self.shop.account
        self.watch = Watch(self.shop)
        self.worlds = {"connection": self.shop.leaflink, "hub": self.shop.flourish}
        for world in self.worlds.values():
            world.witness = self.watch.at_write
        self.late_seconds = 0.0

    # --- What people do. ---

    @initialize(kinds=st.lists(kinds, min_size=2, max_size=3), answer=create_answers)
    def buyers_place_orders(self, kinds, answer):
        for kind in kinds:
            self.a_buyer_places_an_order(kind, answer, told="a webhook")

    @precondition(lambda self: len(self.shop.leaflink.orders) < MOST_ORDERS)
    @rule(kind=kinds, answer=create_answers, told=telling)
    def a_buyer_places_an_order(self, kind, answer, told):
        if answer != "comes":
            self.shop.flourish.fail("create_order", LOST, effect=LOST_CREATES[answer])
        number = f"n{len(self.shop.leaflink.orders)}"
        placed = self.place(number, self.kinds_of_order[kind % len(self.kinds_of_order)])
        self.shop.leaflink.put(placed, status=placed.status)
        self._tell(told)

    def place(self, number, kind):
        return order(number=number, label=number.upper(), **kind)

    def line(self, sku, eaches):
        return line(sku, eaches=str(eaches))

    @rule(which=some, notes=st.sampled_from(("", "Call first")), told=telling)
    def a_buyer_edits_the_notes(self, which, notes, told):
        edited = _one(self.shop.leaflink.orders, which)
        if edited.status in self.edited_while:
            self.shop.leaflink.put(edited, notes=notes)
            self._tell(told)

    @rule(which=some, eaches=quantities, more=st.booleans(), told=telling)
    def a_buyer_edits_the_lines(self, which, eaches, more, told):
        edited = _one(self.shop.leaflink.orders, which)
        if edited.status in self.edited_while:
            first = replace(edited.lines[0], eaches=Decimal(eaches))
            kept = [one for one in edited.lines[1:] if one.sku != "FL-2"]
            lines = (first, *kept, *([self.line("FL-2", eaches)] if more else []))
            self.shop.leaflink.put(edited, lines=lines, total=sum(map(line_total, lines)))
            self._tell(told)

    @precondition(lambda self: self.shop.flourish.orders)
    @rule(which=some, eaches=quantities, told=telling)
    def staff_edit_a_line_in_flourish(self, which, eaches, told):
        edited = _one(self.shop.flourish.orders, which)
        if edited.status == self.edited_there_while and edited.lines:
            first = replace(edited.lines[0], eaches=Decimal(eaches))
            self.shop.flourish.change(edited.id, lines=(first, *edited.lines[1:]))
            self._tell(told)

    @rule(which=some, to=some, told=telling)
    def somebody_moves_it_in_leaflink(self, which, to, told):
        moved = _one(self.shop.leaflink.orders, which)
        if offered := self.by_people.get(moved.status):
            self.shop.leaflink.put(moved, status=offered[to % len(offered)])
            self._tell(told)

    @precondition(lambda self: self.shop.flourish.orders)
    @rule(which=some, to=some, told=telling)
    def staff_move_it_in_flourish(self, which, to, told):
        moved = _one(self.shop.flourish.orders, which)
        if offered := self.by_staff.get(moved.status):
            self.shop.flourish.change(moved.id, status=offered[to % len(offered)])
            self._tell(told)

    @precondition(lambda self: self.watch.made())
    @rule()
    def an_admin_pauses(self):
        self._switch(connecting.pause)

    @precondition(lambda self: self.shop.connection().state == "paused")
    @rule()
    def an_admin_resumes(self):
        self._switch(connecting.resume)

    def _switch(self, act):
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            act(
                session,
                self.shop.desk.settings.master_keys,
                self.shop.connection_id,
                actor=Actor("Adam Admin"),
            )

    @rule(which=some)
    def a_person_presses_retry(self, which):
        links = self.watch.links()
        for link in links[which % len(links) :][:1] if links else ():
            self._retry(link.id)

    def _retry(self, link_id):
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            assert marks.look_again(session, link_id, actor=Actor("Adam Admin"))

    # --- What brings us to look. ---

    @rule(back=some, times=st.sampled_from((1, 1, 2)))
    def a_webhook_arrives(self, back, times):
        """Of the latest changes, any: late ones, out of order, again; and some never."""
        self._deliver(back, times)

    def _tell(self, told):
        if told != "nobody":
            self._deliver(0, 1)
        if told == "and a worker looks":
            self._look(3)

    def _deliver(self, back, times):
        news = self.doors.news()
        self.doors.deliver(news[-1 - back % len(news)], times=times)

    @rule(of_hub=st.booleans())
    def a_list_is_polled(self, of_hub):
        self.doors.poll(of_hub=of_hub)

    @rule(of_hub=st.booleans(), point=st.sampled_from(("page_marked", "before_watermark")), turn=turns)
    def a_poll_dies(self, of_hub, point, turn):
        self.points.crash_at(point, turn=turn)
        with suppress(CrashNow):
            self.doors.poll(of_hub=of_hub)
        self.points.clear()

    @rule()
    def the_schedule_sweeps(self):
        sweep(self.shop.desk)

    # --- Workers. ---

    @rule(most=batches)
    def a_worker_looks(self, most):
        self._look(most)

    @rule(which=some, most=batches, point=points_of_a_look, turn=turns)
    def a_worker_dies(self, which, most, point, turn):
        self._mark(which)
        self.points.crash_at(point, turn=turn)
        with suppress(CrashNow):
            self._look(most)
        self.points.clear()

    @precondition(lambda self: not self._revoked())
    @rule(
        which=some,
        most=batches,
        point=points_of_a_look,
        turn=turns,
        seconds=st.sampled_from((LEASE_SECONDS, 150)),
    )
    def a_worker_sleeps_while_others_go_on(self, which, most, point, turn, seconds):
        """Its lease runs out meanwhile; then it wakes and knows nothing of it."""
        self._mark(which)

        def others_go_on():
            self._pass(seconds)
            self._look(3)

        self.points.plan(point, others_go_on, turn=turn)
        self._look(most)
        self.points.clear()

    @rule()
    def workers_look_until_nothing_is_due_for_now(self):
        for _ in range(4):
            self._look(3)

    def _mark(self, which):
        self.shop.mark(_one(self.shop.leaflink.orders, which).number)

    def _look(self, most):
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            connection = session.get_one(Connection, self.shop.connection_id)
            now = session.scalar(text("SELECT now()"))
            if not may_work(connection) or is_open(connection.open_until, now):
                return
        account = replace(self.account, known={})
        for claim in self.shop.claims(most):
            reconcile(self.shop.desk, claim, account)

    # --- What goes wrong, and time. ---

    @rule(call=st.sampled_from(READS), error=st.sampled_from(ON_READS), times=st.sampled_from((1, 2)))
    def reads_will_fail(self, call, error, times):
        world, _, name = call.partition(".")
        getattr(self.shop, world).fail(name, error, times=times)

    @rule(call=some, fault=st.sampled_from(ON_WRITES), times=st.sampled_from((1, 2)))
    def writes_will_fail(self, call, fault, times):
        world, _, name = self.writes[call % len(self.writes)].partition(".")
        error, effect = fault
        getattr(self.shop, world).fail(name, error, effect=effect, times=times)

    @precondition(lambda self: self.watch.made())
    @rule(owner=st.sampled_from(("connection", "hub")))
    def a_key_is_revoked(self, owner):
        for call in ("company", "order" if owner == "connection" else "outbound_order"):
            self.worlds[owner].always[call] = NO_KEY

    @precondition(lambda self: self._revoked())
    @rule()
    def keys_are_replaced(self):
        connection = self.shop.connection()
        for table, owner in (("connection", connection), ("hub", connection.hub)):
            self.worlds[table].always.clear()
            if owner.state == "needs_credentials":
                self.shop.set(table, state="live")

    def _revoked(self):
        return any(world.always for world in self.worlds.values())

    @rule(seconds=st.sampled_from((2, 20, LEASE_SECONDS, 200, 1000)))
    def time_passes(self, seconds):
        self._pass(seconds)

    def _pass(self, seconds):
        """Turn the clock; what takes effect late does so before the settle time is over."""
        if any(world.is_late() for world in self.worlds.values()):
            self.late_seconds = max(self.late_seconds, self._oldest_open()) + seconds
            if self.late_seconds >= self.shop.settle_seconds:
                self._land()
        self.shop.pass_time(seconds)

    def _oldest_open(self):
        ages = text(
            "SELECT COALESCE(MAX(EXTRACT(epoch FROM now() - sent_at)), 0)::float FROM operation"
            f" WHERE status IN {OPEN}"
        )
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            return session.execute(ages).scalar_one()

    @rule()
    def what_was_late_takes_effect(self):
        self._land()

    def _land(self):
        self.late_seconds = 0.0
        for world in self.worlds.values():
            world.land()

    # --- What must hold. ---

    @invariant()
    def nothing_is_doubled_and_nothing_goes_back(self):
        self.watch.after_step()

    def teardown(self):
        if sys.exc_info()[0] is None:
            self._calm_down()
            self.watch.at_rest()

    def _calm_down(self):
        """Everybody answers again, lists are polled, and a person presses Retry on everything."""
        self._land()
        self.keys_are_replaced()
        self._switch(connecting.resume)
        for world in self.worlds.values():
            world.faults.clear()
        for _ in range(2):
            for of_hub in (False, True):
                self.doors.poll(of_hub=of_hub)
            self.shop.pass_time(1000)
            self.shop.look_until_quiet(most=20)
            for link in self.watch.links():
                self._retry(link.id)
            self.shop.look_until_quiet(most=20)


def _one(orders, which):
    return list(orders.values())[which % len(orders)]
