"""The export of a company: all that Trellis keeps of it, as a ZIP of JSON lines with a README in words.

Left out is what would let somebody in or is nobody's data: sealed credentials, digests of tokens, the ends
of the audit's chain. Rows are written as they are read: a large company takes no more memory than
a small one.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from sqlalchemy import LargeBinary, Table, select
from sqlalchemy.orm import Session

from portal.models import AuditEvent, Membership, Tenant, User, owned_tables, utc_now
from portal.sync import sealed
from portal.sync.engine.desk import Desk

_PAGE = 500
# What is left out of a table beside its bytes: ids of keys, and the worker's own bookkeeping.
_LEFT_OUT = {"secret.key_id"}

_README = """Everything that Trellis keeps of {name} ({slug}), written on {at:%Y-%m-%d %H:%M} UTC.

Each file holds one kind of thing, one JSON object a line, in UTF-8. Times are in UTC, amounts of money are
texts, so that no digit is lost, and ids join the files.

{files}

Left out: stored credentials (of each only its last four characters, when it was set and by whom), and the
digests by which links and tokens are recognised. Rows that changed while this was written may be in one file
as they were before, in another as they were after.
"""
_WORDS = {
    "tenant": "the company itself",
    "member": "who belongs to it, with role and address",
    "audit_event": "who did what",
    "hub": "connections to Flourish",
    "facility": "facilities at Flourish",
    "connection": "connections to sales platforms",
    "secret": "which credentials are stored, without them",
    "link": "orders and items: each joins one at the platform and one in Flourish",
    "item": "Flourish's items, as last read",
    "product": "the platforms' products, as last read",
    "pulled_row": "rows of lists that are being read now",
    "check_result": "what each check of a connection last found",
    "check_change": "how that changed",
    "waiver": "checks that people waived, and why",
    "matched_key": "keys by which both sides were matched, and how many of what",
    "match_row": "what each thing was matched with, as last read",
    "match_file": "decisions of files that were looked through and not applied yet",
    "alias": "values that people said are one, until it was undone",
    "exclusion": "values that people left out, until it was undone",
    "hold": "what orders of shops keep back of each item",
    "search_term": "words by which orders are found",
    "operation": "writes to Flourish and to platforms",
    "timeline_event": "what happened to each order",
    "problem": "problems, open and closed",
    "problem_act": "what people did about them",
    "problem_choice": "problems that people chose for an act at once, for a month",
    "delivery": "webhooks that came in; their bodies for as long as they are kept",
    "run": "stretches of work",
    "log_line": "the connections' logs",
    "stream": "lists that are polled",
    "preview": "previews of a first sync",
    "preview_row": "what they found for each product and order",
    "reconciliation": "reports that compared both sides",
    "reconciliation_row": "what of them did not agree",
    "proof": "checks, and what they found",
    "notice_rule": "who is told what, and where",
    "notice": "messages that told it",
    "notice_attempt": "each try to send one",
    "api_token": "tokens of programs that read it, without the tokens",
    "invitation": "invitations",
    "support_grant": "access of Trellis's own people",
}


def write(desk: Desk, tenant_id: UUID, into: IO[bytes]) -> int:
    """Write the export of a company.

    Args:
        desk: what to work with.
        tenant_id: the company.
        into: a file to write to, which need not be one that can be sought in.

    Returns:
        How many rows there are in it.
    """
    rows: dict[str, int] = {}
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        with desk.sessions.tenant(tenant_id) as session:
            company = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
            for name, query in _queries(tenant_id):
                with archive.open(f"{name}.jsonl", "w", force_zip64=True) as file:
                    rows[name] = sum(file.write(line) > 0 for line in _lines(session, query))
        files = "\n".join(f"{name}.jsonl: {_WORDS.get(name, name)}, {rows[name]:,} rows" for name in rows)
        readme = _README.format(name=company.name, slug=company.slug, at=utc_now(), files=files)
        archive.writestr("README.txt", readme)
    return sum(rows.values())


def _queries(tenant_id: UUID) -> Iterator[tuple[str, Any]]:
    """What is exported, by the name of its file."""
    yield "tenant", select(*_told(_table(Tenant))).where(Tenant.id == tenant_id)
    yield (
        "member",
        select(User.id, User.name, User.email, Membership.role, Membership.created_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id),
    )
    audit = _table(AuditEvent)
    yield "audit_event", select(*_told(audit)).where(audit.c.chain == tenant_id).order_by(audit.c.seq)
    for table in owned_tables():
        if table.name != "membership":
            key = table.primary_key.columns
            yield table.name, select(*_told(table)).where(table.c.tenant_id == tenant_id).order_by(*key)


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _told(table: Table) -> list[Any]:
    """The columns that are exported: all but sealed values and digests."""
    return [
        column
        for column in table.c
        if str(column) not in _LEFT_OUT
        and (not isinstance(column.type, LargeBinary) or str(column) in sealed.TEXTS)
    ]


def _lines(session: Session, query: Any) -> Iterator[bytes]:
    for row in session.execute(query, execution_options={"yield_per": _PAGE}):
        yield json.dumps(dict(row._mapping), default=_plain, ensure_ascii=False).encode("utf-8") + b"\n"  # noqa: SLF001


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
