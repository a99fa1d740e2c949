"""`trellis connection rules`, `set` and `reset`: what a company chose for a connection."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli import accounts
from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.models import Connection
from portal.sync import queues, rules
from portal.sync.entered import Setting
from portal.sync.registry import platform as platform_by_key

connection = accounts.connection
of_tenant = click.option("--tenant", "slug", required=True, help="The tenant's slug.")


@connection.command("rules")
@of_tenant
@click.argument("name")
def show_rules(slug: str, name: str) -> None:
    """Show the rules of a connection as JSON, each with what it may be and what it brings about."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = connection_named(session, name)
        platform = platform_by_key(row.platform)
        chosen = platform.chosen(row.settings)
        show([_row(one, chosen[one.name], own=one.name in row.settings) for one in platform.settings])


def _row(setting: Setting, value: Any, *, own: bool) -> dict[str, Any]:
    shown = {"name": setting.name, "label": setting.label, "value": value, "chosen": own}
    may_be = {"keys": list(setting.keys), "choices": list(setting.choices)}
    return shown | {name: texts for name, texts in may_be.items() if texts} | {"does": setting.consequence}


@connection.command("set")
@of_tenant
@click.argument("name")
@click.argument("rule")
@click.argument("values", nargs=-1)
def set_rule(slug: str, name: str, rule: str, values: tuple[str, ...]) -> None:
    """Set a rule of a connection: one value; several for a choice of many; for a table LEFT=RIGHT for
    each row, and its other rows are dropped."""
    _change(slug, name, rule, values)


@connection.command("reset")
@of_tenant
@click.argument("name")
@click.argument("rule")
def reset_rule(slug: str, name: str, rule: str) -> None:
    """Give a rule of a connection its default again."""
    _change(slug, name, rule, None)


def _change(slug: str, name: str, rule: str, values: tuple[str, ...] | None) -> None:
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = connection_named(session, name)
        setting = _setting(row, rule)
        try:
            value = setting.default if values is None else rules.parse(setting, values)
        except rules.WrongValue as error:
            raise Refused(f"{setting.label}: {error}") from error
        changed = rules.change(session, opened.settings.master_keys, row, {rule: value}, actor=ACTOR)
    queues.ring(opened.redis)
    show({"connection": name, "rule": rule, "value": value, "changed": bool(changed)})


def connection_named(session: Session, name: str) -> Connection:
    """Find a connection by its name, or end the command."""
    row = session.scalar(select(Connection).where(Connection.name == name))
    if row is None:
        raise Refused(f"There is no connection {name!r}; `trellis connection list` names them.")
    return row


def _setting(row: Connection, rule: str) -> Setting:
    settings = platform_by_key(row.platform).settings
    found = next((one for one in settings if one.name == rule), None)
    if found is None:
        raise Refused(f"There is no rule {rule!r}; there is: {', '.join(one.name for one in settings)}.")
    return found
