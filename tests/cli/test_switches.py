"""`trellis writes`: stopping one company or everybody, and letting it go on."""

from __future__ import annotations

import pytest


@pytest.fixture
def acme(run):
    run("tenant", "add", "acme", "--name", "Acme")


@pytest.mark.parametrize(
    ("tenant", "whom", "name"), [([], "everybody", "everybody"), (["--tenant", "acme"], "acme", "acme")]
)
def test_writing_is_stopped_shown_and_let_go(acme, run, read, tenant, whom, name):
    assert f"Stopped writing for {name}." in run("writes", "stop", *tenant, "--reason", "A wrong price list")

    (stop,) = read("writes", "show")
    assert (stop["stopped"], stop["by"], stop["reason"]) == (whom, "command line", "A wrong price list")
    assert stop["since"]

    assert "may write again" in run("writes", "go", *tenant)
    assert read("writes", "show") == []


@pytest.mark.parametrize("tenant", [[], ["--tenant", "acme"]])
def test_what_is_so_already_is_refused_in_one_line(acme, run, tenant):
    assert "was not stopped" in run("writes", "go", *tenant, code=1)
    run("writes", "stop", *tenant, "--reason", "First")

    assert "stopped already" in run("writes", "stop", *tenant, "--reason", "Second", code=1)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["stop"], 2, "--reason"),
        (["stop", "--reason", "  "], 1, "Say why"),
        (["stop", "--tenant", "nobody", "--reason", "x"], 1, "no tenant 'nobody'"),
        (["go", "--tenant", "nobody"], 1, "no tenant 'nobody'"),
        # A company that is named without the option is not everybody.
        (["stop", "acme", "--reason", "x"], 2, "unexpected extra argument"),
    ],
)
def test_a_stop_needs_a_reason_and_a_company_that_is_there(acme, run, read, arguments, code, says):
    assert says in run("writes", *arguments, code=code)
    assert read("writes", "show") == []
