"""`trellis orders`, `order`, `problems` and `runs`: what the pages show of a company, at a terminal.

With --json as the API tells it (portal/shapes.py); personal data is hidden in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import click
from sqlalchemy.orm import Session

from portal.cli.opening import Refused, desk, show, tenant_named
from portal.cli.rules import of_tenant
from portal.live import order as order_pages
from portal.live.ticket import ticket
from portal.logs import one_line
from portal.queries import orders as order_queries
from portal.queries import problems as problem_queries
from portal.queries import runs as run_queries
from portal.shapes import OrderSummary, Problem, Run, Shape, event, order_summary
from portal.shapes import order as told_order
from portal.sync.engine.desk import Desk

as_json = click.option("--json", "json", is_flag=True, help="As the API tells it.")
limit = click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
Cells = Sequence[object]
Told = TypeVar("Told", bound=Shape)


@click.group()
def orders() -> None:
    """Find the orders of a company."""


@click.group()
def order() -> None:
    """Look at one order of a company."""


@click.group()
def problems() -> None:
    """Look at what somebody of a company has to decide or fix."""


@click.group()
def runs() -> None:
    """Look at what the workers did for a company."""


@orders.command("find")
@of_tenant
@as_json
@limit
@click.argument("number")
def find(slug: str, number: str, *, json: bool, limit: int) -> None:
    """Find orders by a number, SKU, license or customer, or how one begins; newest first."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        filters = order_queries.Filters(q=number)
        page = order_queries.page(session, tenant_id, filters, after=None, size=limit)
        found = [order_summary(row) for row in page.rows]
    if not found:
        raise Refused(f"No order of {slug} is found by {one_line(number)!r}.")
    _list(found, _order_cells, json=json, more=page.more)


@order.command("show")
@of_tenant
@as_json
@click.argument("number")
def show_order(slug: str, number: str, *, json: bool) -> None:
    """Show one order with its timeline, by its number on either side or by its id."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        link_id = _order_named(session, tenant_id, number)
        view = order_pages.view(session, tenant_id, link_id) if link_id else None
        if view is None or link_id is None:
            raise Refused(f"No order of {slug} has the number {one_line(number)!r}: `trellis orders find`.")
        events = order_queries.story(session, tenant_id, link_id)
    if json:
        timeline = [event(row).model_dump(mode="json") for row in events]
        show({**told_order(view).model_dump(mode="json"), "timeline": timeline})
        return
    text = ticket(view, events, _address(opened, slug, link_id))
    click.echo("\n".join(one_line(line) for line in text.split("\n")))


@problems.command("list")
@of_tenant
@as_json
@limit
@click.option("--state", type=click.Choice(problem_queries.STATES), default="open", show_default=True)
@click.option("--code", default="", help="Those of one kind, such as sku_unknown.")
@click.option("--cause", help="What sets one apart from others of its code, such as a SKU.")
def list_problems(slug: str, *, json: bool, limit: int, state: str, code: str, cause: str | None) -> None:
    """List problems, newest first."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        filters = problem_queries.Filters(state=state, code=code, cause=cause)
        rows, more = problem_queries.page(session, tenant_id, filters, size=limit)
        found = [Problem.model_validate(row) for row in rows]
    _list(found, _problem_cells, json=json, more=more)


@runs.command("list")
@of_tenant
@as_json
@limit
def list_runs(slug: str, *, json: bool, limit: int) -> None:
    """List runs, newest first."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        rows, more = run_queries.page(session, tenant_id, after=None, size=limit)
        found = [Run.model_validate(row) for row in rows]
    _list(found, _run_cells, json=json, more=more)


def _order_named(session: Session, tenant_id: UUID, number: str) -> UUID | None:
    try:
        return UUID(number)
    except ValueError:
        return order_queries.numbered(session, tenant_id, number)


def _address(opened: Desk, slug: str, link_id: UUID) -> str:
    return f"{opened.settings.public_url}/t/{slug}/orders/{link_id}"


def _order_cells(one: OrderSummary) -> Cells:
    return (one.number, one.place, _at(one.placed_at), one.flourish_id or "-", one.decision or one.state)


def _problem_cells(one: Problem) -> Cells:
    return (_at(one.opened_at), one.code, one.who, one.title, one.next_step)


def _run_cells(one: Run) -> Cells:
    counts = ", ".join(f"{number} {name}" for name, number in one.counts.items())
    return (_at(one.started_at), one.kind, one.state, counts or "-")


def _list(found: Sequence[Told], cells: Callable[[Told], Cells], *, json: bool, more: bool) -> None:
    """Print rows in columns, or as JSON; that there are more is said beside the output."""
    if json:
        show([one.model_dump(mode="json") for one in found])
    else:
        _print_columns([[one_line(str(cell)) for cell in cells(one)] for one in found])
    if more:
        click.echo("There are more: raise --limit, or ask for fewer.", err=True)


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
