"""A shop to which anything may happen: the rules by which Hypothesis makes up stories (see test_machine)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from portal.identity import tenants
from portal.models import Connection, Stream, new_id
from portal.sync import connecting
from portal.sync.contract import Page
from portal.sync.domain import Hint
from portal.sync.engine import marks
from portal.sync.engine import poll as polls
from portal.sync.engine.crash import LOOK, SETTLING, WRITE
from portal.sync.engine.deliveries import Deliveries, Source
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import is_open, may_work
from portal.sync.engine.poll import FLOURISH_ORDERS, poll
from portal.sync.engine.reconcile import reconcile
from portal.sync.engine.sweep import sweep
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.flourish import FLOURISH
from portal.sync.platforms.leaflink import LEAFLINK
from tests.sync.engine.crashing import CrashNow, CrashPoints
from tests.sync.engine.shop import Shop, open_shop
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

some = st.integers(0, 11)
kinds = st.sampled_from(range(len(KINDS_OF_ORDER)))
telling = st.sampled_from(("and a worker looks", "a webhook", "nobody"))
turns = st.integers(1, 3)
points_of_a_look = st.sampled_from((*LOOK, *WRITE, *SETTLING))
batches = st.sampled_from((1, 3))


class Doors:
    """What all stories share: the desk, the crash points, the webhooks' door, and the shop that is open."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.points = CrashPoints(monkeypatch)
        self.deliveries = Deliveries(desk.settings.database_url)
        self.numbers = count(1)
        self.shop: Shop
        monkeypatch.setattr(polls, "open_platform", lambda *_: self.shop.leaflink)
        monkeypatch.setattr(polls, "open_hub", lambda *_: self.shop.flourish)

    def open(self) -> Shop:
        """Open a shop of its own company, with its two lists to poll."""
        name = f"story-{next(self.numbers)}"
        tenant = tenants.create(self.desk.sessions, slug=name, name=name, timezone="America/Los_Angeles")
        self.shop = open_shop(self.desk, tenant.id, name)
        self.shop.leaflink.offers = True
        return self.shop

    def stream(self, *, of_hub: bool) -> Stream:
        """Add a list to poll to the shop that is open."""
        shop = self.shop
        row = Stream(
            id=new_id(),
            tenant_id=shop.tenant_id,
            source_id=shop.hub_id if of_hub else shop.connection_id,
            hub_id=shop.hub_id,
            connection_id=None if of_hub else shop.connection_id,
            name=FLOURISH_ORDERS if of_hub else "orders",
            interval_seconds=30,
        )
        with self.desk.tenant(shop.tenant_id) as session:
            session.add(row)
        return row


@contextmanager
def open_doors(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    """Share one set of doors among all stories of a test."""
    doors = Doors(desk, monkeypatch)
    yield doors
    doors.deliveries.close()


class Trellis(RuleBasedStateMachine):
    """One story."""

    def __init__(self, doors: Doors) -> None:
        super().__init__()
        self.doors, self.shop, self.points = doors, doors.open(), doors.points
        self.streams = {of_hub: doors.stream(of_hub=of_hub).id for of_hub in (False, True)}
        self.account = self.shop.account
        self.watch = Watch(self.shop)
        for world in self._worlds():
            world.witness = self.watch.at_write
        self.late_seconds = 0.0

    def _worlds(self) -> tuple[Any, Any]:
        return self.shop.leaflink, self.shop.flourish

    # --- What people do. ---

    @initialize(kinds=st.lists(kinds, min_size=2, max_size=3))
    def buyers_place_orders(self, kinds):
        for kind in kinds:
            self.a_buyer_places_an_order(kind, told="a webhook")

    @precondition(lambda self: len(self.shop.leaflink.orders) < MOST_ORDERS)
    @rule(kind=kinds, told=telling)
    def a_buyer_places_an_order(self, kind, told):
        number = f"n{len(self.shop.leaflink.orders)}"
        placed = order(number=number, label=number.upper(), **KINDS_OF_ORDER[kind])
        self.shop.leaflink.put(placed, status=placed.status)
        self._tell(told)

    @rule(which=some, notes=st.sampled_from(("", "Call first")), told=telling)
    def a_buyer_edits(self, which, notes, told):
        edited = _one(self.shop.leaflink.orders, which)
        if edited.status in LEADS_TO:
            self.shop.leaflink.put(edited, notes=notes)
            self._tell(told)

    @rule(which=some, to=some, told=telling)
    def somebody_moves_it_in_leaflink(self, which, to, told):
        moved = _one(self.shop.leaflink.orders, which)
        if offered := BY_PEOPLE.get(moved.status):
            self.shop.leaflink.put(moved, status=offered[to % len(offered)])
            self._tell(told)

    @precondition(lambda self: self.shop.flourish.orders)
    @rule(which=some, to=some, told=telling)
    def staff_move_it_in_flourish(self, which, to, told):
        moved = _one(self.shop.flourish.orders, which)
        if offered := BY_STAFF.get(moved.status):
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
            act(session, self.shop.connection_id, actor="Adam Admin")

    @rule(which=some)
    def a_person_presses_retry(self, which):
        links = self.watch.links()
        for link in links[which % len(links) :][:1] if links else ():
            self._retry(link.id)

    def _retry(self, link_id):
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            assert marks.look_again(session, link_id, actor="Adam Admin")

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
        news = self._news()
        is_hub, told = news[-1 - back % len(news)]
        payload = _flourish_payload(told) if is_hub else _leaflink_payload(told)
        hint = (FLOURISH if is_hub else LEAFLINK).read_webhook(payload)
        shop = self.shop
        owner = shop.hub_id if is_hub else shop.connection_id
        source = Source(owner, shop.tenant_id, shop.hub_id, "flourish" if is_hub else "leaflink", is_hub)
        for _ in range(times):
            self.doors.deliveries.keep(source, json.dumps(payload).encode(), {}, hint)

    def _news(self):
        told = [(of_hub, one) for of_hub, world in enumerate(self._worlds()) for one in world.news]
        return sorted(told, key=lambda one: one[1].updated_at)

    @rule(of_hub=st.booleans())
    def a_list_is_polled(self, of_hub):
        self._poll(of_hub)

    @rule(of_hub=st.booleans(), point=st.sampled_from(("page_marked", "before_watermark")), turn=turns)
    def a_poll_dies(self, of_hub, point, turn):
        self.points.crash_at(point, turn=turn)
        with suppress(CrashNow):
            self._poll(of_hub)
        self.points.clear()

    def _poll(self, of_hub):
        world, shop = self._worlds()[of_hub], self.shop
        ids = {one.id if of_hub else one.number: one.updated_at for one in world.orders.values()}
        hints = [Hint("order", ref, "order", at) for ref, at in ids.items()]
        world.pages = [Page(tuple(hints[first : first + 2])) for first in range(0, len(hints), 2)]
        with shop.desk.tenant(shop.tenant_id) as session:
            session.execute(text("UPDATE stream SET due_at = now(), lease_until = NULL"))
        poll(shop.desk, shop.tenant_id, self.streams[of_hub])

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

    @precondition(lambda self: not any(world.always for world in self._worlds()))
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

    @rule(call=st.sampled_from(WRITES), fault=st.sampled_from(ON_WRITES), times=st.sampled_from((1, 2)))
    def writes_will_fail(self, call, fault, times):
        world, _, name = call.partition(".")
        error, effect = fault
        getattr(self.shop, world).fail(name, error, effect=effect, times=times)

    @precondition(lambda self: self.watch.made())
    @rule(of_hub=st.booleans())
    def a_key_is_revoked(self, of_hub):
        self._worlds()[of_hub].always["order" if not of_hub else "outbound_order"] = NO_KEY
        self._worlds()[of_hub].always["company"] = NO_KEY

    @precondition(lambda self: any(world.always for world in self._worlds()))
    @rule()
    def keys_are_replaced(self):
        for world, table in zip(self._worlds(), ("connection", "hub"), strict=True):
            world.always.clear()
            connection = self.shop.connection()
            owner = connection if table == "connection" else connection.hub
            if owner.state == "needs_credentials":
                self.shop.set(table, state="live")

    @rule(seconds=st.sampled_from((2, 20, LEASE_SECONDS, 200, 1000)))
    def time_passes(self, seconds):
        self._pass(seconds)

    def _pass(self, seconds):
        """Turn the clock; what takes effect late does so before the settle time is over."""
        if any(world.is_late() for world in self._worlds()):
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
        for world in self._worlds():
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
        for world in self._worlds():
            world.faults.clear()
        for _ in range(2):
            for of_hub in (False, True):
                self._poll(of_hub)
            self.shop.pass_time(1000)
            self.shop.look_until_quiet(most=20)
            for link in self.watch.links():
                self._retry(link.id)
            self.shop.look_until_quiet(most=20)


def _one(orders, which):
    return list(orders.values())[which % len(orders)]


def _leaflink_payload(told):
    return {
        "type": "order",
        "action": told.status,
        "data": {"number": told.number, "short_id": told.label, "modified": told.updated_at.isoformat()},
    }


def _flourish_payload(told):
    notes = [{"note": note, "internal_only": True} for note in told.notes or ()]
    stamp = told.updated_at.isoformat()
    return {
        "resource_type": "order",
        "data": {"id": told.id, "last_updated_timestamp": stamp, "notes": notes},
    }
