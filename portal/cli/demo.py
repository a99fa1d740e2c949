"""`trellis demo`: demo tenants, users and connections, made by the same functions as everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import click
import requests
from sqlalchemy import select

from portal import config
from portal.cli.people import give_role, make_person, make_tenant
from portal.identity.founding import Plan
from portal.models import Connection, Hub, Tenant, User
from portal.sync import audit, connecting, rules, webhook_screen
from portal.sync.engine.desk import Desk, open_desk
from portal.sync.registry import platform as platform_by_key

PASSWORD = "trellis demo sign-in"  # noqa: S105 - printed for everybody who runs the demo
ACTOR = audit.Actor("demo", role="demo")


@dataclass(frozen=True)
class _Company:
    slug: str
    name: str
    timezone: str
    what: str
    # Rules that its connection has from the beginning.
    rules: Mapping[str, Any] = field(default_factory=dict)
    # The sales platform that it is connected to.
    platform: str = "leaflink"
    # By name; else the first one.
    facility: str = ""
    # Orders that are placed there once it is live, as the sandbox's control API takes them.
    orders: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class _Person:
    email: str
    name: str
    role: str
    slugs: tuple[str, ...] = ()
    staff: str | None = None


# One of everything that a shop meets: somebody known, a delivery to somebody new, an offer, a phone number
# that is a spouse's in Flourish, and a medical card that has expired.
_SHOPPERS: tuple[Mapping[str, Any], ...] = (
    {"customer": "known", "medical": False},
    {"customer": "new", "pickUpType": "DELIVERY"},
    {"customer": "new", "offers": ["Half off"]},
    {
        "customer": {
            "firstName": "Luis",
            "lastName": "Moreno",
            "email": "luis.moreno@guests.example",
            "phone": "5105550100",
            "birthday": "1962-06-09",
        }
    },
    {"customer": {"medicalExpiration": "2020-12-31"}, "medical": True},
)
# Where each category of the shop's items stands on its menu.
_PLACES: Mapping[str, str] = {
    "Packaged Flower": "FLOWER",
    "Single Pre-Rolls": "PRE_ROLLS",
    "Pre-Roll Packs": "PRE_ROLLS",
    "Infused Pre-Rolls": "PRE_ROLLS",
    "510 Cartridges": "VAPORIZERS",
    "Disposables": "VAPORIZERS",
    "Badder": "CONCENTRATES",
    "Live Resin": "CONCENTRATES",
    "Rosin": "CONCENTRATES",
    "Gummies": "EDIBLES",
    "Chocolates": "EDIBLES",
    "Tinctures": "TINCTURES",
    "Balms": "TOPICALS",
}
COMPANIES = (
    _Company(
        "greenleaf",
        "Greenleaf Farms",
        "America/Los_Angeles",
        "clean data, live, stock of single lots",
        {"stock_by_lot": True},
    ),
    _Company("sunrise", "Sunrise Brands", "America/Denver", "planted mismatches, live"),
    _Company("ember", "Ember Extracts", "America/Los_Angeles", "sells through Ordo, live", platform="ordo"),
    _Company(
        "verde",
        "Verde Collective",
        "America/Los_Angeles",
        "a shop on AIQ, live",
        {"native_integration": "off", "category_table": _PLACES},
        platform="aiq",
        facility="Verde Oakland Store",
        orders=_SHOPPERS,
    ),
)
PEOPLE = (
    _Person("owner@greenleaf.example", "Olivia Owner", "owner", ("greenleaf",)),
    _Person("admin@greenleaf.example", "Adam Admin", "admin", ("greenleaf",)),
    _Person("viewer@greenleaf.example", "Vera Viewer", "viewer", ("greenleaf",)),
    _Person("owner@sunrise.example", "Otis Owner", "owner", ("sunrise",)),
    _Person("admin@sunrise.example", "Ada Admin", "admin", ("sunrise",)),
    _Person("owner@ember.example", "Edda Owner", "owner", ("ember",)),
    _Person("admin@ember.example", "Emil Admin", "admin", ("ember",)),
    _Person("owner@verde.example", "Vida Owner", "owner", ("verde",)),
    _Person("admin@verde.example", "Vito Admin", "admin", ("verde",)),
    _Person("support@trellis.example", "Sam Support", "support agent", staff="support"),
    _Person("operator@trellis.example", "Opal Operator", "operator", staff="operator"),
)


@click.command()
def demo() -> None:
    """Make the demo's tenants, users and connections, where they are missing."""
    settings = config.from_environment()
    desk = open_desk(settings)
    sandbox = Sandbox(f"http://127.0.0.1:{settings.sandbox_port}")
    for company in COMPANIES:
        tenant_id = _tenant(desk, company)
        _connect(desk, sandbox, tenant_id, company)
    for person in PEOPLE:
        _user(desk, person)
    click.echo(f"Sign in with the password: {PASSWORD}")
    for person in PEOPLE:
        where = ", ".join(person.slugs) or "Trellis's own people"
        click.echo(f"  {person.email:<28} {person.role:<14} {where}")


# What the audit says of companies that go live before anybody has looked at them.
_DEMO = "the demo shows live companies, mismatches and all"


class Sandbox:
    """The sandbox's control API: stands in for the screens in which a person registers a webhook."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def account(self, platform: str, world: str) -> dict[str, Any]:
        """The keys of one company at one simulated platform."""
        accounts_list = requests.get(f"{self.base_url}/control/accounts", timeout=10).json()
        rows = accounts_list["accounts"] if isinstance(accounts_list, dict) else accounts_list
        return next(row for row in rows if row["platform"] == platform and row["world"] == world)

    def order(self, platform: str, world: str, order: Mapping[str, Any]) -> None:
        """Have somebody place an order that its shop confirms at once."""
        body = {"company": world, "lines": 2, "status": "CONFIRMED", **order}
        requests.post(f"{self.base_url}/control/{platform}/orders", json=body, timeout=10).raise_for_status()

    def register(self, platform: str, world: str, url: str, key: str | None, **more: Any) -> None:
        """Have a simulated platform send its webhooks to an address; `more` is what only Flourish takes."""
        body = {"company": world, "url": url, **({"key": key} if key else {}), **more}
        requests.post(
            f"{self.base_url}/control/{platform}/webhooks", json=body, timeout=10
        ).raise_for_status()


def _tenant(desk: Desk, company: _Company) -> UUID:
    with desk.sessions.system() as session:
        known = session.scalar(select(Tenant.id).where(Tenant.slug == company.slug))
    if known is not None:
        return known
    return make_tenant(desk, Plan(company.slug, company.name, company.timezone), actor=ACTOR).id


def _connect(desk: Desk, sandbox: Sandbox, tenant_id: UUID, company: _Company) -> None:
    """Make what is missing: an earlier demo may have been stopped half-way."""
    with desk.tenant(tenant_id) as session:
        hub_id = session.scalar(select(Hub.id))
        connection = session.execute(select(Connection.id, Connection.state)).first()
    if hub_id is None:
        hub_id = _connect_flourish(desk, sandbox, tenant_id, company)
    connection_id = (
        connection.id if connection else _connect_platform(desk, sandbox, tenant_id, hub_id, company)
    )
    if connection is None or connection.state == "ready":
        connecting.go_live(desk, tenant_id, connection_id, actor=ACTOR, despite=_DEMO)
        for order in company.orders:
            sandbox.order(company.platform, company.slug, order)


def _connect_flourish(desk: Desk, sandbox: Sandbox, tenant_id: UUID, company: _Company) -> UUID:
    account = sandbox.account("flourish", company.slug)
    made = connecting.add_hub(
        desk,
        tenant_id,
        name="Flourish",
        base_url=f"{sandbox.base_url}/flourish/external/api",
        credentials={"api_key": account["key"]},
        actor=ACTOR,
    )
    headers, events = dict(made.headers), list(webhook_screen.events(()))
    sandbox.register(
        "flourish", company.slug, made.webhook_url, made.signing_key, headers=headers, events=events
    )
    return made.id


def _connect_platform(desk: Desk, sandbox: Sandbox, tenant_id: UUID, hub_id: UUID, company: _Company) -> UUID:
    declared = platform_by_key(company.platform)
    account = sandbox.account(declared.key, company.slug)
    with desk.tenant(tenant_id) as session:
        facility = company.facility or session.get_one(Hub, hub_id).facilities[0].flourish_id
    made = connecting.add_connection(
        desk,
        tenant_id,
        hub_id=hub_id,
        platform_key=declared.key,
        name=declared.label,
        base_url=account["base_url"],
        credentials=_credentials(account),
        facility=facility,
        actor=ACTOR,
    )
    if company.rules:
        with desk.tenant(tenant_id) as session:
            connection = session.get_one(Connection, made.id)
            rules.change(session, desk.settings.master_keys, connection, company.rules, actor=ACTOR)
    if declared.webhook is not None:
        sandbox.register(declared.key, company.slug, made.webhook_url, account["webhook_key"])
    return made.id


def _credentials(account: Mapping[str, Any]) -> dict[str, str]:
    """What a person types into the platform's form; of several stores the first."""
    venues = account.get("venues") or ({"id": ""},)
    return {
        "api_key": account["key"],
        "webhook_key": account.get("webhook_key") or "",
        "venue": venues[0]["id"],
    }


def _user(desk: Desk, person: _Person) -> None:
    with desk.sessions.identity() as session:
        known = session.scalar(select(User.id).where(User.email == person.email))
        if known is not None:
            return
    account = User(email=person.email, name=person.name, staff_role=person.staff)
    user = make_person(desk, account, PASSWORD, actor=ACTOR)
    for slug in person.slugs:
        with desk.sessions.system() as session:
            tenant_id = session.scalars(select(Tenant.id).where(Tenant.slug == slug)).one()
        give_role(desk, tenant_id, user, person.role, actor=ACTOR)
