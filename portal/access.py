"""Access: what every route needs, and who has it. A route that declares nothing is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from sqlalchemy.orm import Session

from portal.extensions import db, enter
from portal.identity.people import Person, current_person
from portal.queries import tenancy

View = TypeVar("View", bound=Callable[..., Any])

# What each role may do. Staff have no permission inside a tenant: that takes a grant.
_SEE = frozenset({"overview.see", "orders.see", "runs.see", "problems.see", "connections.see"})
_ACT = frozenset({"orders.retry", "problems.retry", "connections.test", "connections.pause", "writes.stop"})
TENANT_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "owner": _SEE | _ACT,
    "admin": _SEE | _ACT,
    "viewer": _SEE,
}
STAFF_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "support": frozenset({"support.see"}),
    "operator": frozenset({"support.see", "support.stop"}),
}


class Undeclared(Exception):
    """A route says nothing about who may use it."""


@dataclass(frozen=True)
class Declaration:
    """What a route needs: nothing, somebody signed in, or a permission in a tenant or as staff."""

    area: Literal["public", "signed_in", "tenant", "staff"]
    permission: str = ""


@dataclass(frozen=True)
class Here:
    """The tenant of this request, and what the person signed in may do in it."""

    id: UUID
    slug: str
    name: str
    role: str
    zone: ZoneInfo
    stopped: bool

    def may(self, permission: str) -> bool:
        """Say whether the person's role has a permission."""
        return permission in TENANT_PERMISSIONS.get(self.role, frozenset())


def public(view: View) -> View:
    """Let anybody in."""
    return _declare(view, Declaration("public"))


def signed_in(view: View) -> View:
    """Let in whoever is signed in."""
    return _declare(view, Declaration("signed_in"))


def tenant(permission: str) -> Callable[[View], View]:
    """Let in members of the tenant in the address whose role has the permission."""
    return lambda view: _declare(view, Declaration("tenant", permission))


def staff(permission: str) -> Callable[[View], View]:
    """Let in Trellis's own people whose role has the permission."""
    return lambda view: _declare(view, Declaration("staff", permission))


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
    enter(session, user=person.id)
    membership = tenancy.membership(session, person.id, slug)
    if membership is None:
        return None
    owned = membership.tenant
    enter(session, tenant=owned.id, user=person.id)
    return Here(
        id=owned.id,
        slug=owned.slug,
        name=owned.name,
        role=membership.role,
        zone=ZoneInfo(owned.timezone),
        stopped=owned.stopped_at is not None,
    )


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
    if declaration.area == "public":
        return None
    person = current_person()
    if person is None:
        return _to_sign_in()
    enter(db.session(), user=person.id)
    if declaration.area == "staff":
        _require_staff(person, declaration.permission)
    if declaration.area == "tenant":
        _require_member(person, declaration.permission)
    return None


def _require_staff(person: Person, permission: str) -> None:
    # Not 403: to everybody else there is no such area.
    if permission not in STAFF_PERMISSIONS.get(person.staff_role or "", frozenset()):
        abort(404)


def _require_member(person: Person, permission: str) -> None:
    found = resolve(db.session(), person, g.slug)
    if found is None:
        abort(404)
    g.here = found
    if not found.may(permission):
        abort(403)


def _to_sign_in() -> Response:
    address = url_for("auth.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    if request.headers.get("HX-Request"):
        # A sign-in form must not be swapped into a table.
        return Response(status=401, headers={"HX-Redirect": address})
    if request.method != "GET":
        abort(401)
    return redirect(address)  # type: ignore[return-value]
