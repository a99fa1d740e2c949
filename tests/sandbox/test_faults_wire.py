"""Faults on the wire, each met by a real caller over HTTP."""

import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.cursors import cursor
from tests.sandbox.doors import ORDO_BASE
from tests.sandbox.receiver import receiving, until
from tests.sandbox.seeded import Seeded
from tests.sandbox.street import HEADERS, ORDERS, Street, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with served(tmp_path_factory.mktemp("street")) as street:
        yield street


@pytest.fixture
def street(running: Street, seeded: Seeded) -> Street:
    seeded.put_back(running.simulation)
    running.control("POST", "settings", {"leaflink_rate_limit": 0})
    return running


def faults_met(street: Street) -> tuple[int | None, str | None]:
    """Return the status and faults of the ledger's last request."""
    row = street.ledger()[-1]
    return row["status"], row["fault"]


def test_429_without_a_header_says_not_when_to_come_back(street):
    street.fault("429-no-header", times=1)
    answer = street.create()
    assert answer.status_code == 429
    assert not {name.lower() for name in answer.headers} & {"retry-after", "ratelimit-reset"}
    assert faults_met(street) == (429, "429-no-header")
    assert street.orders() == []


@pytest.mark.parametrize("times", [0, 2])
def test_the_ledger_names_the_fault_that_met_a_request(street, times):
    street.fault("latency", argument=0)
    if times:
        street.fault("500", times=times)
    street.flourish("GET", "/facilities")
    assert faults_met(street) == ((500, "500, latency") if times else (200, "latency"))


@pytest.mark.parametrize(
    ("argument", "answered"), [(None, None), (2, None), ("2 504", 504)], ids=["default", "cut", "504"]
)
def test_a_late_commit_leaves_the_caller_alone_and_does_the_write_later(street, argument, answered):
    street.fault("late-commit", times=1, argument=argument)
    if answered is None:
        with pytest.raises(requests.ConnectionError):
            street.create()
    else:
        assert street.create().status_code == answered
    assert street.orders() == []
    assert street.control("GET", "faults").json()["late_writes"] == 1
    number = street.ledger()[-1]["id"]
    assert street.flourish("GET", ORDERS).json()["meta"]["total"] == 0
    if argument is not None:
        until(lambda: street.orders() == ["9bf6e2fa"])
        row = next(row for row in street.ledger() if row["id"] == number)
        assert (row["method"], row["status"], row["fault"]) == ("POST", 200, "late-commit")


def test_a_late_write_that_is_refused_is_refused_late(street):
    street.fault("late-commit", times=1, argument="0.2 504")
    assert street.flourish("POST", ORDERS, json={}).status_code == 504
    until(lambda: street.ledger()[-1]["status"] == 400)
    assert street.orders() == []
    assert street.simulation.late.waiting() == 0


def test_reads_are_never_late(street):
    street.fault("late-commit", times=1)
    assert street.flourish("GET", ORDERS).status_code == 200


def test_a_late_write_tells_its_webhook_when_it_is_done(street):
    number = street.place()
    with receiving() as receiver:
        street.control("POST", "leaflink/webhooks", {"company": "greenleaf", "url": receiver.url})
        street.fault("late-commit", "leaflink", argument="1 504")
        street.leaflink("POST", f"/orders-received/{number}/transition/accept/")
        assert receiver.came == []
        assert receiver.wait(1)[0].message["data"]["status"] == "Accepted"


def test_a_late_write_outlives_the_sandbox(tmp_path: Path):
    with served(tmp_path) as street:
        street.fault("late-commit", times=1, argument="1 504")
        street.create()
    with served(tmp_path) as street:
        until(lambda: street.orders() == ["9bf6e2fa"])
        assert faults_met(street) == (200, "late-commit")
    with served(tmp_path) as street:
        assert street.orders() == ["9bf6e2fa"]


def test_a_reset_forgets_late_writes(street):
    street.fault("late-commit", times=1, argument="1 504")
    street.create()
    street.control("POST", "reset", {})
    assert street.simulation.late.waiting() == 0
    time.sleep(1.2)
    assert street.orders() == []


@pytest.mark.parametrize("argument", [None, 0, 1, 30, 0.25, 0.999])
def test_a_truncated_answer_is_cut_before_its_promised_end(street, argument):
    whole = street.flourish("GET", "/facilities").content
    street.fault("truncate", argument=argument)
    promised, came = street.cut("/facilities")
    wanted = argument if isinstance(argument, int) else int(len(whole) * (argument or 0.5))
    assert promised == len(whole)
    assert came == whole[:wanted]


def test_a_body_that_is_shorter_than_the_cut_comes_whole(street):
    street.fault("truncate", argument=10**6)
    assert street.flourish("GET", "/facilities").json()["status"] == 200


def test_a_write_whose_answer_is_truncated_is_done_and_a_refusal_stays_whole(street):
    street.fault("truncate", argument=10)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        street.create()
    assert street.orders() == ["9bf6e2fa"]
    assert street.flourish("POST", ORDERS, json={}).status_code == 400


@pytest.mark.parametrize(("argument", "orders"), [(None, []), ("committed", ["9bf6e2fa"])])
def test_a_maintenance_page_calls_itself_a_success(street, argument, orders):
    street.fault("html-200", times=1, argument=argument)
    answer = street.create()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "maintenance" in answer.text
    assert street.orders() == orders


def test_a_dripping_answer_comes_byte_by_byte_and_whole(street):
    whole = street.flourish("GET", "/brands?limit=1").content
    street.fault("slow-drip", argument=0.002)
    start = time.monotonic()
    answer = street.flourish("GET", "/brands?limit=1", stream=True)
    assert answer.raw.read(1) == whole[:1]
    assert answer.raw.read() == whole[1:]
    assert time.monotonic() - start >= 0.002 * len(whole)


def test_a_caller_that_leaves_ends_the_drip(street):
    street.fault("slow-drip", argument=0.2)
    street.flourish("GET", "/facilities", stream=True).close()
    street.control("DELETE", "faults")
    assert street.flourish("GET", "/facilities").status_code == 200


@pytest.mark.parametrize(
    ("platform", "path", "words"),
    [
        ("leaflink", "/orders-received/", {"detail": "Invalid token."}),
        ("flourish", "/facilities", {"message": "Unauthorized", "status": 401}),
    ],
    ids=["leaflink", "flourish"],
)
def test_a_revoked_key_is_refused_in_the_platform_s_own_words(street, platform, path, words):
    number = street.fault("revoked-key", platform)
    answer = street.ask("GET", platform, path)
    assert (answer.status_code, answer.json()) == (401, words)
    street.control("DELETE", f"faults/{number}")
    street.fault("revoked-key", platform, argument=403)
    assert street.ask("GET", platform, path).status_code == 403


def test_a_flapping_key_is_refused_now_and_then_and_alike_from_the_same_seed(street):
    def statuses() -> list[int]:
        street.control("POST", "reset", {"seed": 5})
        street.fault("revoked-key", rate=0.3)
        return [street.flourish("GET", "/facilities").status_code for _ in range(30)]

    first = statuses()
    assert first == statuses()
    assert 3 <= first.count(401) <= 18


def test_a_redirect_leads_to_another_host_that_knows_who_came_with_what_key(street):
    street.fault("redirect", times=2)
    answer = street.create()
    assert answer.status_code == 302
    assert answer.headers["Location"] == street.url.replace("127.0.0.1", "localhost") + "/sink/"
    assert street.ledger(platform="sink") == []
    assert street.orders() == []
    street.flourish("GET", "/facilities", allow_redirects=True)
    assert [(row["path"], row["key"]) for row in street.ledger(platform="sink")] == [
        ("/sink/", "fl-greenleaf-key")
    ]


def test_a_redirect_leads_where_it_is_told(street):
    street.fault("redirect", argument="http://169.254.169.254/latest/meta-data/")
    location = street.flourish("GET", "/facilities").headers["Location"]
    assert location == "http://169.254.169.254/latest/meta-data/"


@pytest.mark.parametrize("megabytes", [None, 3])
def test_a_huge_body_is_sent_without_being_held(street, megabytes):
    street.fault("huge-body", argument=megabytes)
    tracemalloc.start()
    try:
        answer = street.flourish("GET", "/facilities", stream=True)
        length = sum(len(part) for part in answer.iter_content(2**16))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length == int(answer.headers["Content-Length"])
    assert (megabytes or 50) * 2**20 < length < (megabytes or 50) * 2**20 + 10_000
    assert peak < 10 * 2**20


def test_a_huge_body_is_still_the_answer(street):
    street.fault("huge-body", argument=1)
    assert street.flourish("GET", "/facilities").json()["status"] == 200


@pytest.mark.parametrize(("argument", "megabytes"), [("gzip", 50), ("gzip 3", 3)])
def test_a_bomb_is_small_until_it_is_unpacked(street, argument, megabytes):
    street.fault("huge-body", argument=argument)
    answer = street.flourish("GET", "/facilities", stream=True)
    assert answer.headers["Content-Encoding"] == "gzip"
    packed = b"".join(answer.raw.stream(2**16, decode_content=False))
    assert len(packed) < megabytes * 2**20 / 100
    assert len(zlib.decompress(packed, wbits=31)) > megabytes * 2**20


def test_leaflink_s_next_page_is_the_same_page(street):
    street.fault("loop-next", "leaflink")
    first = street.leaflink("GET", "/products/?limit=10").json()
    assert first["next"] == f"{street.url}/leaflink/api/v2/products/?limit=10"
    assert street.leaflink("GET", first["next"]).json() == first
    assert "next" not in street.leaflink("GET", f"/products/{first['results'][0]['id']}/").json()


def test_ordo_s_next_page_is_the_same_page(street):
    street.fault("loop-next", "ordo")
    first = street.ordo("GET", "/items?limit=10").json()
    again = street.ordo("GET", f"/items?limit=10&cursor={first['next_cursor']}").json()
    assert again == first
    second = street.ordo("GET", f"/items?limit=10&cursor={cursor(10)}").json()
    assert (second["next_cursor"], second["data"] == first["data"]) == (cursor(10), False)
    assert street.ordo("GET", "/brands").json()["next_cursor"] == cursor(0)


@pytest.mark.parametrize(("fault", "done"), [("commit-then-drop", True), ("500", False), ("html-200", False)])
def test_a_change_of_an_ordo_order_that_went_wrong_is_made_good_by_its_key(street, fault, done):
    key = street.control("POST", "ordo/orders", {"lines": 1, "status": "Confirmed"}).json()["id"]
    street.fault(fault, "ordo", times=1)
    body = {"status": "Awaiting Delivery", "external_order_id": "00000009"}

    def patch() -> requests.Response:
        headers = HEADERS["ordo"] | {"Idempotency-Key": "k"}
        url = f"{street.url}{ORDO_BASE}/orders/{key}"
        return requests.patch(url, json=body, headers=headers, timeout=20)

    if fault == "commit-then-drop":
        with pytest.raises(requests.ConnectionError):
            patch()
    else:
        patch()
    status = "Awaiting Delivery" if done else "Confirmed"
    assert street.ordo("GET", f"/orders/{key}").json()["status"] == status
    assert patch().json() == street.ordo("GET", f"/orders/{key}").json()
    assert len(street.simulation.office("ordo", "greenleaf").need("order", key)["happened"]) == 3


@pytest.mark.parametrize(("argument", "code"), [(401, "unauthorized"), (403, "forbidden")])
def test_a_revoked_ordo_key_is_refused_in_ordo_s_words(street, argument, code):
    street.fault("revoked-key", "ordo", argument=argument)
    answer = street.ordo("GET", "/brands")
    assert (answer.status_code, answer.json()["error"]["code"]) == (argument, code)


def test_flourish_serves_its_first_page_for_ever(street):
    street.fault("loop-next")
    path, pages = "/items?limit=10", []
    for _ in range(40):
        pages.append(street.flourish("GET", path).json())
        path = pages[-1]["meta"]["next"]
    assert all(page["data"] == pages[0]["data"] for page in pages)
    assert [page["meta"]["offset"] for page in pages] == [place * 10 for place in range(40)]
    assert all(page["meta"]["total"] >= page["meta"]["offset"] + 10 for page in pages)


def test_two_faults_on_one_answer_both_strike(street):
    street.fault("huge-body", argument=1)
    street.fault("truncate", argument=2**18)
    promised, came = street.cut("/facilities")
    assert promised > 2**20
    assert len(came) == 2**18
