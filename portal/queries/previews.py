"""Previews for pages: the last one of a connection, its rows, and how far the first sync has come with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, tuple_
from sqlalchemy.orm import Session

from portal.models import PREVIEW_KINDS, Preview, PreviewRow
from portal.queries.search import normalise

THINGS = ("item", "order")
_PAGE = 500


@dataclass(frozen=True)
class Filters:
    """What a list shows; empty means everything."""

    q: str = ""
    kind: str = ""
    thing: str = ""

    @property
    def any(self) -> bool:
        """Say whether something is left out."""
        return self != Filters()


@dataclass(frozen=True)
class Page:
    """One page of rows, and whether there is more behind its last row."""

    rows: Sequence[PreviewRow]
    more: bool


@dataclass(frozen=True)
class FirstSync:
    """How far a first sync has come: things that are written, of all that its preview showed; writes that
    were made and that are left; things by the state that they are in now; and writes of the last minute, None
    while it has not gone on for one."""

    done: int
    total: int
    written: int
    refused: int
    left: Mapping[str, int]
    states: Mapping[str, int]
    lately: int | None


def last(session: Session, tenant_id: UUID, connection_id: UUID) -> Preview | None:
    """Read the newest preview of a connection."""
    query = select(Preview).where(Preview.tenant_id == tenant_id, Preview.connection_id == connection_id)
    return session.scalar(query.order_by(Preview.created_at.desc()).limit(1))


def approved(session: Session, tenant_id: UUID, connection_id: UUID) -> Preview | None:
    """Read the preview that somebody went live with."""
    query = select(Preview).where(Preview.tenant_id == tenant_id, Preview.connection_id == connection_id)
    return session.scalar(
        query.where(Preview.approved_at.is_not(None)).order_by(Preview.approved_at.desc()).limit(1)
    )


def one_row(session: Session, tenant_id: UUID, preview_id: UUID, row_id: UUID) -> PreviewRow | None:
    """Read one row of a preview."""
    query = select(PreviewRow).where(PreviewRow.tenant_id == tenant_id, PreviewRow.id == row_id)
    return session.scalar(query.where(PreviewRow.preview_id == preview_id))


def so_far(session: Session, preview: Preview) -> Mapping[str, int]:
    """Count what was gone through: {"order": 40, "item": 200}."""
    rows = session.execute(
        select(PreviewRow.thing, func.count())
        .where(PreviewRow.preview_id == preview.id)
        .group_by(PreviewRow.thing)
    )
    return dict(rows.all())


def page(
    session: Session,
    preview: Preview,
    filters: Filters,
    *,
    after: tuple[str, str] | None,
    size: int = 50,
) -> Page:
    """Read one page of rows, products before orders, from behind the given thing and subject."""
    order = (PreviewRow.thing, PreviewRow.subject)
    query = select(PreviewRow).where(*_conditions(preview, filters)).order_by(*order).limit(size + 1)
    if after is not None:
        query = query.where(tuple_(*order) > after)
    rows = session.scalars(query).all()
    return Page(rows[:size], len(rows) > size)


def every(session: Session, preview: Preview, filters: Filters) -> Iterator[PreviewRow]:
    """Read all rows, page by page."""
    after: tuple[str, str] | None = None
    while True:
        found = page(session, preview, filters, after=after, size=_PAGE)
        yield from found.rows
        if not found.more:
            return
        after = found.rows[-1].thing, found.rows[-1].subject


def _conditions(preview: Preview, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [PreviewRow.preview_id == preview.id]
    if filters.kind in PREVIEW_KINDS:
        conditions.append(PreviewRow.kind == filters.kind)
    if filters.thing in THINGS:
        conditions.append(PreviewRow.thing == filters.thing)
    if filters.q:
        # A word that begins so, of one preview's rows only.
        typed = f" {normalise(filters.q)}"
        conditions.append(func.strpos(func.concat(" ", PreviewRow.words), typed) > 0)
    return conditions


_STANDING = text(
    """
    WITH planned AS (
        SELECT thing, subject, acts FROM preview_row
        WHERE preview_id = :preview AND acts <> '[]'::jsonb
    ), looked AS (
        SELECT planned.acts, link.state,
            -- What was tried alone before is done, and nobody looks at it again for the first sync.
            coalesce((link.looked_at >= :since OR link.tried_until IS NOT NULL)
                AND link.due_at IS NULL AND link.lease_until IS NULL
                -- What was held back, by a pause or the guard, waits.
                AND link.state NOT IN ('new', 'waiting'), false) AS done
        FROM planned LEFT JOIN link ON link.connection_id = :connection AND link.kind = planned.thing
            AND link.foreign_id = planned.subject
    )
    SELECT done, CASE WHEN done THEN state ELSE 'waiting' END, count(*),
        coalesce(sum((SELECT count(*) FROM jsonb_array_elements(acts) AS act
            WHERE act ->> 'side' = 'platform')) FILTER (WHERE NOT done), 0),
        coalesce(sum((SELECT count(*) FROM jsonb_array_elements(acts) AS act
            WHERE act ->> 'side' = 'flourish')) FILTER (WHERE NOT done), 0)
    FROM looked GROUP BY 1, 2
    """
)
_WRITTEN = text(
    """
    SELECT count(*) FILTER (WHERE status = 'ok'), count(*) FILTER (WHERE status = 'refused'),
        CASE WHEN :since < now() - interval '1 minute'
            THEN count(*) FILTER (WHERE finished_at > now() - interval '1 minute') END
    FROM operation WHERE connection_id = :connection AND intent_at >= :since
    """
)


def first_sync(session: Session, preview: Preview) -> FirstSync:
    """Count how far the first sync has come with what its preview showed.

    Args:
        session: a session inside the tenant.
        preview: one that was approved.
    """
    values = {
        "preview": preview.id,
        "connection": preview.connection_id,
        "since": preview.approved_at,
    }
    rows = session.execute(_STANDING, values).all()
    written, refused, lately = session.execute(_WRITTEN, values).one()
    return FirstSync(
        done=sum(number for done, _, number, *_ in rows if done),
        total=sum(number for _, _, number, *_ in rows),
        written=written,
        refused=refused,
        left={
            "platform": int(sum(row[3] for row in rows)),
            "flourish": int(sum(row[4] for row in rows)),
        },
        states={state: number for _, state, number, *_ in rows},
        lately=lately,
    )
