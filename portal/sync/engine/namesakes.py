"""Namesakes: products that a shop shows under one name, so that shoppers cannot tell them apart (AQ-4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.models import Connection
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.engine import shop_reading

CODE = "names_shared"
# So many names are given as examples, and so many SKUs of each.
_MOST_SHOWN = 10

# As shoppers see them: letter case and spaces at the ends tell nothing apart.
_SHARED = text(
    """
    SELECT min(name) AS name, (array_agg(sku ORDER BY sku_key))[1:CAST(:most AS integer)] AS skus,
           count(*) AS named, count(*) OVER () AS number
    FROM product
    WHERE connection_id = :connection AND gone_at IS NULL AND facts ->> 'listed' = 'true'
      AND btrim(name) <> ''
    GROUP BY lower(btrim(name)) HAVING count(DISTINCT sku_key) > 1
    ORDER BY lower(btrim(name)) LIMIT :most
    """
)


def report(session: Session, connection: Connection) -> None:
    """Open or close the one problem of a shop's products that share a name.

    Args:
        session: a session inside the tenant.
        connection: one whose both sides were just compared; of a platform that is no shop, nothing is said.
    """
    if not shop_reading.is_asked_by(connection):
        return
    shared = session.execute(_SHARED, {"connection": connection.id, "most": _MOST_SHOWN}).all()
    found = (_finding(shared),) if shared else ()
    journal.report(session, connection, found, code=CODE, solved="Each has a name of its own now.")


def _finding(shared: Sequence[Row[Any]]) -> Finding:
    number = shared[0].number
    names = "One name is" if number == 1 else f"{number} names are"
    said = "; ".join(f"{row.name}: {', '.join(row.skus)}{_more(row)}" for row in shared)
    return Finding(
        "names_shared",
        f"{names} on the menu for several SKUs",
        "Give each item an e-commerce name of its own in Flourish.",
        text=f"{said}{'; and more' if number > len(shared) else ''}.",
    )


def _more(row: Row[Any]) -> str:
    left = row.named - len(row.skus)
    return f" and {left:,} more" if left else ""
