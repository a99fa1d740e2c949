"""`trellis hub` and `trellis connection`."""

from __future__ import annotations

import pytest

from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY


@pytest.fixture
def acme(run):
    run("tenant", "add", "acme", "--name", "Acme")


@pytest.fixture
def hub(acme, read, sandbox):
    url, key = sandbox
    return read(
        "hub",
        "add",
        "--tenant",
        "acme",
        "--base-url",
        f"{url}/flourish/external/api",
        "--credential",
        f"api_key={key}",
    )


@pytest.fixture
def add(hub, run, read, sandbox):
    facility = read("hub", "show", "--tenant", "acme", "Flourish")["facilities"][0]["id"]

    def connection(*more, code=0, key=LEAFLINK_KEY):
        return run(
            "connection", "add", "--tenant", "acme", "--platform", "leaflink", "--name", "LeafLink",
            "--base-url", f"{sandbox[0]}/leaflink/api/v2/", "--credential", f"api_key={key}",
            "--credential", f"webhook_key={WEBHOOK_KEY}", "--facility", facility, *more, code=code,
        )  # fmt: skip

    return connection


def test_a_hub_is_added_listed_shown_and_tested_and_its_key_never_printed(hub, read, run, sandbox):
    assert "/webhooks/flourish/" in hub["webhook_url"]
    assert hub["signing_key"]
    assert [row["name"] for row in read("hub", "list", "--tenant", "acme")] == ["Flourish"]
    shown = run("hub", "show", "--tenant", "acme", "Flourish")
    assert sandbox[1] not in shown
    assert hub["signing_key"] not in shown
    assert hub["webhook_url"].rpartition("/")[2] not in shown
    assert read("hub", "test", "--tenant", "acme", "Flourish") == {"ok": True, "findings": []}


def test_a_connection_is_added_switched_live_shown_and_tested(add, read, run):
    assert LEAFLINK_KEY not in add()
    assert read("connection", "list", "--tenant", "acme")[0]["state"] == "ready"
    assert read("connection", "live", "--tenant", "acme", "LeafLink")["state"] == "live"
    shown = run("connection", "show", "--tenant", "acme", "LeafLink")
    assert LEAFLINK_KEY not in shown
    assert WEBHOOK_KEY not in shown
    assert '"state": "live"' in shown
    assert read("connection", "test", "--tenant", "acme", "LeafLink")["ok"] is True


def test_a_connection_may_go_live_as_it_is_added(add, read):
    add("--live")

    assert read("connection", "show", "--tenant", "acme", "LeafLink")["state"] == "live"


def test_a_refused_key_is_one_line_without_the_key(add, read):
    output = add(code=1, key="a-wrong-key-of-ours")

    assert "refused" in output
    assert "a-wrong-key-of-ours" not in output
    assert read("connection", "list", "--tenant", "acme") == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["hub", "list", "--tenant", "nobody"], "There is no tenant 'nobody'"),
        (["hub", "show", "--tenant", "acme", "Other"], "there is: none yet"),
        (["connection", "test", "--tenant", "acme", "Other"], "There is no connection 'Other'"),
        (["connection", "live", "--tenant", "acme", "Other"], "There is no connection 'Other'"),
        (["hub", "add", "--tenant", "acme", "--base-url", "x", "--credential", "api_key"], "FIELD=VALUE"),
        (
            ["hub", "add", "--tenant", "acme", "--base-url", "https://x", "--credential", "api_key=k"],
            "host must be",
        ),
        (["hub", "add", "--tenant", "acme", "--base-url", "https://x"], "API key is missing"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(acme, run, arguments, says):
    output = run(*arguments, code=1)

    assert says in output
    assert len(output.strip().splitlines()) == 1


def test_a_platform_that_does_not_exist_is_refused_with_those_that_do(acme, run):
    arguments = [
        "connection",
        "add",
        "--tenant",
        "acme",
        "--platform",
        "etsy",
        "--name",
        "x",
        "--facility",
        "1",
    ]

    assert "leaflink" in run(*arguments, code=2)


@pytest.mark.parametrize(("group", "name"), [("hub", "Flourish"), ("connection", "LeafLink")])
def test_a_rate_that_was_agreed_is_set_and_taken_back(add, read, run, group, name):
    add()
    set_rate = (group, "rate", "--tenant", "acme", name)
    shown = (group, "show", "--tenant", "acme", name)
    assert read(*set_rate, "40")["calls_per_second"] == read(*shown)["calls_per_second"] == 40
    assert read(*set_rate, "0")["calls_per_second"] is None
    assert read(*shown)["calls_per_second"] is None
    assert "range" in run(*set_rate, "--", "-1", code=2)
