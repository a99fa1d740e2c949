"""The crawler's map: every route, and something for each argument that an address can have."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import Rule

from portal.extensions import Sessions
from portal.identity import tokens
from portal.models import Grant, Invitation, User, utc_now
from tests.web import choices, compared, factory, notified, shelves
from tests.web.conftest import Visitor
from tests.web.factory import Company

# What other companies' programs and browsers call by themselves; no page, form or session is behind it.
MACHINES = ("webhooks", "reports")


@dataclass(frozen=True)
class Things:
    """One of everything that an address can name, of one company. A route with an argument that is not here
    fails the crawl: add the argument and what it stands for."""

    link_id: str
    product_id: str
    connection_id: str
    hub_id: str
    run_id: str
    problem_id: str
    choice_id: str
    proof_id: str
    grant_id: str
    tenant_id: str
    user_id: str
    invitation_id: str
    rule_id: str
    notice_id: str
    token_id: str
    report_id: str
    delivery_id: str
    # Of a mail's link, and of a webhook's address: nobody has it.
    token: str = "no-such-token"
    # Of an order, which nobody has either.
    number: str = "no-such-number"
    check: str = "sku"
    key: str = "sku"
    platform: str = "leaflink"
    filename: str = "css/base.css"
    channel: str = "webhook"


def things(sessions: Sessions, company: Company, *, mark: str = "Harbor Wellness") -> Things:
    """Make one of everything; what pages would show of it holds the mark."""
    agent = factory.user(sessions, name="Sam Agent", staff_role="support")
    member = factory.member(sessions, company, "viewer", name=mark)
    with sessions.tenant(company.id) as opened:
        link = factory.order(opened, company, label=mark, state="stuck", decision_text=mark)
        factory.event(opened, link, mark)
        delivery = factory.delivery(opened, link, outcome_text=mark)
        factory.operation(opened, link, why=mark, prompted_by=mark, changes=[[mark, mark, mark]])
        factory.line(opened, company, mark, link_id=link.id)
        product = shelves.product(
            opened, company, f"SKU {mark}", name=mark, state="stuck", decision_text=mark
        )
        run = factory.run(opened, company, worker=mark)
        problem = factory.problem(opened, link, title=mark)
        chosen = choices.choice(opened, company, problem, made_by=mark)
        proof = factory.proof(opened, company)
        grant, invitation = _admitted(company, agent, mark)
        rule = notified.rule(opened, company, made_by=mark)
        notice = notified.notice(opened, rule, mark)
        token, _ = tokens.make(opened, company.id, name=mark, days=1, maker_id=member.id, made_by=mark)
        report = compared.report(opened, company, mark)
        opened.add_all((grant, invitation))
        opened.flush()
        return Things(
            link_id=str(link.id),
            product_id=str(product.id),
            connection_id=str(company.connection_id),
            hub_id=str(company.hub_id),
            run_id=str(run.id),
            problem_id=str(problem.id),
            choice_id=str(chosen.id),
            proof_id=str(proof.id),
            grant_id=str(grant.id),
            tenant_id=str(company.id),
            user_id=str(member.id),
            invitation_id=str(invitation.id),
            rule_id=str(rule.id),
            notice_id=str(notice.id),
            token_id=str(token.id),
            report_id=str(report.id),
            delivery_id=str(delivery.id),
        )


def _admitted(company: Company, agent: User, mark: str) -> tuple[Grant, Invitation]:
    """What lets somebody into a company: a grant, and an invitation."""
    grant = Grant(
        tenant_id=company.id, agent_id=agent.id, agent_name=mark, kind="support", reason=mark, minutes=30
    )
    invitation = Invitation(
        tenant_id=company.id,
        email=f"{company.slug}@example.com",
        role="viewer",
        token_hash=company.id.bytes,
        invited_by=mark,
        expires_at=utc_now() + timedelta(hours=1),
    )
    return grant, invitation


def token_of(visitor: Visitor) -> str:
    """A token that is good in the visitor's session, signed in or not."""
    with visitor.client.session_transaction() as held:
        raw = held.get("csrf_token")
    app = visitor.client.application
    with app.test_request_context():
        if raw:
            session["csrf_token"] = raw
        token = generate_csrf()
        raw = session["csrf_token"]
    with visitor.client.session_transaction() as held:
        held["csrf_token"] = raw
    return str(token)


@dataclass(frozen=True)
class Asked:
    """One method of one route, at an address."""

    rule: Rule
    method: str
    address: str

    def __str__(self) -> str:
        return f"{self.method} {self.address} ({self.rule.endpoint})"


def rules(app: Flask) -> list[Rule]:
    """Every route of pages."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in MACHINES]


def addresses(app: Flask, slug: str, known: Things, *, of_tenants: bool | None = None) -> list[Asked]:
    """Every route, each with things that are there; or only those inside a company, or only the others."""
    return [
        Asked(rule, method, build(app, rule, slug, known))
        for rule in rules(app)
        if of_tenants is None or of_tenants == ("slug" in rule.arguments)
        for method in methods(rule)
    ]


def methods(rule: Rule) -> list[str]:
    """What a route takes, but what Flask adds to each."""
    return sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})


def build(app: Flask, rule: Rule, slug: str, known: Things, changed: Mapping[str, str] | None = None) -> str:
    """A route's address; some of its arguments may be others."""
    address: str = app.url_map.bind("localhost").build(
        rule.endpoint, {**values(rule, slug, known), **(changed or {})}
    )
    return address


def values(rule: Rule, slug: str, known: Things) -> dict[str, str]:
    """What stands for each argument of a route."""
    registered = {field.name: getattr(known, field.name) for field in fields(known)} | {"slug": slug}
    missing = rule.arguments - registered.keys()
    assert not missing, f"{rule}: say in tests/web/crawl.py what stands for {', '.join(sorted(missing))}"
    return {name: registered[name] for name in rule.arguments}


def planted(app: Flask, rule: Rule, slug: str, known: Things, changed: Mapping[str, str]) -> str:
    """A route's address with raw text in place of some arguments, whatever its converter thinks of it."""
    marks = {name: f"00000000-0000-4000-8000-{number:012}" for number, name in enumerate(changed, 1)}
    address = build(app, rule, slug, known, marks)
    for name, mark in marks.items():
        address = address.replace(mark, changed[name])
    return address


def source(app: Flask, rule: Rule) -> str:
    """The text of the module that answers a route."""
    module = inspect.getmodule(inspect.unwrap(app.view_functions[rule.endpoint]))
    return inspect.getsource(module) if module else ""


def parameters(app: Flask, rule: Rule) -> list[str]:
    """What a route's module reads of a query, as written there."""
    return sorted({*_read_by(source(app, rule)), *EVERYWHERE})


# Read by paging, guards and shell, of every page.
EVERYWHERE = ("after", "before", "next", "page")
_READERS = ("get", "getlist", "integer", "words")


def _read_by(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        called = isinstance(node, ast.Call) and re.search(r"\w+$", ast.unparse(node.func))
        if called and called[0] in _READERS:
            first: Any = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
