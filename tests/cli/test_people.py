"""`trellis tenant` and `trellis user`."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from portal.identity import accounts, second_factor, sessions
from portal.models import AuditEvent, SignIn, User, UserSession

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


@pytest.fixture
def olive(run, desk):
    """Somebody of a company who is signed in, with a second factor."""
    run("tenant", "add", "acme", "--name", "Acme")
    run("user", "add", "olive@acme.example", "--name", "Olive", "--password", PASSWORD, "--tenant", "acme")
    with desk.sessions.identity() as session:
        user = session.scalars(select(User)).one()
        second_factor.begin(session, desk.settings.master_keys, user.id)
        session.get_one(SignIn, user.id).totp_confirmed_at = func.now()
        sessions.begin(session, user.id, address="", agent="", second_factor=True)
    return user


@pytest.mark.parametrize(
    ("arguments", "act"),
    [
        (["password", "olive@acme.example", "--password", "another long password"], "password.changed"),
        (["second-factor", "olive@acme.example", "--remove"], "second_factor.removed"),
        (["disable", "olive@acme.example"], "person.disabled"),
    ],
)
def test_what_is_done_to_a_sign_in_ends_its_sessions_and_is_audited(run, desk, olive, arguments, act):
    run("user", *arguments)

    with desk.sessions.identity() as session:
        assert session.scalars(select(UserSession.ended_at)).one() is not None
        row = session.scalars(select(AuditEvent).where(AuditEvent.action == act)).one()
        right = "another long password" if act == "password.changed" else PASSWORD
        found = accounts.verify(session, "olive@acme.example", right)
        confirmed = second_factor.standing(session, olive.id).confirmed_at
    assert (row.actor, row.role, row.subject) == ("command line", "command line", "Olive")
    assert (found is None) == (act == "person.disabled")
    assert (confirmed is None) == (act == "second_factor.removed")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["password", "nobody@acme.example", "--password", PASSWORD], "no open account"),
        (["password", "olive@acme.example", "--password", "short"], "too short"),
        (["disable", "nobody@acme.example"], "no open account"),
    ],
)
def test_what_cannot_be_done_to_a_sign_in_is_refused_in_one_line(run, olive, arguments, says):
    output = run("user", *arguments, code=1)

    assert says in output
    assert len(output.strip().splitlines()) == 1
