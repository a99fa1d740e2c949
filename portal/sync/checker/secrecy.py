"""Credentials in plain text (I13): every text of a tenant's rows is searched for every secret of theirs.

The secrets are opened in memory and compared there; none is ever sent to the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import LargeBinary, Table, Text, cast, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Secret, owned_tables
from portal.sync import secrets
from portal.sync.checker.place import Place
from portal.sync.checker.report import CounterExample, Seen, seen
from portal.sync.entered import CredentialField
from portal.sync.flourish import FLOURISH
from portal.sync.registry import platform as platform_by_key

# Shorter ones would be found in any text.
_SHORTEST = 6
_PAGE = 500
# Bytes that are no text: digests, and what is encrypted.
_NOT_TEXT = frozenset({"ciphertext", "dedupe_key", "webhook_token_hash"})


def secrets_kept(session: Session, place: Place, keys: Mapping[str, bytes]) -> Seen:
    """I13: no stored credential stands in plain text in a row of its tenant.

    Args:
        session: a session inside the tenant.
        place: the tenant.
        keys: the master keys.
    """
    needles, unopened = _needles(session, place, keys)
    looked, wrong = 0, list(unopened)
    for table in _tables():
        for name, row in _rows(session, table):
            looked += 1
            shown = [column for column, held in row.items() if any(_stands_in(held, one) for one in needles)]
            if shown:
                columns = ", ".join(shown)
                wrong.append(
                    CounterExample(
                        f"{table.name} {name}", f"a credential stands in {columns}", place.page("connections")
                    )
                )
    return seen(looked, wrong)


def _needles(
    session: Session, place: Place, keys: Mapping[str, bytes]
) -> tuple[list[str], list[CounterExample]]:
    """The tenant's secrets in plain text, and those that cannot be opened to look for them."""
    open_fields = _fields_that_are_no_secret(session)
    needles: list[str] = []
    unopened: list[CounterExample] = []
    for row in session.scalars(select(Secret)):
        if row.field in open_fields.get(row.owner_id, frozenset()):
            continue
        try:
            plain = secrets.open_sealed(
                keys,
                row.ciphertext,
                tenant_id=str(row.tenant_id),
                owner_id=str(row.owner_id),
                field=row.field,
            )
        except secrets.CannotOpen as error:
            wrong = f"it cannot be opened, so nobody can look for it: {error}"
            unopened.append(CounterExample(f"secret {row.field}", wrong, place.page("connections")))
            continue
        if len(plain) >= _SHORTEST:
            needles.append(plain)
    return needles, unopened


def _fields_that_are_no_secret(session: Session) -> dict[Any, frozenset[str]]:
    fields = {hub_id: _shown(FLOURISH.credentials) for hub_id in session.scalars(select(Hub.id))}
    for connection_id, key in session.execute(select(Connection.id, Connection.platform)):
        fields[connection_id] = _shown(platform_by_key(key).credentials)
    return fields


def _shown(fields: tuple[CredentialField, ...]) -> frozenset[str]:
    return frozenset(field.name for field in fields if not field.secret)


def _tables() -> list[Table]:
    """The tables of a tenant; who belongs to it is no text of its own."""
    return [table for table in owned_tables() if table.name != "membership"]


def _rows(session: Session, table: Table) -> Iterator[tuple[str, dict[str, str | bytes]]]:
    """Every row of a table, page by page: its key, and its texts by column."""
    texts = [column for column in table.c if _is_text(column)]
    if not texts:
        return
    key = tuple(table.primary_key.columns)
    query = select(
        *(column.label(f"key_{column.name}") for column in key),
        *(cast(column, Text) if isinstance(column.type, JSONB) else column for column in texts),
    ).order_by(*key)
    for row in session.execute(query, execution_options={"yield_per": _PAGE}):
        held = dict(zip((column.name for column in texts), row[len(key) :], strict=True))
        yield (
            " ".join(str(part) for part in row[: len(key)]),
            {name: value for name, value in held.items() if value},
        )


def _is_text(column: Any) -> bool:
    return isinstance(column.type, (Text, JSONB, LargeBinary)) and column.name not in _NOT_TEXT


def _stands_in(held: str | bytes, secret: str) -> bool:
    """Whether a secret stands in a text, as it is or as JSON writes it."""
    forms = {secret, json.dumps(secret)[1:-1]}
    if isinstance(held, bytes):
        return any(form.encode() in held for form in forms)
    return any(form in held for form in forms)
