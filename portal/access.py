"""Access: what every route needs, and who has it. A route that declares nothing is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from sqlalchemy.orm import Session

from portal.extensions import SYSTEM_ROLE, db, enter
from portal.identity.bearers import bearer
from portal.identity.people import Person, current_person
from portal.identity.throttle import network
from portal.models import INSTALLATION_CHAIN, Tenant
from portal.queries import tenancy
from portal.queries.tenancy import Belonging
from portal.sync import audit

View = TypeVar("View", bound=Callable[..., Any])

# What each role may do (reliability.md 5.4). To stop is given to more people than to go on again.
_SEE = frozenset(
    {
        "overview.see",
        "orders.see",
        "products.see",
        "runs.see",
        "writes.see",
        "problems.see",
        "connections.see",
        "readiness.see",
    }
)
_ACT = frozenset(
    {
        "orders.hold",
        "orders.retry",
        "products.look",
        "problems.handle",
        "connections.test",
        "connections.stop",
        "readiness.check",
    }
)
_RUN = frozenset(
    {"connections.resume", "orders.decide", "matches.decide", "stock.decide", "writes.stop", "writes.resume"}
)
_MANAGE = frozenset(
    {
        "people.manage",
        "grants.manage",
        "company.settings",
        "tokens.manage",
        "audit.see",
        "connections.add",
        "keys.replace",
        "rules.change",
        "readiness.waive",
        "notices.manage",
    }
)
_OWN = frozenset({"people.owners", "company.export", "company.delete"})
TENANT_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "owner": _SEE | _ACT | _RUN | _MANAGE | _OWN,
    "admin": _SEE | _ACT | _RUN | _MANAGE,
    "viewer": _SEE,
}
# What Trellis's own people may do inside a tenant while it has granted them access, and what beside that
# when the grant lets them act; an operator who broke the glass may look and stop, and change nothing else.
GRANT_SEES = _SEE
GRANT_ACTS = _ACT
BREAK_GLASS_ACTS = frozenset({"connections.stop", "writes.stop"})
STAFF_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "support": frozenset({"support.see", "grants.ask"}),
    "operator": frozenset(
        {"support.see", "support.stop", "companies.add", "grants.break_glass", "audit.verify"}
    ),
}
# Refusals of one person that the audit tells of, in an hour: nobody fills it up.
REFUSALS_TOLD = 20


class Undeclared(Exception):
    """A route says nothing about who may use it."""


@dataclass(frozen=True)
class Declaration:
    """What a route needs: nothing, somebody signed in, or a permission: in a tenant, as staff, of a token."""

    area: Literal["public", "signed_in", "tenant", "staff", "token"]
    permission: str = ""


@dataclass(frozen=True)
class Granted:
    """The support grant by which somebody is in a tenant."""

    id: UUID
    kind: str
    may_act: bool
    ends_at: datetime
    reason: str = ""

    def allows(self, permission: str) -> bool:
        """Say whether it lets somebody do something."""
        if self.kind == "break_glass":
            return permission in GRANT_SEES or permission in BREAK_GLASS_ACTS
        return permission in GRANT_SEES or (self.may_act and permission in GRANT_ACTS)


@dataclass(frozen=True)
class Here:
    """The tenant of this request, and what the person signed in may do in it."""

    id: UUID
    slug: str
    name: str
    # owner, admin or viewer; support or operator under a grant.
    role: str
    zone: ZoneInfo
    stopped: bool
    grant: Granted | None = None

    def may(self, permission: str) -> bool:
        """Say whether the person may do something here."""
        if self.grant is not None:
            return self.grant.allows(permission)
        return permission in TENANT_PERMISSIONS.get(self.role, frozenset())

    @property
    def masked(self) -> bool:
        """Whether personal data is hidden from the person: it is from Trellis's own people."""
        return self.grant is not None

    @property
    def sight(self) -> tuple[str, bool, bool]:
        """What decides how a thing looks to somebody: to two with the same sight it looks the same."""
        return self.role, self.masked, self.grant is not None and self.grant.may_act


def public(view: View) -> View:
    """Let anybody in."""
    return _declare(view, Declaration("public"))


def signed_in(view: View) -> View:
    """Let in whoever is signed in."""
    return _declare(view, Declaration("signed_in"))


def tenant(permission: str) -> Callable[[View], View]:
    """Let in whoever has the permission in the tenant of the address, as a member or under a grant."""
    return lambda view: _declare(view, Declaration("tenant", permission))


def staff(permission: str) -> Callable[[View], View]:
    """Let in Trellis's own people whose role has the permission."""
    return lambda view: _declare(view, Declaration("staff", permission))


def token(permission: str) -> Callable[[View], View]:
    """Let in programs whose token has the permission: it reads its company as a viewer does."""
    return lambda view: _declare(view, Declaration("token", permission))


def recently_proven(view: View) -> View:
    """Ask for the password again when it was not given within the last minutes: for sensitive acts."""
    view.recently_proven = True  # type: ignore[attr-defined]
    return view


def passive(view: View) -> View:
    """Mark what pages ask for by themselves: it keeps no session alive, and nobody looked at anything."""
    view.passive = True  # type: ignore[attr-defined]
    return view


def declaration_of(app: Flask, endpoint: str) -> Declaration | None:
    """What a route declares; None when it declares nothing."""
    if endpoint == "static":
        return Declaration("public")
    return getattr(app.view_functions.get(endpoint), "declaration", None)


def install(app: Flask) -> None:
    """Guard every route of the application."""
    app.before_request(_guard)

    @app.url_value_preprocessor
    def take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.slug = values.pop("slug", None) if values else None

    @app.url_defaults
    def give_slug(endpoint: str, values: dict[str, Any]) -> None:
        if g.get("slug") and "slug" not in values and app.url_map.is_endpoint_expecting(endpoint, "slug"):
            values["slug"] = g.slug


def here() -> Here:
    """The tenant of this request.

    Raises:
        LookupError: the route belongs to no tenant.
    """
    if "here" not in g:
        raise LookupError("this request belongs to no tenant")
    found: Here = g.here
    return found


def resolve(session: Session, person: Person, slug: str) -> Here | None:
    """Find the tenant behind a slug as this person sees it, and enter it: None when it is not theirs."""
    if not slug.isprintable():
        return None  # the database would refuse NUL, and no company has such a slug
    enter(session, user=person.id)
    own = next((one for one in companies(session, person) if one.slug == slug), None)
    if own is not None:
        return _enter(session, person, own, own.role)
    if person.staff_role is None:
        return None
    enter(session, role=SYSTEM_ROLE)
    granted = tenancy.granted(session, person.id, slug)
    enter(session, user=person.id)
    if granted is None:
        return None
    found = granted.grant
    through = Granted(found.id, found.kind, found.may_act, granted.ends_at, found.reason)
    return _enter(session, person, granted.tenant, person.staff_role, through)


def companies(session: Session, person: Person) -> list[Belonging]:
    """The companies that somebody is a member of, by name: asked once a request, for guard and page."""
    found: list[Belonging] | None = g.get("companies")
    if found is None:
        found = g.companies = tenancy.of_person(session, person.id)
    return found


def _enter(
    session: Session, person: Person, owned: Tenant | Belonging, role: str, grant: Granted | None = None
) -> Here:
    enter(session, tenant=owned.id, user=person.id)
    return _here(owned, role, grant)


def _here(owned: Tenant | Belonging, role: str, grant: Granted | None = None) -> Here:
    return Here(
        id=owned.id,
        slug=owned.slug,
        name=owned.name,
        role=role,
        zone=ZoneInfo(owned.timezone),
        stopped=owned.stopped_at is not None,
        grant=grant,
    )


def needs_second_factor(person: Person, found: Here | None = None) -> bool:
    """Whether this person gets no further without a second factor: staff, and in their company owners."""
    if person.second_factor or not current_app.extensions["trellis"].settings.second_factor:
        return False
    return person.staff_role is not None or (found is not None and found.role == "owner")


def _declare(view: View, declaration: Declaration) -> View:
    view.declaration = declaration  # type: ignore[attr-defined]
    return view


def _guard() -> Response | None:
    if request.endpoint is None:
        return None  # No route: Flask answers 404 or 405 by itself.
    declaration = declaration_of(current_app, request.endpoint)
    if declaration is None:
        if current_app.testing:
            raise Undeclared(request.endpoint)
        abort(404)
    if declaration.area == "token":
        _require_token(declaration.permission)
    if declaration.area in ("public", "token"):
        return None
    return _guard_person(declaration)


def _guard_person(declaration: Declaration) -> Response | None:
    person = current_person()
    if person is None:
        return _to_sign_in()
    _limit(person)
    enter(db.session(), user=person.id)
    if declaration.area == "staff":
        _require_staff(person, declaration.permission)
    if declaration.area == "tenant":
        _require_member(person, declaration.permission)
    return _ask_for_more(person, declaration)


def _limit(person: Person) -> None:
    """Answer 429 to a session that asks for more than anybody reads; fragments are counted by themselves."""
    portal = current_app.extensions["trellis"]
    kind = "fragments" if request.headers.get("HX-Request") else "pages"
    what = f"{kind}:{person.session_id}"
    if not portal.throttle.allow(what, times=portal.settings.pages_per_minute, seconds=60):
        abort(429)


def _ask_for_more(person: Person, declaration: Declaration) -> Response | None:
    """Send somebody who may do this to where they prove more of who they are, where that is needed."""
    if declaration.area != "signed_in" and needs_second_factor(person, g.get("here")):
        return _go_to(url_for("second_factor.show"))
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "recently_proven", False) and not person.recently_proven:
        return _go_to(url_for("auth.confirm", next=_where()))
    return None


def _where() -> str:
    """The page to come back to: this one, or the one that a form was sent from."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return (request.referrer or "").removeprefix(request.host_url.rstrip("/"))


def _require_staff(person: Person, permission: str) -> None:
    # Not 403: to everybody else there is no such area.
    if permission not in STAFF_PERMISSIONS.get(person.staff_role or "", frozenset()):
        _tell_refusal(person, permission, audit.Subject("area", "", "the support area"))
        abort(404)


def _require_member(person: Person, permission: str) -> None:
    found = resolve(db.session(), person, g.slug)
    if found is None:
        _tell_refusal(person, permission, audit.Subject("company", "", g.slug))
        abort(404)
    g.here = found
    if not found.may(permission):
        _tell_refusal(person, permission, audit.Subject("page", "", request.endpoint or ""), found)
        abort(403)


def _require_token(permission: str) -> None:
    """Enter the company of the token that a program shows: as somebody who may look and no more."""
    found = bearer()
    enter(db.session(), tenant=found.tenant.id, user=found.maker_id)
    g.here = _here(found.tenant, "viewer")
    if not g.here.may(permission):
        abort(403, "A token does not read this.")


def _tell_refusal(person: Person, permission: str, subject: audit.Subject, found: Here | None = None) -> None:
    """Have the audit tell of a refusal, in a transaction of its own: this request's will not be committed."""
    trellis = current_app.extensions["trellis"]
    if not trellis.throttle.allow(f"refusals:{person.id}", times=REFUSALS_TOLD, seconds=3600):
        return
    chain = found.id if found else INSTALLATION_CHAIN
    opened = trellis.sessions.tenant(found.id) if found else trellis.sessions.system()
    with opened as session:
        audit.record(
            session,
            trellis.settings.master_keys,
            chain,
            "access.refused",
            actor=actor(person, found),
            subject=subject,
            detail={"permission": permission, "method": request.method},
        )


def actor(person: Person, found: Here | None) -> audit.Actor:
    """Name somebody for the audit and for stories; Trellis's own people are named as such in a company."""
    role = found.role if found else person.staff_role or ""
    guest = found is not None and found.grant is not None
    return audit.Actor(
        name=f"{person.name} ({role})" if guest else person.name,
        id=person.id,
        role=role,
        address=network(request.remote_addr or ""),
        reference=g.get("reference", ""),
    )


def _to_sign_in() -> Response:
    address = url_for("auth.sign_in", next=_where() if request.method == "GET" else None)
    if request.method != "GET" and not request.headers.get("HX-Request"):
        abort(401)
    return _go_to(address)


def _go_to(address: str) -> Response:
    if request.headers.get("HX-Request"):
        # A form must not be swapped into a table.
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address, 303 if request.method != "GET" else 302)  # type: ignore[return-value]
