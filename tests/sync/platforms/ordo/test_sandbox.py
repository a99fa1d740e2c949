"""Our client against the sandbox's Ordo, over real HTTP: what it reads is what the sandbox writes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from portal.sync.addresses import check_address
from portal.sync.domain import Stage
from portal.sync.drafts import DraftLine
from portal.sync.errors import ConnectionBroken, Rejected, Retryable
from portal.sync.http import Caller
from portal.sync.platforms.ordo import ORDO, authorise
from portal.sync.platforms.ordo.client import OrdoClient
from tests.cli import served
from tests.cli.served import ORDO_KEY


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as (address, _key):
        yield address


def client_of(url, key):
    address = check_address(f"{url}/ordo/v1/", hosts=(), allow_loopback=True)
    return Caller(address, authorise({"api_key": key}), label="Ordo", turnstile=lambda: None, user_agent="T")


@pytest.fixture
def ordo(url):
    with client_of(url, ORDO_KEY) as caller:
        yield ORDO.connect(caller, "", {})


@pytest.fixture
def control(url):
    def ask(path, **body):
        answer = requests.post(f"{url}/control/ordo/{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    return ask


def test_the_key_opens_its_organisation_and_may_read_all(ordo):
    company = ordo.company()

    assert (company.ref, company.name, company.missing_permissions) == ("org-61", "Greenleaf Farms", ())


def test_another_key_opens_nothing(url):
    with client_of(url, "or-nobody") as caller, pytest.raises(ConnectionBroken):
        ORDO.connect(caller, "", {}).company()


@pytest.mark.promise("OR-13")
def test_an_order_is_read_as_it_was_drafted_with_no_field_unknown(url, control):
    placed = control(
        "orders", lines=3, payment_term="Net Terms", net_days=30, notes="Ring", status="Confirmed"
    )
    unknown = []
    with client_of(url, ORDO_KEY) as caller:
        found = OrdoClient(caller, lambda *what: unknown.append(what)).order(placed["id"])

    assert found is not None
    assert unknown == []
    assert (found.number, found.label, found.stage) == (placed["id"], placed["number"], Stage.OPEN)
    assert (found.term, found.notes, len(found.lines)) == ("Net 30", "Ring", 3)
    assert found.total == Decimal(placed["total"])
    assert found.reps == (placed["sales_rep"]["email"],)
    assert found.customer.license == placed["license_number"]
    assert found.seller_license == placed["seller_license_number"]


@pytest.mark.promise("OR-5")
def test_changes_are_found_page_by_page_whatever_the_status(ordo, control):
    drafted = [control("orders", lines=1) for _ in range(55)]
    since = ordo.order(drafted[0]["id"]).updated_at

    pages = list(ordo.changed_orders(since))

    assert len(pages[0].hints) == 50
    found = {hint.ref: hint for page in pages for hint in page.hints}
    assert found.keys() >= {one["id"] for one in drafted}
    assert found[drafted[3]["id"]].label == drafted[3]["number"]
    last = max(hint.updated_at for hint in found.values())
    assert next(ordo.changed_orders(last + timedelta(seconds=1))).hints == ()


@pytest.mark.promise("OR-6")
@pytest.mark.promise("OR-7")
def test_an_order_is_moved_told_and_given_lines(ordo, control):
    number = control("orders", lines=2, status="Confirmed")["id"]
    sku = ordo.order(number).lines[0].sku

    ordo.move(number, "Awaiting Delivery", key="one")
    ordo.tell(number, {"external_order_id": "00000042"}, "", key="two")
    ordo.replace_lines(number, (DraftLine("", sku, Decimal(7), Decimal("1.2345")),), key="three")
    ordo.move(number, "Paid", key="four")

    found = ordo.order(number)
    assert (found.status, found.paid, found.external_ids) == ("Paid", True, {"external_order_id": "00000042"})
    assert [(one.sku, one.eaches, one.case_price) for one in found.lines] == [
        (sku, Decimal(7), Decimal("1.2345"))
    ]
    assert found.total == Decimal("8.64")


def test_a_write_that_comes_twice_under_its_key_is_done_once(ordo, control):
    number = control("orders", lines=1, status="Confirmed")["id"]
    ordo.move(number, "Awaiting Delivery", key="same")
    before = ordo.order(number).updated_at

    ordo.move(number, "Awaiting Delivery", key="same")

    assert ordo.order(number).updated_at == before
    with pytest.raises(Rejected, match="another request"):
        ordo.move(number, "Paid", key="same")


@pytest.mark.promise("OR-10")
def test_nothing_goes_backwards(ordo, control):
    number = control("orders", lines=1, status="Confirmed")["id"]
    ordo.move(number, "Paid", key="up")

    with pytest.raises(Retryable):
        ordo.move(number, "Delivered", key="down")
    with pytest.raises(Rejected):
        ordo.move(number, "Cancelled", key="out")
    assert ordo.order(number).status == "Paid"


def test_an_item_that_ordo_does_not_have_is_refused_in_words(ordo, control):
    number = control("orders", lines=1, status="Confirmed")["id"]

    with pytest.raises(Rejected, match="no item"):
        ordo.replace_lines(number, (DraftLine("x", "NOBODY", Decimal(1), Decimal(1)),), key="k")


def test_orders_that_may_still_come_in_are_listed(ordo, control):
    pending, confirmed = (control("orders", lines=1, status=status) for status in ("Pending", "Confirmed"))
    gone = control("orders", lines=1)
    control(f"orders/{gone['id']}/cancel")

    found = {entry.ref: entry for entry in ordo.entries("coming_orders")}

    assert {pending["id"], confirmed["id"]} <= found.keys()
    assert gone["id"] not in found
    assert found[pending["id"]].facts["license"] == pending["license_number"]
