"""Rows: what a preview found, kept by COPY, and counted when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, func, select, text
from sqlalchemy.orm import Session

from portal.models import Preview, PreviewRow, new_id
from portal.queries.search import normalise
from portal.sync.catalogues import Catalogue
from portal.sync.engine.bulk import copy_in
from portal.sync.engine.held import OF_LOT, Promises, gathered
from portal.sync.preview.rehearsal import Rehearsed

_COLUMNS = {
    "id": "uuid",
    "tenant_id": "uuid",
    "preview_id": "uuid",
    "thing": "text",
    "subject": "text",
    "label": "text",
    "words": "text",
    "kind": "text",
    "code": "text",
    "sentence": "text",
    "next_step": "text",
    "acts": "jsonb",
    "changes": "jsonb",
    "drops": "boolean",
    "fingerprint": "text",
    "holds": "jsonb",
}
# Rehearsed again, after a worker died, a thing has one row still.
_TAKE_OVER = """
INSERT INTO preview_row (id, tenant_id, preview_id, thing, subject, label, words, kind, code, sentence,
    next_step, acts, changes, drops, fingerprint, holds)
SELECT id, tenant_id, preview_id, thing, subject, label, words, kind, code, sentence,
    next_step, acts, changes, drops, fingerprint, holds FROM incoming_preview_row
ON CONFLICT (preview_id, thing, subject) DO NOTHING
"""


@dataclass(frozen=True)
class Found:
    """What was found of one thing.

    Args:
        thing: "item" or "order".
        subject: the SKU, or the platform's id of the order.
        label: as people call it.
        rehearsed: what a look at it would do.
        name: what else people call it, for the search.
        fingerprint: of what was known of a SKU.
        holds: what an order holds of the stock.
    """

    thing: str
    subject: str
    label: str
    rehearsed: Rehearsed
    name: str = ""
    fingerprint: str = ""
    holds: Mapping[str, str] | None = None


def store(session: Session, preview: Preview, found: Iterable[Found], catalogue: Catalogue | None) -> None:
    """Keep what was found.

    Args:
        session: a session inside the tenant.
        preview: the preview.
        found: of things that it has no row of yet; others are left as they are.
        catalogue: what the platform declares of its products' fields: names, and where each comes from.
    """
    fields = {one.name: one for one in catalogue.fields} if catalogue else {}
    rows = (
        (
            new_id(),
            preview.tenant_id,
            preview.id,
            one.thing,
            one.subject,
            one.label[:200],
            normalise(f"{one.label} {one.name}"),
            one.rehearsed.kind,
            one.rehearsed.decision.code,
            _sentence(one.rehearsed),
            one.rehearsed.decision.next_step,
            [act.shown() for act in one.rehearsed.acts],
            [
                [fields[name].label, before, after, fields[name].source]
                if name in fields
                else [name.replace("_", " ").capitalize(), before, after, "the connection's rules"]
                for name, before, after in one.rehearsed.changes
            ],
            one.rehearsed.drops,
            one.fingerprint,
            dict(one.holds) if one.holds else None,
        )
        for one in found
    )
    driver = copy_in(session, "incoming_preview_row", _COLUMNS, rows)
    driver.execute(_TAKE_OVER)


def _sentence(rehearsed: Rehearsed) -> str:
    """Why it is written, or left; and how it ends where that is with a person."""
    first, last = rehearsed.first, rehearsed.decision
    if not rehearsed.acts or last.state != "stuck":
        return first.sentence
    return f"{first.sentence} Then: {last.sentence}"


_MADE = text(
    """
    SELECT act ->> 'kind', act ->> 'key', act ->> 'name'
    FROM preview_row, jsonb_array_elements(preview_row.acts) AS act
    WHERE preview_row.preview_id = :preview AND act ->> 'kind' IN ('create_strain', 'create_destination')
    """
)


def made(session: Session, preview_id: UUID) -> tuple[list[str], dict[str, str]]:
    """What was captured so far that is made once: names of strains, and of destinations by license."""
    strains: list[str] = []
    destinations: dict[str, str] = {}
    for kind, key, name in session.execute(_MADE, {"preview": preview_id}):
        if kind == "create_strain":
            strains.append(name)
        else:
            destinations[key.partition(":")[2]] = name
    return strains, destinations


_HELD = text(
    """
    SELECT split_part(held.key, :of_lot, 1), split_part(held.key, :of_lot, 2), sum(held.value::numeric)
    FROM preview_row, jsonb_each_text(preview_row.holds) AS held
    WHERE preview_row.preview_id = :preview AND preview_row.holds IS NOT NULL
      AND split_part(held.key, :of_lot, 1) = ANY(:skus)
    GROUP BY 1, 2
    """
).bindparams(bindparam("skus", type_=ARRAY(Text)), of_lot=OF_LOT)


def promised(session: Session, preview_id: UUID, skus: Sequence[str]) -> Promises:
    """Units of these SKUs that rehearsed orders hold."""
    return gathered(session.execute(_HELD, {"preview": preview_id, "skus": list(skus)}).all())


_ACTS = text(
    """
    SELECT act ->> 'kind', act ->> 'side', count(*)
    FROM preview_row, jsonb_array_elements(preview_row.acts) AS act
    WHERE preview_row.preview_id = :preview GROUP BY 1, 2
    """
)


def counted(session: Session, preview: Preview) -> dict[str, Any]:
    """Count what was found: {"kinds": {"item create": 12}, "acts": {"create_product": 12}, "calls":
    {"platform": 640}, "drops": 3}. Calls are what the first sync makes: its writes, and what it must ask."""
    of = PreviewRow.preview_id == preview.id
    kinds = session.execute(
        select(PreviewRow.thing, PreviewRow.kind, func.count())
        .where(of)
        .group_by(PreviewRow.thing, PreviewRow.kind)
    )
    acts = session.execute(_ACTS, {"preview": preview.id}).all()
    calls: Counter[str] = Counter({name: int(number) for name, number in preview.reads.items()})
    by_kind: Counter[str] = Counter()
    for name, where, number in acts:
        calls[where] += number
        by_kind[name] += number
    drops = session.scalar(select(func.count()).where(of, PreviewRow.drops))
    return {
        "kinds": {f"{thing} {what}": number for thing, what, number in kinds},
        "acts": dict(by_kind),
        "calls": dict(calls),
        "drops": drops or 0,
    }
