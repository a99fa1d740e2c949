"""`trellis audit`: whether the record of acts is whole, and what it says."""

from __future__ import annotations

from uuid import UUID

import click
from sqlalchemy import select, union

from portal.cli.opening import Refused, desk, show, tenant_named
from portal.models import INSTALLATION_CHAIN, AuditEvent, AuditHead, Tenant
from portal.sync.audit import anchors
from portal.sync.audit.verify import Verdict, verify
from portal.sync.engine.desk import Desk

INSTALLATION = "installation"
_chain = click.option("--tenant", "slug", default="", help='The tenant\'s slug; or "installation".')
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def audit() -> None:
    """Who did what: kept append-only, each act chained to the one before it."""


@audit.command("verify")
@_chain
@_json
def verify_chains(slug: str, *, as_json: bool) -> None:
    """Read every chain through, and say what was done to it and where; exits 1 if something was."""
    opened = desk()
    names = _named(opened, slug) if slug else _all_chains(opened)
    verdicts = {name: _verified(opened, chain) for name, chain in names.items()}
    if as_json:
        show({name: _shown(verdict) for name, verdict in verdicts.items()})
    else:
        for name, verdict in verdicts.items():
            _print(name, verdict)
    if any(verdict.tampers for verdict in verdicts.values()):
        raise SystemExit(1)


@audit.command("show")
@click.option("--tenant", "slug", required=True, help='The tenant\'s slug; or "installation".')
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 10_000))
def show_acts(slug: str, last: int) -> None:
    """Show the last acts as JSON, newest first."""
    opened = desk()
    (chain,) = _named(opened, slug).values()
    with opened.sessions.system() as session:
        newest = select(AuditEvent).where(AuditEvent.chain == chain).order_by(AuditEvent.seq.desc())
        rows = session.scalars(newest.limit(last)).all()
    show(
        [
            {
                "seq": row.seq,
                "at": row.at,
                "actor": row.actor,
                "role": row.role,
                "action": row.action,
                "subject": row.subject,
                "detail": row.detail,
                "network": row.address,
                "reference": row.reference,
            }
            for row in rows
        ]
    )


@audit.command("anchor")
def anchor() -> None:
    """Write down now where the chains end; the schedule does so every hour."""
    opened = desk()
    path = opened.settings.audit_anchors
    try:
        written = anchors.write(opened.sessions, path)
    except OSError as error:
        raise Refused(f"{path} cannot be written to: {error.strerror}") from error
    moved = "1 chain" if len(written) == 1 else f"{len(written)} chains"
    click.echo(f"Wrote down the ends of {moved} that had moved, in {path}.")


def _verified(opened: Desk, chain: UUID) -> Verdict:
    known = anchors.of_chain(opened.settings.audit_anchors, chain)
    with opened.sessions.system() as session:
        return verify(session, opened.settings.master_keys, chain, known)


def _named(opened: Desk, slug: str) -> dict[str, UUID]:
    if slug == INSTALLATION:
        return {slug: INSTALLATION_CHAIN}
    return {slug: tenant_named(opened, slug).id}


def _all_chains(opened: Desk) -> dict[str, UUID]:
    """Every chain that anything is known of: also one whose head, or whose rows, are gone."""
    known = {anchor.chain for anchor in anchors.read(opened.settings.audit_anchors)}
    with opened.sessions.system() as session:
        chains = union(select(AuditHead.chain), select(AuditEvent.chain))
        known |= set(session.execute(chains).scalars())
        slugs = {row.id: row.slug for row in session.execute(select(Tenant.id, Tenant.slug))}
    slugs[INSTALLATION_CHAIN] = INSTALLATION
    return dict(sorted((slugs.get(chain, str(chain)), chain) for chain in known))


def _shown(verdict: Verdict) -> dict[str, object]:
    return {
        "acts": verdict.rows,
        "whole": not verdict.tampers,
        "findings": [vars(tamper) for tamper in verdict.tampers],
    }


def _print(name: str, verdict: Verdict) -> None:
    click.echo(f"{'✗' if verdict.tampers else '✓'} {name}: {verdict.rows:,} acts")
    for tamper in verdict.tampers:
        click.echo(f"    {tamper.words}")
