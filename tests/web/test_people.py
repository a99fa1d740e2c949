"""Members and invitations: who may change whom, and how somebody new comes in."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.identity import accounts, invitations, members
from portal.models import AuditEvent, Invitation, Mail, Membership, User
from portal.sync import mail
from tests.web import factory
from tests.web.acts import BUT_SIGN_INS
from tests.web.conftest import Visitor, first

NEW = {"name": "Nora New", "password": "a sentence of one's own"}


@pytest.fixture
def people(sessions, company):
    """One person of each role."""
    return {role: factory.member(sessions, company, role, name=role) for role in ("owner", "admin", "viewer")}


@pytest.fixture
def owner(people, as_user):
    return as_user(people["owner"])


@pytest.fixture
def base(company):
    return f"/t/{company.slug}/people"


@pytest.fixture
def roles(sessions, company):
    def read():
        with sessions.tenant(company.id) as session:
            return dict(session.execute(select(User.name, Membership.role).join(Membership)).all())

    return read


@pytest.fixture
def acts(sessions, company):
    def read():
        with sessions.tenant(company.id) as session:
            rows = session.scalars(select(AuditEvent).where(BUT_SIGN_INS).order_by(AuditEvent.seq))
            return [(row.action, row.actor, row.subject) for row in rows]

    return read


@pytest.fixture
def link(sessions, settings, company):
    """The path of the link in the newest mail."""

    def read():
        with sessions.system() as session:
            newest = select(Mail).where(Mail.tenant_id == company.id).order_by(Mail.id.desc())
            message = mail.opened(settings.master_keys, session.scalars(newest).first())
        return first(r"https?://[^/]+(/invitations/\S+)", message.text)

    return read


@pytest.fixture
def invite(owner, base, link):
    def send(email="nora@example.com", role="viewer"):
        answer = owner.post(f"{base}/invitations", {"email": email, "role": role})
        assert answer.status_code == 303
        return link()

    return send


def test_the_page_says_who_is_in_as_what_and_how_they_sign_in(owner, base, people):
    page = owner.get(base).text
    for user in people.values():
        assert user.email in page
    assert "Last sign-in" in page
    assert "Second factor" in page


@pytest.mark.parametrize(
    ("who", "whom", "role", "taken"),
    [
        ("owner", "viewer", "admin", True),
        ("owner", "admin", "owner", True),
        ("admin", "viewer", "admin", True),
        ("admin", "viewer", "owner", False),
        ("admin", "admin", "owner", False),
        ("admin", "owner", "viewer", False),
        ("owner", "owner", "admin", False),
        ("owner", "viewer", "king", False),
    ],
)
def test_who_may_give_whom_which_role(as_user, people, base, roles, who, whom, role, taken):
    visitor = as_user(people[who])
    visitor.get(base)
    answer = visitor.post(f"{base}/{people[whom].id}/role", {"role": role, "tenant_id": "x", "user_id": "y"})
    assert answer.status_code == (303 if taken else 422)
    assert roles()[whom] == (role if taken else whom)


def test_an_admin_cannot_remove_an_owner_and_the_last_owner_stays(as_user, people, owner, base, roles):
    admin = as_user(people["admin"])
    admin.get(base)
    assert "Only an owner" in admin.post(f"{base}/{people['owner'].id}/remove").text
    owner.get(base)
    answer = owner.post(f"{base}/{people['owner'].id}/remove")
    assert answer.status_code == 422
    assert "last owner" in answer.text
    assert roles()["owner"] == "owner"
    assert admin.post(f"{base}/{people['viewer'].id}/hand-over").status_code == 403


def test_ownership_is_handed_over_in_one_step(owner, people, base, roles, acts):
    owner.get(base)
    assert owner.post(f"{base}/{people['owner'].id}/hand-over").status_code == 422
    assert owner.post(f"{base}/{people['viewer'].id}/hand-over").status_code == 303
    assert roles() == {"owner": "admin", "admin": "admin", "viewer": "owner"}
    assert acts()[-1] == ("company.handed_over", "owner", "viewer")
    assert owner.post(f"{base}/{people['admin'].id}/hand-over").status_code == 403


def test_a_changed_role_counts_from_the_next_click(as_user, people, owner, base, company, acts):
    admin = as_user(people["admin"])
    assert admin.get(base).status_code == 200
    owner.get(base)
    owner.post(f"{base}/{people['admin'].id}/role", {"role": "viewer"})
    assert admin.get(base).status_code == 403
    owner.post(f"{base}/{people['admin'].id}/remove")
    assert admin.get(f"/t/{company.slug}/").status_code == 404
    assert acts() == [
        ("member.role_changed", "owner", "admin"),
        ("access.refused", "admin", "people.index"),
        ("member.removed", "owner", "admin"),
    ]


def test_two_owners_do_not_unmake_each_other_at_once(sessions, company, people):
    other = factory.member(sessions, company, "owner", name="other")
    with sessions.tenant(company.id) as one:
        accounts.set_role(one, company.id, other.id, "viewer")
        with sessions.tenant(company.id) as two:
            two.execute(text("SET LOCAL lock_timeout = '200ms'"))
            member = two.get(Membership, (company.id, people["owner"].id))
            with pytest.raises(Exception, match="lock timeout"):
                members.remove(two, member, by_owner=True, by="Ann")
            two.rollback()


def test_sensitive_acts_ask_for_the_password_again(app):
    names = ("people.change_role", "people.remove", "people.hand_over", "people.invite", "people.resend")
    for endpoint in (*names, "support.break_glass"):
        assert app.view_functions[endpoint].recently_proven, endpoint


def test_somebody_new_comes_in_by_the_link_once(app, invite, company, roles, acts, anybody, people):
    address = invite(role="admin")
    for _ in range(2):
        entered = anybody.get(address)
        assert entered.headers["Referrer-Policy"] == "no-referrer"
        page = anybody.get(entered.location)
        assert "Join Greenleaf Farms" in page.text
        assert "nora@example.com" in page.text
    assert anybody.post("/invitation", NEW | {"password": "short"}).status_code == 422
    assert anybody.post("/invitation", NEW | {"name": ""}).status_code == 422
    answer = anybody.post("/invitation", NEW | {"role": "owner", "email": "eve@example.com"})
    assert answer.location == f"/t/{company.slug}/"
    assert anybody.get(answer.location).status_code == 200
    assert roles()["Nora New"] == "admin"
    assert ("member.joined", "Nora New", "admin") in acts()
    late = Visitor(app)
    assert late.get(address, follow_redirects=True).status_code == 404


def test_somebody_with_an_account_signs_in_and_accepts(sessions, app, invite, as_user, roles, people):
    known = factory.user(sessions, name="Kim Known")
    address = invite(known.email)
    visitor = Visitor(app)
    page = visitor.get(address, follow_redirects=True).text
    assert "You have an account" in page
    # Nobody chooses a password for an account that there is.
    visitor.get("/sign-in")
    assert visitor.post("/invitation", NEW).status_code == 404
    kim = as_user(known)
    kim.get(address, follow_redirects=True)
    assert kim.post("/invitation").status_code == 303
    assert roles()["Kim Known"] == "viewer"


def test_another_person_is_told_to_sign_out_first(invite, sessions, as_user, roles, people):
    address = invite()
    other = as_user(factory.user(sessions, name="Otto Other"))
    assert "Sign out first" in other.get(address, follow_redirects=True).text
    assert other.post("/invitation", NEW).status_code == 403
    assert "Otto Other" not in roles()


def test_every_bad_link_says_the_same(sessions, app, company, invite, owner, base, anybody):
    good = invite()
    with sessions.tenant(company.id) as session:
        row = session.scalars(select(Invitation)).one()
        row_id = row.id
        assert row.token_hash not in (b"", good.encode())
        assert row.expires_at - row.created_at == timedelta(hours=72)

    def read(address):
        answer = anybody.get(address, follow_redirects=True)
        assert answer.status_code == 404
        return first(r"<main[^>]*>(.*)</main>", answer.text)

    anybody.get("/sign-in")
    told = {read("/invitations/unknown")}
    owner.get(base)
    owner.post(f"{base}/invitations/{row_id}/resend")
    told.add(read(good))
    owner.post(f"{base}/invitations/{row_id}/revoke")
    told.add(read(good))
    expired = invite("late@example.com")
    with sessions.tenant(company.id) as session:
        session.execute(text("UPDATE invitation SET expires_at = now()"))
    told.add(read(expired))
    assert anybody.post("/invitation", NEW).status_code == 404
    assert len(told) == 1
    assert "no longer good" in told.pop()


def test_a_new_link_makes_the_old_one_void(app, owner, base, invite, link):
    old = invite()
    new = invite()
    assert old != new
    assert Visitor(app).get(old, follow_redirects=True).status_code == 404
    assert Visitor(app).get(new, follow_redirects=True).status_code == 200
    assert owner.get(base).text.count("Send a new link") == 1


@pytest.mark.parametrize(
    ("email", "role", "word"),
    [("not an address", "viewer", "e-mail"), ("", "viewer", "e-mail"), ("x@example.com", "king", "roles")],
)
def test_who_cannot_be_invited(owner, base, email, role, word):
    owner.get(base)
    answer = owner.post(f"{base}/invitations", {"email": email, "role": role})
    assert answer.status_code == 422
    assert word in answer.text


def test_members_are_not_invited_and_admins_invite_no_owner(as_user, people, base):
    admin = as_user(people["admin"])
    admin.get(base)
    again = admin.post(f"{base}/invitations", {"email": people["viewer"].email.upper(), "role": "admin"})
    assert "in the company already" in again.text
    owner = admin.post(f"{base}/invitations", {"email": "x@example.com", "role": "owner"})
    assert owner.status_code == 422


def test_an_address_and_a_company_are_not_flooded(owner, base):
    owner.get(base)
    answers = [
        owner.post(f"{base}/invitations", {"email": "nora@example.com", "role": "viewer"}).status_code
        for _ in range(4)
    ]
    assert answers == [303, 303, 303, 429]
    others = [
        owner.post(f"{base}/invitations", {"email": f"n{number}@example.com", "role": "viewer"}).status_code
        for number in range(17)
    ]
    assert others == [303] * 16 + [429]


def test_a_link_that_two_use_at_once_lets_one_in(sessions, company):
    with sessions.tenant(company.id) as session:
        _, token = invitations.invite(
            session, company.id, email="x@example.com", role="viewer", by="O", by_owner=True
        )
    with sessions.identity() as session:
        found = invitations.find(session, token)
    assert found is not None
    with sessions.tenant(company.id) as session:
        invitations.join(session, found, **NEW)
    with pytest.raises(invitations.Gone), sessions.tenant(company.id) as session:
        invitations.accept(session, found, factory.user(sessions).id)
