"""`trellis tenant` and `trellis user`."""

from __future__ import annotations

import pytest

PASSWORD = "a long enough password"


def test_a_tenant_is_added_once_and_listed(read, run):
    made = read("tenant", "add", "acme", "--name", "Acme Farms", "--timezone", "America/Denver")

    assert read("tenant", "list") == [
        {"id": made["id"], "slug": "acme", "name": "Acme Farms", "timezone": "America/Denver"}
    ]
    assert "acme is taken" in run("tenant", "add", "acme", "--name", "Other", code=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Not A Slug", "--name", "x"], "is no slug"),
        (["acme", "--name", "  "], "company's name"),
        (["acme", "--name", "x", "--timezone", "Mars/Olympus"], "no time zone"),
        (["acme", "--name", "x", "--timezone", "../../etc/passwd"], "no time zone"),
    ],
)
def test_a_tenant_that_cannot_be_made_is_refused_in_one_line(run, arguments, says):
    output = run("tenant", "add", *arguments, code=1)

    assert says in output
    assert len(output.strip().splitlines()) == 1


def test_a_user_is_added_to_a_tenant_and_the_password_is_never_shown(read, run):
    run("tenant", "add", "acme", "--name", "Acme")

    output = run(
        "user", "add", "Olive@Acme.example", "--name", "Olive", "--tenant", "acme", "--role", "owner",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip

    assert PASSWORD not in output
    (row,) = read("user", "list")
    assert (row["email"], row["name"], row["staff"]) == ("olive@acme.example", "Olive", None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["olive@acme.example", "--name", "O", "--password", "short"], "too short"),
        (["nobody", "--name", "O", "--password", PASSWORD], "not an e-mail address"),
        (["olive@acme.example", "--name", " ", "--password", PASSWORD], "Give a name"),
        (
            ["olive@acme.example", "--name", "O", "--password", PASSWORD, "--tenant", "none"],
            "no tenant 'none'",
        ),
    ],
)
def test_a_user_that_cannot_be_made_is_refused_in_one_line(run, arguments, says):
    output = run("user", "add", *arguments, code=1)

    assert says in output
    assert PASSWORD not in output


def test_nobody_is_added_twice(run):
    arguments = (
        "user",
        "add",
        "sam@trellis.example",
        "--name",
        "Sam",
        "--staff",
        "support",
        "--password",
        PASSWORD,
    )
    run(*arguments)

    assert "already" in run(*arguments, code=1)


def test_what_a_command_does_to_people_is_in_the_audit(run, read):
    run("tenant", "add", "acme", "--name", "Acme")
    run(
        "user", "add", "dana@acme.example", "--name", "Dana", "--tenant", "acme", "--role", "owner",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip

    installation = read("audit", "show", "--tenant", "installation")
    assert [(act["action"], act["subject"]) for act in reversed(installation)] == [
        ("company.added", "Acme"),
        ("person.added", "Dana"),
    ]
    (role,) = read("audit", "show", "--tenant", "acme")
    assert (role["action"], role["detail"]) == ("member.role_changed", {"role": "owner"})
    assert {act["actor"] for act in (*installation, role)} == {"command line"}
