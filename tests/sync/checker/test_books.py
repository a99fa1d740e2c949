"""What the sandbox's own books prove, broken in each way: exactly that promise fails, and names the thing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from portal.models import Connection, Hub, Operation
from portal.sync.checker import Report
from portal.sync.checker.ledger import Books, open_books, read_books, read_request
from portal.sync.errors import Retryable, Unreadable
from tests.sync.checker import world as make
from tests.sync.checker.sides import LONG_AGO
from tests.sync.checker.world import API_KEY, World
from tests.sync.fakes import FakeCalls

FLOURISH_KEY = "fl-key-99c1f0a2b3"
THEIRS = "fl-other-key"
API = "/flourish/external/api/v1"
ORDERS = f"{API}/outbound-orders"
RECEIVED = "/leaflink/api/v2/orders-received"


@dataclass
class Sandbox:
    """The books of a sandbox, written by hand."""

    world: World
    rows: list[dict[str, Any]] = field(default_factory=list)
    homes: dict[tuple[str, str], str] = field(default_factory=dict)
    made: dict[str, dict[str, str]] = field(default_factory=dict)

    def asked(self, method: str, path: str, *, ago: timedelta = LONG_AGO, **more: Any) -> None:
        """Write a request down."""
        flourish = path.startswith("/flourish")
        row = {
            "id": len(self.rows) + 1,
            "time": (datetime.now(UTC) - ago).isoformat(),
            "platform": "flourish" if flourish else "leaflink",
            "key": FLOURISH_KEY if flourish else API_KEY,
            "method": method,
            "path": path,
            "status": 200,
            "body_hash": "",
            "body": None,
        }
        body = more.pop("body", None)
        self.rows.append(row | more | ({"body": json.dumps(body)} if body is not None else {}))

    def created(self, name: str, **more: Any) -> None:
        notes = [{"subject": "x", "note": self.world.marker(name), "internal_only": True}]
        self.asked("POST", ORDERS, body={"notes": notes}, **more)

    def books(self) -> Books:
        worlds = {
            ("flourish", FLOURISH_KEY): "ours",
            ("leaflink", API_KEY): "ours",
            ("flourish", THEIRS): "theirs",
        }
        return Books(tuple(read_request(row) for row in self.rows), worlds, self.homes, self.made)

    def check(self) -> Report:
        return self.world.check(books=self.books())


@pytest.fixture
def sandbox(world: World) -> Sandbox:
    """Books that agree with the world: what was recorded was sent, with its own keys."""
    long_since = datetime.now(UTC) - timedelta(days=30)
    with world.session() as session:
        session.execute(update(Hub).values(created_at=long_since))
        session.execute(update(Connection).values(created_at=long_since))
        session.execute(update(Operation).values(sent_at=datetime.now(UTC) - LONG_AGO - timedelta(seconds=1)))
    sandbox = Sandbox(world)
    for name in ("created", "shipped", "cancelled"):
        sandbox.created(name)
        sandbox.homes["flourish", f"F-{name}"] = "ours"
        sandbox.made[world.marker(name)] = {f"F-{name}": "Created"}
        sandbox.asked("GET", f"{ORDERS}/F-{name}")
        sandbox.asked("GET", f"{RECEIVED}/{name}/?fields_include=x")
    return sandbox


def operate(sandbox: Sandbox, kind: str, key: str, **more: Any) -> None:
    """A recorded write of the order `created`, sent a day ago: a minute before what `asked` says arrived, so
    that a slow machine does not turn the two round."""
    with sandbox.world.session() as session:
        link = make.link_of(session, sandbox.world, "created")
        then = datetime.now(UTC) - LONG_AGO - timedelta(minutes=1)
        values: dict[str, Any] = {"once": False, "status": "ok", "sent_at": then, "finished_at": then, **more}
        make.operation(session, sandbox.world, link, kind=kind, natural_key=key, **values)


def test_books_that_agree_are_looked_at_and_break_nothing(sandbox):
    operate(sandbox, "move", "move:created:Accepted", request={"transition": "accept"})
    sandbox.asked("POST", f"{RECEIVED}/created/transition/accept/", status=201)
    operate(sandbox, "finish_order", "finish:F-created")
    sandbox.asked("PUT", f"{ORDERS}/F-created", body={"payment_term": "Net 30"})
    operate(sandbox, "update_order", "update:F-created")
    sandbox.asked("PUT", f"{ORDERS}/F-created", body={"notes": []})
    operate(sandbox, "set_term", "term:created")
    sandbox.asked("PATCH", f"{RECEIVED}/created/", body={"payment_term": "net30"})
    operate(sandbox, "cancel_order", "cancel:F-created")
    sandbox.asked("PUT", f"{ORDERS}/F-created", body={"order_status": "Cancelled"})
    operate(sandbox, "tell_platform", "tell:created")
    sandbox.asked("PATCH", f"{RECEIVED}/created/", body={"external_ids": {"erp": "1"}})
    operate(sandbox, "create_destination", "destination:C110000214")
    sandbox.asked("POST", f"{API}/destinations", body={"license_number": "C110000214"})

    report = sandbox.check()

    assert report.failed() == [], report.shown()
    assert report.outcome == "held"
    without = sandbox.world.check()
    for code in ("I1", "I10", "I11"):
        assert report.verdicts[code].looked > without.verdicts[code].looked


PRODUCTS = "/leaflink/api/v2/products/"
INVENTORY = PRODUCTS.replace("products/", "inventory/items/")


@pytest.mark.parametrize(
    ("kind", "key", "method", "path", "body"),
    [
        ("set_stock", "stock:100142", "PATCH", f"{PRODUCTS}100142/", {"available_inventory": "7"}),
        ("drop_stock", "stock:100142", "PATCH", f"{PRODUCTS}100142/", {"available_inventory": "0"}),
        ("update_product", "update:100142", "PATCH", f"{PRODUCTS}100142/", {"name": "Runtz"}),
        ("set_lot_stock", "lot:90", "PATCH", f"{INVENTORY}90/", {"quantity": "7"}),
        ("drop_stock", "lot:90", "PATCH", f"{INVENTORY}90/", {"quantity": "0"}),
        ("make_lot_stock", "lot:501/6", "POST", INVENTORY, {"product": 501, "batch": 6, "quantity": "7"}),
        ("create_product", "product:c1:RZ-1", "POST", PRODUCTS, {"sku": "RZ-1", "name": "Runtz"}),
        ("create_strain", "strain:c1:Runtz", "POST", "/leaflink/api/v2/strains/", {"name": "Runtz"}),
        ("put_product", "put:00000829", "PUT", "/ordo/v1/items/00000829", {"sku": "RZ-1", "name": "Runtz"}),
        ("drop_stock", "put:00000829", "PUT", "/ordo/v1/items/00000829", {"sku": "RZ-1"}),
    ],
)
def test_a_write_to_the_catalogue_is_one_of_ours_when_it_was_recorded_and_not_else(
    sandbox, kind, key, method, path, body
):
    sandbox.asked(method, path, body=body)
    assert sandbox.check().failed() == ["I10"]

    operate(sandbox, kind, key)

    report = sandbox.check()
    assert report.failed() == [], report.shown()


def _many(sandbox: Sandbox, calls: int) -> None:
    for turn in range(calls):
        sandbox.asked("GET", f"{RECEIVED}/created/", ago=timedelta(hours=1, seconds=turn * 0.2))


def _asked_to_wait(sandbox: Sandbox, *, after: float) -> None:
    sandbox.asked("GET", RECEIVED, ago=timedelta(hours=1), status=429, retry_after="30")
    sandbox.asked("GET", RECEIVED, ago=timedelta(hours=1) - timedelta(seconds=after))


def _late_intent(sandbox: Sandbox) -> None:
    operate(sandbox, "finish_order", "finish:F-created", sent_at=datetime.now(UTC))
    sandbox.asked("PUT", f"{ORDERS}/F-created", body={})


def _foreign_order(sandbox: Sandbox) -> None:
    sandbox.homes["flourish", "F-theirs"] = "theirs"
    sandbox.asked("GET", f"{ORDERS}/F-theirs")


def _twin(sandbox: Sandbox) -> None:
    sandbox.made[sandbox.world.marker("created")]["F-twin"] = "Created"


BREAKS: list[tuple[str, str, str, Callable[[Sandbox], None]]] = [
    ("I10", "calls in the minute", "LeafLink", lambda s: _many(s, 290)),
    ("I10", "while it was asked to wait", "LeafLink", lambda s: _asked_to_wait(s, after=10)),
    ("I10", "no recorded write", "order L-created", lambda s: s.created("created")),
    ("I10", "no recorded write", "Flourish", lambda s: s.created("nobody")),
    ("I10", "no recorded write", "Flourish", lambda s: s.asked("PUT", f"{ORDERS}/F-created", body={})),
    ("I10", "no recorded write", "LeafLink", lambda s: s.asked("PATCH", f"{RECEIVED}/created/", body={})),
    ("I10", "no recorded write", "Flourish", lambda s: s.asked("DELETE", f"{ORDERS}/F-created")),
    ("I10", "no recorded write", "LeafLink", lambda s: s.asked("POST", f"{RECEIVED}/x/transition/accept/")),
    ("I10", "no recorded write", "Flourish", lambda s: s.asked("POST", f"{API}/items", body={})),
    ("I10", "no recorded write", "order L-created", _late_intent),
    ("I11", "the key of another company", "order L-created",
     lambda s: s.asked("GET", f"{ORDERS}/F-created", key=THEIRS)),
    ("I11", "an order of another company", "a key of this company", _foreign_order),
    ("I1", "own books have it 2 times", "order L-created", _twin),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "thing", "plant"), BREAKS, ids=[f"{index} {one[0]}" for index, one in enumerate(BREAKS)]
)
def test_a_break_in_the_books_fails_its_promise_and_names_the_thing(sandbox, code, words, thing, plant):
    plant(sandbox)

    report = sandbox.check()

    assert report.failed() == [code], report.shown()
    (example,) = report.verdicts[code].counter_examples
    assert words in example.wrong
    assert example.thing == thing
    assert example.where.startswith("/t/acme/")


def _before_it_was_ours(sandbox: Sandbox) -> None:
    sandbox.asked("POST", ORDERS, ago=timedelta(days=40), body={})


def _granted_more(sandbox: Sandbox) -> None:
    sandbox.world.change_connection(calls_per_second=50.0)
    _many(sandbox, 290)


def _cancelled_twin(sandbox: Sandbox) -> None:
    sandbox.made[sandbox.world.marker("created")]["F-twin"] = "Cancelled"


ALLOWED: list[tuple[str, Callable[[Sandbox], None]]] = [
    ("a minute within the budget", lambda s: _many(s, 230)),
    ("more calls where more was granted", _granted_more),
    ("a call that was on its way when it was asked to wait", lambda s: _asked_to_wait(s, after=1)),
    ("a call after the wait", lambda s: _asked_to_wait(s, after=31)),
    ("a key that is nobody's", lambda s: s.asked("GET", f"{ORDERS}/F-created", key="typo", status=401)),
    ("a write of the time before the connection", _before_it_was_ours),
    ("a write that was refused with its key", lambda s: s.asked("POST", ORDERS, body={}, status=401)),
    ("a twin that was cancelled", _cancelled_twin),
    ("somebody else's order and their own key", lambda s: s.asked("GET", f"{ORDERS}/F-z", key=THEIRS)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "plant"), ALLOWED, ids=[one[0] for one in ALLOWED])
def test_what_the_books_may_hold_breaks_nothing(sandbox, what, plant):
    plant(sandbox)

    assert sandbox.check().failed() == []


def test_an_order_that_was_made_twice_is_counted_even_when_one_was_cancelled(sandbox):
    _cancelled_twin(sandbox)

    report = sandbox.check()

    assert list(report.ever_doubled.values()) == ["order L-created"]
    assert report.verdicts["I1"].holds


def test_a_hundred_thousand_requests_are_checked_in_seconds(sandbox):
    row, start = sandbox.rows[1], datetime.now(UTC) - timedelta(days=20)
    rows = [
        {**row, "id": turn + 1, "time": (start + timedelta(seconds=turn * 10)).isoformat()}
        for turn in range(100_000)
    ]

    def page(query: dict[str, int]) -> list[dict[str, Any]]:
        return rows[query["since"] : query["since"] + query["limit"]]

    calls = FakeCalls(
        {"ledger": page, "accounts": [], "state": {"flourish": {"orders": [], "retail_orders": []}}}
    )
    began = time.monotonic()

    books = read_books(calls)
    report = sandbox.world.check(books=replace(sandbox.books(), requests=books.requests))

    assert report.verdicts["I10"].looked > 100_000
    assert report.holds
    assert time.monotonic() - began < 30


def test_books_that_cannot_be_read_are_no_broken_promise(world):
    report = world.check(books=Retryable("it is away"))

    assert (report.outcome, report.broken()) == ("partial", [])
    assert "could not be read" in report.unread[0]


def test_only_the_demo_has_books(desk):
    assert open_books(desk) is None


def test_books_that_lack_something_are_not_guessed_at():
    with pytest.raises(Unreadable):
        read_books(FakeCalls({"ledger": [], "accounts": [{"platform": "flourish"}], "state": {}}))
