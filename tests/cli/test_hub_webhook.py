"""`trellis hub webhook`."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from portal.models import Secret
from portal.sync.flourish import FLOURISH

NAMED = ("--tenant", "acme", "Flourish")


@pytest.fixture
def hub(run, read, sandbox):
    run("tenant", "add", "acme", "--name", "Acme")
    url, key = sandbox
    credential = f"api_key={key}"
    base = f"{url}/flourish/external/api"
    return read("hub", "add", "--tenant", "acme", "--base-url", base, "--credential", credential)


@pytest.mark.promise("OR-3")
def test_the_screen_is_shown_whole_and_the_audit_tells(hub, read, run):
    shown = read("hub", "webhook", "show", *NAMED)

    assert {name: shown[name] for name in ("webhook_url", "signing_key", "headers")} == {
        name: hub[name] for name in ("webhook_url", "signing_key", "headers")
    }
    assert (shown["events"], shown["overlap_until"]) == (hub["events"], None)
    assert "hub.webhook_shown" in run("audit", "show", "--tenant", "acme")


@pytest.mark.promise("OR-3")
def test_new_ones_are_shown_and_those_of_before_taken_until_somebody_ends_that(hub, read, run):
    renewed = read("hub", "webhook", "renew", *NAMED)

    assert renewed["webhook_url"] == hub["webhook_url"]
    assert renewed["signing_key"] != hub["signing_key"]
    assert list(renewed["headers"]) == list(FLOURISH.webhook.pairs)
    assert not set(renewed["headers"].values()) & set(hub["headers"].values())
    assert renewed["overlap_until"] > "2"
    assert read("hub", "webhook", "end-overlap", *NAMED)["overlap_until"] is None
    shown = read("hub", "webhook", "show", *NAMED)
    assert (shown["signing_key"], shown["overlap_until"]) == (renewed["signing_key"], None)
    told = run("audit", "show", "--tenant", "acme")
    assert "hub.webhook_renewed" in told
    assert "hub.overlap_ended" in told
    assert renewed["signing_key"] not in told


@pytest.mark.parametrize("act", ["show", "renew"])
def test_a_secret_that_cannot_be_opened_is_one_line_and_nothing_is_done(hub, run, engine, act):
    with engine.begin() as connection:
        connection.execute(update(Secret).values(ciphertext=b"broken"))

    said = run("hub", "webhook", act, *NAMED, code=1)

    assert "a stored secret cannot be opened" in said
    assert hub["signing_key"] not in said
    assert "hub.webhook" not in run("audit", "show", "--tenant", "acme")


@pytest.mark.parametrize("act", ["show", "renew", "end-overlap"])
def test_a_hub_that_is_not_there_is_named(hub, run, act):
    assert "There is no hub 'Other'; there is: Flourish." in run(
        "hub", "webhook", act, "--tenant", "acme", "Other", code=1
    )
